import { LRUCache } from 'lru-cache';
import type { MacKey } from '../crypto/hmac.ts';
import { findMac, mac } from '../crypto/hmac.ts';

/** Whose MCP session it is, and at which endpoint. */
export interface SessionOwner {
  readonly resource: string;
  readonly subject: string;
}

type Header = Readonly<Record<string, string>>;

/**
 * Ties the ids of MCP sessions to the users that they were given to: many MCP servers know a session by its id alone, and
 * somebody who learned another user's id would read along (MCP 2025-11-25, security best practices: session hijacking).
 * Nothing is kept: the id that a client gets carries a tag over owner and id.
 */
export interface SessionBinding {
  /** The header for the MCP server, none without a session; `null` for an id that was not given to this owner. */
  readonly toServer: (id: string | string[] | undefined, owner: SessionOwner) => Header | null;
  /** The header for the client. */
  readonly toClient: (id: string | string[] | undefined, owner: SessionOwner) => Header;
}

const name = 'mcp-session-id';

/** Bytes of a tag. */
const tagLength = 16;

/** Ids whose tag was found good, by what they are tags over: each request of a session carries the same. */
const remembered = 10_000;

/** Characters; servers choose ids of about forty. */
const longestRemembered = 256;

/** @param keys the first makes tags, all know them */
export function createSessionBinding(keys: readonly MacKey[]): SessionBinding {
  const [first] = keys;
  if (!first) throw new TypeError('a session binding needs a key');
  const good = new LRUCache<string, SessionOwner & { readonly header: Header }>({ max: remembered });
  return {
    toServer(text, owner) {
      if (text === undefined) return {};
      if (typeof text !== 'string') return null;
      const known = good.get(text);
      if (known?.subject === owner.subject && known.resource === owner.resource) return known.header;
      const dot = text.lastIndexOf('.');
      const id = text.slice(0, Math.max(0, dot));
      const tag = Buffer.from(text.slice(dot + 1), 'base64url');
      const whole = tag.length === tagLength && `${id}.${tag.toString('base64url')}` === text;
      if (!whole || !findMac(keys, claim(id, owner), tag)) return null;
      const header = { [name]: id };
      if (text.length <= longestRemembered) good.set(text, { ...owner, header });
      return header;
    },
    toClient(id, owner) {
      if (typeof id !== 'string') return {};
      const tag = mac(first, claim(id, owner)).subarray(0, tagLength);
      return { [name]: `${id}.${tag.toString('base64url')}` };
    },
  };
}

function claim(id: string, { resource, subject }: SessionOwner): string {
  return JSON.stringify([resource, subject, id]);
}
