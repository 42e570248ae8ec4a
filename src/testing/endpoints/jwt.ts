import { createHash, randomUUID } from 'node:crypto';
import { randomText } from '../ledger.ts';
import type { Grant } from '../ledger.ts';
import type { Simulation } from '../simulation.ts';
import { fillFields, fillText } from '../template.ts';
import type { Json } from '../template.ts';
import { attributesOf } from '../users.ts';
import type { UserAttributes } from '../users.ts';
import { bareScopes } from './scopes.ts';

/** What tokens are made for. */
export interface Issue {
  readonly grant: Grant;
  readonly scopes: readonly string[];
  /** The refresh token that was presented; `null` with a code. */
  readonly refreshed: string | null;
}

/** Seconds that an ID token lives. */
const idTokenLifetime = 3600;

/** An ID token (OpenID Connect Core §2), signed with the newest key. */
export async function issueIdToken(
  simulation: Simulation,
  issue: Issue & { readonly accessToken: string },
): Promise<string> {
  const { quirks, clock, keys } = simulation;
  const { grant, refreshed, scopes } = issue;
  const attributes = attributesFor(simulation, grant);
  const now = Math.floor(clock() / 1000);
  const withNonce = grant.nonce !== null && (refreshed === null || quirks.nonceOnRefresh);
  const forgery = simulation.forgery;
  simulation.forgery = null;
  const claims: Record<string, Json> = {
    iss: fillText(quirks.idTokenIssuer, attributes),
    sub: attributes.subject,
    aud: grant.clientId,
    exp: now + idTokenLifetime,
    iat: now,
    auth_time: grant.authTime,
    at_hash: halfHash(issue.accessToken),
    ...(withNonce && { nonce: grant.nonce }),
  };
  for (const scope of new Set(['openid', ...scopes]))
    Object.assign(claims, fillFields(quirks.idTokenFields[scope] ?? {}, attributes));
  for (const name of quirks.idTokenOmits) delete claims[name];
  if (!forgery) return await keys.sign(claims);
  const forged = Object.entries({ ...claims, ...forgery.claims }).filter(([, value]) => value !== undefined);
  // What a test puts into a token is its own business; `undefined` was taken out above.
  return await keys.sign(Object.fromEntries(forged) as Record<string, Json>, { forgery });
}

/** OpenID Connect Core §3.1.3.6; both algorithms on offer hash with SHA-256. */
function halfHash(accessToken: string): string {
  return createHash('sha256').update(accessToken).digest().subarray(0, 16).toString('base64url');
}

/** An access token: opaque, or a JWT that the same keys sign. */
export async function makeAccessToken(simulation: Simulation, { grant, scopes }: Issue): Promise<string> {
  const { quirks, clock, keys } = simulation;
  const opaque = quirks.audience === 'opaque-without' && grant.audience === null;
  if (quirks.accessToken === 'opaque' || opaque) return randomText(40, 'at-');
  const attributes = attributesFor(simulation, grant);
  const now = Math.floor(clock() / 1000);
  const fixed = quirks.accessTokenAudience;
  const audience = grant.audience ?? grant.resource ?? (fixed === null ? null : fillText(fixed, attributes));
  const bare = bareScopes(quirks, { scopes, attributes });
  const { name, list } = quirks.scopeClaim;
  return await keys.sign({
    iss: fillText(quirks.idTokenIssuer, attributes),
    sub: attributes.subject,
    ...(audience !== null && { aud: audience }),
    iat: now,
    exp: now + (quirks.accessTokenLifetime ?? 3600),
    jti: randomUUID(),
    [name]: list ? bare : bare.join(' '),
    ...fillFields(quirks.accessTokenFields, attributes),
  });
}

function attributesFor({ quirks, addresses }: Simulation, grant: Grant): UserAttributes {
  return attributesOf(grant.user, { quirks, clientId: grant.clientId, more: addresses.attributes });
}
