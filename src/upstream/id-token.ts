import * as oauth from 'oauth4webapi';
import type { OidcUpstreamConfig } from '../config/config.ts';
import type { Discovery } from './discovery.ts';
import { isRecord } from './identity.ts';
import { issuerFor } from './issuer-rule.ts';
import { UpstreamError } from './provider.ts';
import type { UpstreamHttp } from './upstream-http.ts';

/** What an ID token is checked with. */
export interface IdTokenContext {
  readonly config: OidcUpstreamConfig;
  readonly discovery: Discovery;
  readonly http: UpstreamHttp;
  /** The keys that are known for each document. */
  readonly keys: WeakMap<oauth.AuthorizationServer, oauth.JWKSCacheInput>;
  /** `null` when none was sent: on a refresh (OpenID Connect Core §12.2). */
  readonly nonce: string | null;
  readonly signal?: AbortSignal;
}

/**
 * Verifies an ID token (OpenID Connect Core §3.1.3.7) and returns its claims. When no key at hand verifies it, metadata
 * and keys are fetched once more: the provider may have rotated them. Rejects with what oauth4webapi or the fetch throws.
 */
export async function verifyIdToken(idToken: string, context: IdTokenContext): Promise<oauth.IDToken> {
  const { config, discovery, http, nonce, signal } = context;
  const server = await discovery.current();
  const { claims, signed } = await readClaims(idToken, { config, server, client: http.client(), nonce });
  const verify = async (document: oauth.AuthorizationServer): Promise<void> => {
    const known = context.keys.get(document) ?? {};
    context.keys.set(document, known);
    const options = { ...http.options(signal), [oauth.jwksCache]: known };
    await oauth.validateApplicationLevelSignature(document, signed, options);
    checkKeyIssuer(idToken, { config, claims, keys: known });
  };
  try {
    await verify(server);
  } catch (error) {
    if (!(error instanceof oauth.OperationProcessingError)) throw error;
    // A new document object has an empty key cache.
    await verify(await discovery.reload());
  }
  return claims;
}

/**
 * Where one document is for many tenants, a key may name the issuer that it is for, or the template for all (Entra ID). The
 * library asks no key for it. Throws {@link UpstreamError} `invalid`.
 */
function checkKeyIssuer(
  idToken: string,
  {
    config,
    claims,
    keys,
  }: {
    readonly config: OidcUpstreamConfig;
    readonly claims: oauth.IDToken;
    readonly keys: oauth.JWKSCacheInput;
  },
): void {
  const rule = config.settings.issuerRule;
  if (rule.kind !== 'tenant') return;
  const { kid } = partOf(idToken, 0);
  const candidates = (keys.jwks?.keys ?? []).filter((key) => kid === undefined || key.kid === kid);
  const admitted = new Set<unknown>([undefined, rule.template, claims.iss]);
  if (!candidates.every((key) => admitted.has(issuerOfKey(key))))
    throw new UpstreamError('invalid', config.name, 'the key of the ID token is for another issuer');
}

function issuerOfKey(key: Readonly<Record<string, unknown>>): unknown {
  return key['issuer'];
}

interface Reading {
  readonly config: OidcUpstreamConfig;
  readonly server: oauth.AuthorizationServer;
  readonly client: oauth.Client;
  readonly nonce: string | null;
}

/**
 * Checks everything but the signature. The library reads ID tokens out of token answers, so it gets one that holds this
 * token and nothing that could fail otherwise: a broken ID token must not cost the tokens that came with it.
 */
async function readClaims(
  idToken: string,
  { config, server, client, nonce }: Reading,
): Promise<{ readonly claims: oauth.IDToken; readonly signed: Response }> {
  const signed = Response.json({ access_token: 'unused', token_type: 'bearer', id_token: idToken });
  const issuer = asNamedBy(idToken, server, config);
  const answer =
    nonce === null
      ? await oauth.processRefreshTokenResponse(issuer, client, signed)
      : await oauth.processAuthorizationCodeResponse(issuer, client, signed, {
          expectedNonce: nonce,
          requireIdToken: true,
        });
  const claims = oauth.getValidatedIdTokenClaims(answer);
  if (!claims) throw new TypeError('the ID token was put in above');
  return { claims, signed };
}

/** The provider as this token has to name it; its claims are not verified yet. Throws {@link UpstreamError} `invalid`. */
function asNamedBy(
  idToken: string,
  server: oauth.AuthorizationServer,
  config: OidcUpstreamConfig,
): oauth.AuthorizationServer {
  const issuer = issuerFor(partOf(idToken, 1), server.issuer, config);
  if (issuer === null)
    throw new UpstreamError('invalid', config.name, 'the ID token is of no tenant that is admitted (tid)');
  return { ...server, issuer };
}

/** The header (0) or the claims (1), not verified. */
function partOf(idToken: string, place: 0 | 1): Readonly<Record<string, unknown>> {
  try {
    const part: unknown = JSON.parse(Buffer.from(idToken.split('.')[place] ?? '', 'base64url').toString());
    return isRecord(part) ? part : {};
  } catch {
    return {};
  }
}
