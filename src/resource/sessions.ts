import { LRUCache } from 'lru-cache';
import { sha256 } from '../crypto/hash.ts';
import type { AuthStore, GrantKey, SessionView } from '../store/contract.ts';
import type { Clock, Milliseconds } from '../types/time.ts';
import type { AccessToken } from './access-token.ts';

/** Whether the grant behind a token lives. */
export type SessionCheck = { readonly r: 'alive'; readonly session: SessionView } | { readonly r: 'dead' };

/** Liveness of grants, asked at every request and remembered for moments. */
export interface Sessions {
  /**
   * @param upstream whose connection to bring along; `null` for the one that the user signed in with
   * @throws {SallyportError} when the store fails: nothing is known then, and nothing is remembered
   */
  readonly check: (token: AccessToken, upstream: string | null) => Promise<SessionCheck>;
  /** Makes the next check ask the store: revocation through this process is immediate. */
  readonly forget: (sessionId: string) => void;
  /** The same for everything that a user has. */
  readonly forgetUser: (userId: string) => void;
}

export interface SessionsOptions {
  readonly store: Pick<AuthStore, 'readSession'>;
  readonly clock: Clock;
  /** How long a grant that was seen alive counts as alive; 0 asks the store each time. */
  readonly cacheFor: Milliseconds;
  /** Hears of every look whether the answer was at hand. */
  readonly onLook?: (hit: boolean) => void;
}

interface Seen {
  readonly at: Milliseconds;
  /** Whose, in the words of the token. */
  readonly userId: string;
  /** By upstream; the empty name is the sign-in's own. */
  readonly views: Map<string, Promise<SessionView | null>>;
}

/** Grants whose state is remembered. */
const cacheSize = 10_000;

/** Requests of one grant that arrive together ask the store once. */
export function createSessions({ store, clock, cacheFor, onLook }: SessionsOptions): Sessions {
  const cache = new LRUCache<string, Seen>({ max: cacheSize });

  const read = (
    { sessionId, subject: userId }: AccessToken,
    upstream: string | null,
  ): Promise<SessionView | null> => {
    const known = cache.get(sessionId);
    const fresh = known && Math.abs(clock() - known.at) < cacheFor;
    const seen = fresh
      ? known
      : { at: clock(), userId, views: new Map<string, Promise<SessionView | null>>() };
    if (!fresh) cache.set(sessionId, seen);
    const name = upstream ?? '';
    const running = seen.views.get(name);
    onLook?.(running !== undefined);
    if (running) return running;
    const view = store.readSession({ ...grantKeyOf(sessionId), upstream });
    seen.views.set(name, view);
    view.catch(() => seen.views.delete(name));
    return view;
  };

  return {
    async check(token, upstream) {
      const session = await read(token, upstream);
      return session && isAlive(session, token, clock()) ? { r: 'alive', session } : { r: 'dead' };
    },
    forget: (sessionId) => void cache.delete(sessionId),
    forgetUser(userId) {
      const theirs = [...cache.entries()].filter(([, seen]) => seen.userId === userId);
      for (const [sessionId] of theirs) cache.delete(sessionId);
    },
  };
}

/** The parts of `sid`. */
export function grantKeyOf(sessionId: string): GrantKey {
  const dot = sessionId.indexOf('.');
  return { bucket: sessionId.slice(0, dot), grantId: sessionId.slice(dot + 1) };
}

/** The token's words about user and client must be the grant's: a session id alone opens nothing. */
function isAlive(session: SessionView, token: AccessToken, now: Milliseconds): boolean {
  return (
    session.state === 'active' &&
    session.grant.endsAt > now &&
    session.grant.userId === token.subject &&
    session.client === clientOf(token) &&
    owns(session) &&
    !session.revokedTokens.includes(token.tokenId)
  );
}

/** A token is remembered as long as it is verified; so is what its client is called in the store. */
const clients = new WeakMap<AccessToken, string>();

function clientOf(token: AccessToken): string {
  const known = clients.get(token);
  if (known !== undefined) return known;
  const client = sha256(token.clientId);
  clients.set(token, client);
  return client;
}

/** The connection that the store brought along is the grant's own: a row of somebody else would be somebody else's token. */
function owns({ connection, grant }: SessionView): boolean {
  return connection === null || connection.key.userId === grant.userId;
}
