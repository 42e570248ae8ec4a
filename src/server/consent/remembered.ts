import type { Client } from '../../clients/client.ts';
import type { Config } from '../../config/config.ts';
import { sha256 } from '../../crypto/hash.ts';
import { portless, redirectTarget } from '../../oauth/redirect-uri.ts';
import type { RememberConsent } from '../../store/consent-contract.ts';
import type { Milliseconds } from '../../types/time.ts';
import type { ServerContext } from '../context.ts';
import type { LoginRequest } from '../login-request.ts';
import type { Transaction } from '../transaction.ts';

/** What a user agreed to, as it is remembered and shown to the user later. */
export interface Agreement {
  readonly clientName: string | null;
  /** Where codes go, in short. */
  readonly target: string;
  readonly resource: string;
  /** All that was asked for: the user knows of it. */
  readonly asked: readonly string[];
  /** What of it was allowed. */
  readonly allowed: readonly string[];
  /** Where the login led, and what was asked there. */
  readonly upstreams: Readonly<Record<string, readonly string[]>>;
}

/** Whether an answer of this client's users may be remembered at all. */
export function mayRemember({ consent }: Config, client: Client): boolean {
  if (consent.remember === null) return false;
  if (client.consent === 'remember') return true;
  return consent.rememberClients === 'verified' && client.source === 'cimd' && client.host !== null;
}

/** Which consent a request needs; an app on this computer comes from another port every time (RFC 8252 §7.3). */
export function consentIdOf({ clientId, redirectUri, resource }: LoginRequest): string {
  return sha256(JSON.stringify([clientId, portless(redirectUri), resource]));
}

/** What the store keeps with the login of a user who wants it. */
export function agreementOf(
  { config, signIn }: ServerContext,
  { request, offered }: Transaction,
  { client, upstream }: { readonly client: Client; readonly upstream: string },
): RememberConsent {
  const agreement: Agreement = {
    clientName: client.name,
    target: redirectTarget(request.redirectUri).display,
    resource: request.resource,
    asked: offered ?? request.scopes,
    allowed: request.scopes,
    upstreams: Object.fromEntries(
      // The page named them all; of a choice, one was made.
      signIn
        .filter(({ name }) => config.signIn === 'chain' || name === upstream)
        .map(({ name, scopes }) => [name, scopes]),
    ),
  };
  const ttl: Milliseconds = config.consent.remember ?? 0;
  return {
    consentId: consentIdOf(request),
    client: sha256(request.clientId),
    data: JSON.stringify(agreement),
    ttl,
  };
}

/** Of `RememberedConsent.data`, which only {@link agreementOf} writes. */
export function readAgreement(data: string): Agreement {
  return JSON.parse(data) as Agreement;
}

/**
 * What may be granted without asking: what was allowed of what is asked for now. `null` when anything is new, at the client
 * or at an upstream: a consent to less never widens, and what was left out stays left out.
 */
export function coveredScopes(
  { asked, allowed, upstreams }: Agreement,
  {
    scopes,
    legs,
  }: {
    readonly scopes: readonly string[];
    readonly legs: readonly { readonly name: string; readonly scopes: readonly string[] }[];
  },
): readonly string[] | null {
  if (!scopes.every((scope) => asked.includes(scope))) return null;
  const known = legs.every((leg) => {
    const before = Object.hasOwn(upstreams, leg.name) ? upstreams[leg.name] : undefined;
    return before !== undefined && leg.scopes.every((scope) => before.includes(scope));
  });
  return known ? scopes.filter((scope) => allowed.includes(scope)) : null;
}
