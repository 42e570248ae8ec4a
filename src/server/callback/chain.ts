import type { ConnectionRow } from '../../store/contract.ts';
import type { Identity } from '../../types/tokens.ts';
import { PageError } from '../answer.ts';
import type { ServerContext } from '../context.ts';
import type { Transaction } from '../transaction.ts';
import type { Collected } from './collected.ts';

/** Who signed in, for a program that decides where else they are led. No token is in it. */
export interface SignedInPrincipal {
  /** Our stable id of the user. */
  readonly userId: string;
  readonly upstream: string;
  readonly subject: string;
  readonly name: string | null;
  readonly email: string | null;
  readonly emailVerified: boolean;
  readonly claims: Identity['claims'];
}

/**
 * Chooses, after the first upstream of a chain has answered, which of the others a login leads to. Names that it was not
 * given count for nothing, and the order stays that of the configuration. What it throws ends the login.
 */
export type UpstreamFilter = (
  principal: SignedInPrincipal,
  others: readonly string[],
) => readonly string[] | Promise<readonly string[]>;

/**
 * The upstreams that a login still leads to, the next one first: those of the chain that did not answer yet and whose
 * connection of an earlier login is of no use any more.
 */
export async function remainingOf(
  context: ServerContext,
  transaction: Transaction,
  { collected, identity }: { readonly collected: Collected; readonly identity: Identity },
): Promise<readonly string[]> {
  const { config, signIn } = context;
  if (config.signIn === 'choose' || signIn.length < 2) return [];
  const { progress } = transaction;
  const candidates = progress ? progress.remaining.slice(1) : await chosen(context, { collected, identity });
  if (candidates.length === 0) return [];
  const good = await connectedUpstreams(context, { collected, candidates });
  return candidates.filter((name) => !good.has(name));
}

async function chosen(
  { signIn, upstreamFilter }: ServerContext,
  { collected, identity }: { readonly collected: Collected; readonly identity: Identity },
): Promise<readonly string[]> {
  const others = signIn.slice(1).map(({ name }) => name);
  if (!upstreamFilter) return others;
  const { upstream, subject, name, email, emailVerified, claims } = identity;
  const principal = { userId: collected.userId, upstream, subject, name, email, emailVerified, claims };
  try {
    const kept = new Set(await upstreamFilter(principal, others));
    return others.filter((other) => kept.has(other));
  } catch (cause) {
    throw new PageError('This sign-in could not be finished', {
      status: 500,
      explanation: 'The program that decides where you sign in next has failed. Nothing was kept.',
      action: 'Go back to the app and connect again.',
      cause,
    });
  }
}

/** Of these upstreams, those where the account that would be used gives a good token now, refreshed if need be. */
async function connectedUpstreams(
  { store, vault, providers }: ServerContext,
  { collected, candidates }: { readonly collected: Collected; readonly candidates: readonly string[] },
): Promise<ReadonlySet<string>> {
  const { bucket, userId } = collected;
  const rows = (await store.listConnections({ bucket, userId })) ?? [];
  const good = new Set<string>();
  await Promise.all(
    candidates.map(async (name) => {
      const row = latestOf(rows, name);
      const provider = providers.get(name);
      if (!row || !provider?.knows(row.tokens.upstreamClientId)) return;
      if (!covers(row.tokens.scopes, provider.scopes)) return;
      if ((await vault.freshTokens(row)).r === 'ok') good.add(name);
    }),
  );
  return good;
}

/** As the store chooses for a proxy: the living account that was connected last. */
function latestOf(rows: readonly ConnectionRow[], upstream: string): ConnectionRow | undefined {
  const alive = rows.filter(({ key, state }) => key.upstream === upstream && state === 'alive');
  return alive.toSorted((one, other) => other.connectedAt - one.connectedAt)[0];
}

/** Scopes of OpenID Connect are often left out of an answer, or told by another name (Google); they open no API. */
const untold: ReadonlySet<string> = new Set(['openid', 'profile', 'email', 'offline_access']);

/** Whether nothing is asked for today that was not granted. */
function covers(granted: readonly string[], asked: readonly string[]): boolean {
  return asked.every((scope) => untold.has(scope) || granted.includes(scope));
}
