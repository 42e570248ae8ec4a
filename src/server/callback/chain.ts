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
  const [next, ...rest] = candidates;
  if (next === undefined) return [];
  const good = await connectedUpstreams(context, collected);
  return [next, ...rest].filter((name) => !good.has(name));
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

/** Upstreams where the user has a connection that can be used now, refreshed if need be. */
async function connectedUpstreams(
  { store, vault, providers }: ServerContext,
  { bucket, userId }: Collected,
): Promise<ReadonlySet<string>> {
  const good = new Set<string>();
  for (const row of (await store.listConnections({ bucket, userId })) ?? []) {
    const { upstream } = row.key;
    if (good.has(upstream) || !providers.get(upstream)?.knows(row.tokens.upstreamClientId)) continue;
    if ((await vault.freshTokens(row)).r === 'ok') good.add(upstream);
  }
  return good;
}
