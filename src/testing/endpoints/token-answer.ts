import type { SimulatedAnswer, SimulatedRequest } from '../exchange.ts';
import { randomText } from '../ledger.ts';
import type { TokenRecord } from '../ledger.ts';
import type { Simulation } from '../simulation.ts';
import { fillFields } from '../template.ts';
import type { Attributes, Json, JsonObject } from '../template.ts';
import { attributesOf } from '../users.ts';
import { issueIdToken, makeAccessToken } from './jwt.ts';
import type { Issue } from './jwt.ts';
import { encode } from './token-error.ts';

/** Issues tokens and answers them in the provider's form. */
export async function answerTokens(
  simulation: Simulation,
  request: SimulatedRequest,
  issue: Issue,
): Promise<SimulatedAnswer> {
  const { quirks } = simulation;
  const first = issue.refreshed === null;
  const accessToken = await issueAccessToken(simulation, issue);
  const refreshToken = issueRefreshToken(simulation, issue);
  const idToken = await maybeIdToken(simulation, issue, accessToken);
  const attributes = attributesFor(simulation, issue, accessToken);
  const tokens: Record<string, Json> = {
    access_token: accessToken,
    ...(quirks.tokenType !== null && { token_type: quirks.tokenType }),
    ...expiry(simulation),
    ...(refreshToken !== null && { refresh_token: refreshToken }),
    ...(refreshToken !== null &&
      quirks.refreshExpiresIn && { [quirks.refreshExpiresIn.name]: quirks.refreshExpiresIn.seconds }),
    ...(quirks.answerScope !== 'absent' && { scope: scopeText(quirks, issue.scopes) }),
    ...(idToken !== null && { id_token: idToken }),
  };
  const fields = fillFields(first ? quirks.tokenFields : quirks.refreshFields, attributes);
  return encode(simulation, request, nest(tokens, fields, first ? quirks.nestedToken : null));
}

/** Tokens beside the provider's own fields, or inside one of them. */
function nest(tokens: JsonObject, fields: JsonObject, member: string | null): JsonObject {
  if (member === null) return { ...fields, ...tokens };
  const inner = fields[member];
  return { ...fields, [member]: { ...(isObject(inner) ? inner : {}), ...tokens } };
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function scopeText(quirks: Simulation['quirks'], scopes: readonly string[]): string {
  return scopes.join(quirks.answerScope === 'comma' ? ',' : ' ');
}

function expiry({ quirks }: Simulation): Record<string, Json> {
  const { accessTokenLifetime, expiresIn } = quirks;
  if (accessTokenLifetime === null || expiresIn === 'absent') return {};
  return { expires_in: expiresIn === 'string' ? String(accessTokenLifetime) : accessTokenLifetime };
}

async function issueAccessToken(simulation: Simulation, issue: Issue): Promise<string> {
  const { quirks, ledger, clock } = simulation;
  const token = await makeAccessToken(simulation, issue);
  const lifetime = quirks.accessTokenLifetime;
  ledger.accessTokens.set(token, {
    grant: issue.grant,
    scopes: issue.scopes,
    expiresAt: lifetime === null ? null : clock() + lifetime * 1000,
    usedAt: null,
    revoked: false,
  });
  return token;
}

/** The refresh token of an answer; `null` when it has none. */
function issueRefreshToken({ quirks, ledger, clock }: Simulation, issue: Issue): string | null {
  const { grant, refreshed } = issue;
  if (refreshed === null && !grant.offline) return null;
  if (refreshed !== null && quirks.rotation === 'not-returned') return null;
  if (refreshed !== null && quirks.rotation === 'same') return refreshed;
  const lifetime = quirks.refreshTokenLifetime;
  const record: TokenRecord = {
    grant,
    scopes: grant.scopes,
    expiresAt: lifetime === null ? null : clock() + lifetime * 1000,
    usedAt: null,
    revoked: false,
  };
  const token = randomText(48, 'rt-');
  ledger.refreshTokens.set(token, record);
  return token;
}

async function maybeIdToken(
  simulation: Simulation,
  issue: Issue,
  accessToken: string,
): Promise<string | null> {
  const { quirks } = simulation;
  const refresh = issue.refreshed !== null;
  if (quirks.protocol !== 'oidc' || !issue.scopes.includes('openid')) return null;
  if (refresh && quirks.idTokenOnRefresh === 'omitted') return null;
  return await issueIdToken(simulation, { ...issue, accessToken });
}

/** What templates of token answers may use. */
function attributesFor(simulation: Simulation, issue: Issue, accessToken: string): Attributes {
  const { quirks, addresses, clock } = simulation;
  return attributesOf(issue.grant.user, {
    quirks,
    clientId: issue.grant.clientId,
    more: {
      ...addresses.attributes,
      api: addresses.api,
      scope: scopeText(quirks, issue.scopes),
      access_token: accessToken,
      now: Math.floor(clock() / 1000),
      now_ms: String(clock()),
    },
  });
}
