import type { ConnectionKey, IdentityEvidence, PutConnection } from '../../store/contract.ts';
import { accountOf, bucketOf, nameOf, subjectOf } from '../../upstream/identity.ts';
import type { UpstreamLogin, UpstreamProvider } from '../../upstream/provider.ts';
import type { ServerContext } from '../context.ts';
import type { Progress, Transaction } from '../transaction.ts';

/** What the upstreams of a login have told so far, sealed as the store will keep it. */
export interface Collected {
  readonly bucket: string;
  readonly userId: string;
  /** The upstream that says who the user is: the first. */
  readonly upstream: string;
  readonly identity: IdentityEvidence;
  /** Seconds. */
  readonly authTime: number;
  /** The first upstream's first. */
  readonly connections: readonly [PutConnection, ...PutConnection[]];
}

/** Adds an upstream's answer to what was there. The first one decides who the user is, whatever later ones say. */
export function collect(
  context: ServerContext,
  transaction: Transaction,
  { login, provider }: { readonly login: UpstreamLogin; readonly provider: UpstreamProvider },
): Collected {
  const { vault, clock } = context;
  const { identity, tokens } = login;
  const before = transaction.progress ? reopen(transaction.progress) : null;
  const userId = before?.userId ?? subjectOf(identity.upstream, identity.subject);
  const bucket = bucketOf(userId);
  const account = before ? accountOf(identity) : identity.subject;
  const connection: ConnectionKey = { bucket, userId, upstream: identity.upstream, account };
  const given = { tokens, upstreamClientId: provider.clientId, accountName: nameOf(identity) };
  const added = { connection, tokens: vault.sealTokens(connection, given) };
  if (before) return { ...before, connections: [...before.connections, added] };
  return {
    bucket,
    userId,
    upstream: identity.upstream,
    identity: vault.sealIdentity(connection, identity, clock()),
    authTime: login.authTime ?? Math.floor(clock() / 1000),
    connections: [added],
  };
}

/** For the pending row, between two upstreams. */
export function progressOf(collected: Collected, remaining: readonly string[]): Progress {
  const { userId, upstream, identity, authTime, connections } = collected;
  return {
    userId,
    remaining,
    identity: { upstream, sealed: text(identity.sealed), at: identity.at },
    authTime,
    connections: connections.map(({ connection, tokens }) => ({
      key: connection,
      access: text(tokens.access),
      refresh: tokens.refresh && text(tokens.refresh),
      upstreamClientId: tokens.upstreamClientId,
      scopes: tokens.scopes,
    })),
  };
}

/** Of the pending row, when nothing more is to come. */
export function reopen({ userId, identity, authTime, connections }: Progress): Collected {
  const [first, ...others] = connections.map(({ key, access, refresh, upstreamClientId, scopes }) => ({
    connection: key,
    tokens: {
      access: bytes(access),
      refresh: refresh === null ? null : bytes(refresh),
      upstreamClientId,
      scopes,
    },
  }));
  if (!first) throw new TypeError('a login under way has a connection');
  return {
    bucket: bucketOf(userId),
    userId,
    upstream: identity.upstream,
    identity: { sealed: bytes(identity.sealed), at: identity.at },
    authTime,
    connections: [first, ...others],
  };
}

function text(sealed: Uint8Array): string {
  return Buffer.from(sealed).toString('base64url');
}

function bytes(sealed: string): Uint8Array {
  return Buffer.from(sealed, 'base64url');
}
