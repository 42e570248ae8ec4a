import type * as oauth from 'oauth4webapi';
import type { OidcUpstreamConfig, UserinfoConfig } from '../config/config.ts';
import type { Milliseconds } from '../types/time.ts';
import type { Identity, UpstreamTokens } from '../types/tokens.ts';
import type { Discovery } from './discovery.ts';
import { step } from './failures.ts';
import { verifyIdToken } from './id-token.ts';
import type { IdTokenContext } from './id-token.ts';
import { identityFromIdToken, identityFromUserinfo, isThin } from './oidc-identity.ts';
import { UpstreamError } from './provider.ts';
import type { UpstreamLogin, UpstreamRefresh } from './provider.ts';
import type { Standing } from './standing.ts';
import type { ProviderDeps, UpstreamHttp } from './upstream-http.ts';
import { fetchUserinfo, standardUserinfo } from './userinfo.ts';

/** Refreshed tokens wait unpersisted while their ID token is looked at, so that look is short. */
const refreshEvidenceTimeout: Milliseconds = 5_000;

/** What the parts of an OpenID provider share. */
export interface Party {
  readonly config: OidcUpstreamConfig;
  readonly deps: ProviderDeps;
  readonly http: UpstreamHttp;
  readonly discovery: Discovery;
  readonly scopes: () => readonly string[];
  readonly standing: Standing;
  readonly keys: IdTokenContext['keys'];
}

/** What a redeemed code proves: an ID token is required, and userinfo completes it. Throws what its parts throw. */
export async function login(party: Party, tokens: UpstreamTokens, nonce: string): Promise<UpstreamLogin> {
  const { config } = party;
  if (tokens.idToken === null) throw new UpstreamError('invalid', config.name, 'token endpoint: no id_token');
  const claims = await verifyIdToken(tokens.idToken, { ...party, nonce });
  const extra = await enrichment(party, { claims, accessToken: tokens.accessToken });
  const identity = identityFromIdToken(claims, config, extra.r === 'ok' ? extra : null);
  return { identity, tokens, authTime: claims.auth_time ?? null };
}

/**
 * What a refresh proves. Never throws: whatever is wrong with the ID token that came along, the old refresh token may be
 * used up, so the new ones have to reach the vault.
 */
export async function refreshed(
  party: Party,
  tokens: UpstreamTokens,
  subject: string,
): Promise<UpstreamRefresh> {
  // An ID token that nobody verified is not kept: somebody would take it for verified later.
  const unverified = { ...tokens, idToken: null };
  const nothing: UpstreamRefresh = { tokens: unverified, identity: null, subjectMismatch: false };
  const { idToken, accessToken } = tokens;
  if (idToken === null) return nothing;
  let verified = false;
  const onVerified = (): void => void (verified = true);
  const signal = AbortSignal.timeout(refreshEvidenceTimeout);
  const evidence = evidenceOf(party, { idToken, accessToken, subject, signal, onVerified }).catch(
    (error: unknown) => {
      const problem = error instanceof Error ? error.message : 'unknown failure';
      party.deps.log.warn({ upstream: party.config.name, problem }, 'the ID token of a refresh is of no use');
      return null;
    },
  );
  const told = await Promise.race([evidence, endOf(signal)]);
  if (told === 'other') return { ...nothing, subjectMismatch: true };
  return { ...nothing, tokens: verified ? tokens : unverified, identity: told };
}

function endOf(signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(null), { once: true });
  });
}

interface Evidence {
  readonly idToken: string;
  readonly accessToken: string;
  /** Whose tokens were refreshed. */
  readonly subject: string;
  readonly signal: AbortSignal;
  /** It is a good ID token about this subject, whatever else can be told. */
  readonly onVerified: () => void;
}

/** Who a refreshed ID token is about; `null` when that cannot be told whole, `other` when it is about somebody else. */
async function evidenceOf(party: Party, evidence: Evidence): Promise<Identity | 'other' | null> {
  const { config } = party;
  const { accessToken, signal } = evidence;
  const claims = await verifyIdToken(evidence.idToken, { ...party, nonce: null, signal });
  const identity = identityFromIdToken(claims, config, null);
  if (identity.subject !== evidence.subject) return 'other';
  evidence.onVerified();
  const extra = await enrichment(party, { claims, accessToken, signal });
  // Half of the evidence would make access rules fail for somebody who is still welcome.
  if (extra.r === 'missing') return null;
  return extra.r === 'ok' ? identityFromIdToken(claims, config, extra) : identity;
}

type Enrichment =
  | {
      readonly r: 'ok';
      readonly userinfo: Readonly<Record<string, unknown>>;
      readonly fields: UserinfoConfig;
    }
  /** Nothing has to be added. */
  | { readonly r: 'none' }
  /** Something has, and it is not to be had. */
  | { readonly r: 'missing' };

/**
 * What userinfo adds to an ID token. A configured endpoint must answer; the discovered one is only asked when the
 * ID token lacks what the scopes promise (Core §5.4 lets providers leave it out), and may fail.
 */
async function enrichment(
  party: Party,
  login: { readonly claims: oauth.IDToken; readonly accessToken: string; readonly signal?: AbortSignal },
): Promise<Enrichment> {
  const { config, discovery, http, deps } = party;
  const call = { upstream: config.name, fetch: http.fetch, ...(login.signal && { signal: login.signal }) };
  const get = async (fields: UserinfoConfig): Promise<Enrichment> => {
    const userinfo = await fetchUserinfo(fields, login.accessToken, call);
    return { r: 'ok', userinfo, fields };
  };
  if (config.userinfo) return await get(config.userinfo);
  const { userinfo_endpoint: endpoint } = await discovery.current();
  if (endpoint === undefined || !isThin(login.claims, party.scopes())) return { r: 'none' };
  try {
    return await step({ upstream: config.name, step: 'userinfo' }, () => get(standardUserinfo(endpoint)));
  } catch (error) {
    const problem = error instanceof Error ? error.message : 'unknown failure';
    deps.log.warn({ upstream: config.name, problem }, 'userinfo could not add to the ID token');
    return { r: 'missing' };
  }
}

/** Who an access token belongs to, asked at userinfo; `null` when there is none or it cannot tell. */
export async function renew(
  party: Party,
  accessToken: string,
  subject: string,
): Promise<Identity | 'other' | null> {
  const { config, discovery, http } = party;
  const { userinfo_endpoint: discovered } = await discovery.current();
  const fields = config.userinfo ?? (discovered === undefined ? null : standardUserinfo(discovered));
  if (!fields) return null;
  const userinfo = await fetchUserinfo(fields, accessToken, { upstream: config.name, fetch: http.fetch });
  return identityFromUserinfo(userinfo, { config, fields, subject });
}
