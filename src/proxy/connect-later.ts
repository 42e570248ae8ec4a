import type { IncomingMessage } from 'node:http';
import { LRUCache } from 'lru-cache';
import type { HttpResponse } from '../http/exchange.ts';
import type { AccessToken } from '../resource/access-token.ts';
import type { Sessions } from '../resource/sessions.ts';
import type { ConnectionRow, SessionView } from '../store/contract.ts';
import type { FreshTokens, Vault } from '../vault/vault.ts';
import type { Missing } from './connection-required.ts';
import { connectionRequired, noStream, readInitialize } from './connection-required.ts';
import { isShort, readMessage, readWhole } from './read-body.ts';

/** What a client of a grant said at its initialization, which later requests do not repeat (MCP 2025-11-25 and before). */
export type OpenersOfUrls = LRUCache<string, boolean>;

/** Grants whose client is remembered; one that was forgotten is told the same in text. */
const remembered = 10_000;

/** Of one gateway. */
export function createOpenersOfUrls(): OpenersOfUrls {
  return new LRUCache({ max: remembered });
}

/** An upstream whose accounts users connect besides the one that they sign in with. */
export interface ConnectLater {
  readonly upstream: string;
  readonly displayName: string;
  /** Where this user connects it. */
  readonly link: (userId: string) => string;
  readonly openers: OpenersOfUrls;
  readonly sessions: Sessions;
}

/** One request for a proxy whose upstream is not the one that its user signed in with. */
export interface LaterRequest {
  readonly request: IncomingMessage;
  readonly token: AccessToken;
  readonly session: SessionView;
  /** When it was read already. */
  readonly body?: Buffer;
}

/** `body` is there when it was read already; `refuse` is for a server that does not take the credential. */
export type LaterCredential =
  | {
      readonly r: 'ok';
      readonly authorization: string;
      readonly body?: Buffer;
      readonly refuse: () => HttpResponse;
    }
  | { readonly r: 'unavailable'; readonly retryAfter: number }
  | { readonly r: 'refused'; readonly response: HttpResponse };

interface Parts {
  readonly later: ConnectLater;
  readonly vault: Vault;
}

/**
 * The user's token at such an upstream. Without it nothing is forwarded, and the answer tells how to connect: a 401 would
 * send the client through one login after the other, none of which could help.
 */
export async function laterCredential(parts: Parts, asked: LaterRequest): Promise<LaterCredential> {
  const { later } = parts;
  const { request, token } = asked;
  const found = await freshTokens(parts, asked);
  const isPost = request.method === 'POST';
  if (found.r === 'unavailable') return found;
  if (found.r !== 'ok' && !isPost) return { r: 'refused', response: noStream() };
  const reads = isPost && (found.r !== 'ok' || isShort(request));
  const body = asked.body ?? (reads ? await bodyOf(request, found.r) : undefined);
  const opens = body ? readInitialize(body) : null;
  if (opens !== null) later.openers.set(token.sessionId, opens);
  const missing = (ended: boolean): Missing => ({
    upstream: later.displayName,
    ended,
    url: later.link(token.subject),
  });
  const answer = (ended: boolean): HttpResponse =>
    connectionRequired(missing(ended), {
      body: body ?? null,
      canOpenUrls: later.openers.get(token.sessionId) ?? false,
    });
  if (found.r !== 'ok') return { r: 'refused', response: answer(found.r === 'dead') };
  const authorization = `Bearer ${found.tokens.accessToken}`;
  return {
    r: 'ok',
    authorization,
    ...(body && { body }),
    refuse: () => (isPost ? answer(true) : noStream()),
  };
}

function bodyOf(request: IncomingMessage, found: Found['r']): Promise<Buffer | null> {
  return found === 'ok' ? readWhole(request) : readMessage(request);
}

type Found = FreshTokens | { readonly r: 'none' };

/** What is remembered of a grant may be older than a connection that was made a moment ago: a no is asked for again. */
async function freshTokens({ later, vault }: Parts, { session, token }: LaterRequest): Promise<Found> {
  const first = await tokensOf(vault, session.connection);
  if (first.r === 'ok' || first.r === 'unavailable') return first;
  later.sessions.forget(token.sessionId);
  const again = await later.sessions.check(token, later.upstream);
  const connection = again.r === 'alive' ? again.session.connection : null;
  return connection && connection.version === session.connection?.version && first.r === 'dead'
    ? first
    : tokensOf(vault, connection);
}

async function tokensOf(vault: Vault, connection: ConnectionRow | null): Promise<Found> {
  return connection ? vault.freshTokens(connection) : { r: 'none' };
}
