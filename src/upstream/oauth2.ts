import type { AuthorizationServer } from 'oauth4webapi';
import type { OAuth2UpstreamConfig, UserinfoConfig } from '../config/config.ts';
import type { Identity, UpstreamTokens } from '../types/tokens.ts';
import { buildAuthorizationUrl } from './authorization-url.ts';
import { checkCallback } from './callback.ts';
import { step } from './failures.ts';
import { syntheticSubjectOf } from './identity.ts';
import { identityFromFields } from './oauth2-identity.ts';
import type { CodeExchange, UpstreamProvider } from './provider.ts';
import { revokeTokens } from './revocation.ts';
import { createStanding } from './standing.ts';
import { identityFromToken } from './token-identity.ts';
import { exchangeCode, refreshTokens } from './token-requests.ts';
import { createUpstreamHttp } from './upstream-http.ts';
import type { ProviderDeps, UpstreamHttp } from './upstream-http.ts';
import { fetchUserinfo } from './userinfo.ts';

/**
 * A provider of plain OAuth 2.0 with configured endpoints. See `createProvider`.
 * @param metadata where it has some that were checked: then its answers must come from that issuer (RFC 9207)
 */
export function createOAuth2Provider(
  config: OAuth2UpstreamConfig,
  deps: ProviderDeps,
  metadata: AuthorizationServer | null = null,
): UpstreamProvider {
  const { authorizationEndpoint, tokenEndpoint, settings } = config;
  // Who the token answer is about is not asked elsewhere: two sources could disagree.
  const userinfo = settings.identityFromToken ? null : config.userinfo;
  const named = config.namedBy ?? [authorizationEndpoint, tokenEndpoint, userinfo?.endpoint];
  const http = createUpstreamHttp(config, deps, named);
  const standing = createStanding(config.name, deps);
  const scopes = config.scopes ?? [];
  // Plain OAuth 2.0 knows no issuer; the library wants a name for the server, and nothing is compared with it.
  const server: AuthorizationServer = metadata ?? {
    issuer: new URL(authorizationEndpoint).origin,
    authorization_endpoint: authorizationEndpoint,
    token_endpoint: tokenEndpoint,
  };
  const request = { config, http, server, scopes, clock: deps.clock, standing };
  return {
    name: config.name,
    displayName: config.displayName,
    type: 'oauth2',
    clientId: config.clientId,
    knows: (clientId) => clientId === config.clientId,
    scopes,
    renewable: userinfo !== null,
    notReady: () => null,
    misconfiguration: () => standing.problem(),
    authorizationUrl: (asked) =>
      step({ upstream: config.name, step: 'authorization request' }, async () =>
        buildAuthorizationUrl(authorizationEndpoint, asked, { config, scopes, nonce: false }),
      ),
    exchange: (exchange) =>
      step({ upstream: config.name, step: 'code exchange' }, async () => {
        const callback = { upstream: config.name, server, client: http.client() };
        const parameters = checkCallback(metadata ? exchange : withoutIssuer(exchange), callback);
        const { codeVerifier } = exchange;
        const answer = await exchangeCode(request, { parameters, codeVerifier });
        const tokens = withoutIdToken(answer.tokens);
        const identity = await identify(answer, { config, http, userinfo });
        return { identity, tokens, authTime: null };
      }),
    refresh: ({ refreshToken }) =>
      step({ upstream: config.name, step: 'refresh' }, async () => {
        const tokens = withoutIdToken(await refreshTokens(request, refreshToken));
        return { tokens, identity: null, subjectMismatch: false };
      }),
    userinfo: ({ accessToken, subject }) =>
      step({ upstream: config.name, step: 'userinfo' }, async () => {
        if (!userinfo) return null;
        const identity = await ask(userinfo, accessToken, { config, http });
        return identity.subject === subject ? identity : 'other';
      }),
    revoke: (tokens) =>
      step({ upstream: config.name, step: 'revocation' }, () =>
        revokeTokens({ config, http, server }, tokens),
      ),
    close: () => http.close(),
  };
}

/** `iss` of RFC 9207 cannot be checked without a configured issuer; each upstream's own callback path does its work. */
function withoutIssuer(exchange: CodeExchange): CodeExchange {
  const parameters = new URLSearchParams(exchange.parameters);
  parameters.delete('iss');
  return { ...exchange, parameters };
}

/** Nothing here can verify an ID token, so none is kept: somebody might take it for verified later. */
function withoutIdToken(tokens: UpstreamTokens): UpstreamTokens {
  return { ...tokens, idToken: null };
}

interface Identifying {
  readonly config: OAuth2UpstreamConfig;
  readonly http: UpstreamHttp;
  readonly userinfo: UserinfoConfig | null;
}

/** Who signed in, by the one source that is configured: the token answer, else userinfo, else nobody in particular. */
async function identify(
  { tokens, body }: { readonly tokens: UpstreamTokens; readonly body: Readonly<Record<string, unknown>> },
  { config, http, userinfo }: Identifying,
): Promise<Identity> {
  const { identityFromToken: paths, emailVerifiedUntold: emailVerified } = config.settings;
  if (paths) return identityFromToken(body, { upstream: config.name, paths, emailVerified });
  if (userinfo) return await ask(userinfo, tokens.accessToken, { config, http });
  return synthesise(config, tokens.accessToken);
}

async function ask(
  userinfo: UserinfoConfig,
  accessToken: string,
  { config, http }: { config: OAuth2UpstreamConfig; http: UpstreamHttp },
): Promise<Identity> {
  const claims = await fetchUserinfo(userinfo, accessToken, { upstream: config.name, fetch: http.fetch });
  return identityFromFields(claims, userinfo, config);
}

/** A provider that tells no identity gives everybody one that lasts as long as the access token. */
function synthesise(config: OAuth2UpstreamConfig, accessToken: string): Identity {
  return {
    upstream: config.name,
    subject: syntheticSubjectOf(accessToken),
    name: null,
    email: null,
    emailVerified: false,
    synthetic: true,
    claims: {},
  };
}
