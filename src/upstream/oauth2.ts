import type { AuthorizationServer } from 'oauth4webapi';
import type { OAuth2UpstreamConfig, UserinfoConfig } from '../config/config.ts';
import type { Identity, UpstreamTokens } from '../types/tokens.ts';
import { buildAuthorizationUrl } from './authorization-url.ts';
import { checkCallback } from './callback.ts';
import { step } from './failures.ts';
import { isSyntheticSubject, syntheticSubjectOf } from './identity.ts';
import { UpstreamError } from './provider.ts';
import type { CodeExchange, UpstreamProvider } from './provider.ts';
import { exchangeCode, refreshTokens } from './token-requests.ts';
import { createUpstreamHttp } from './upstream-http.ts';
import type { ProviderDeps, UpstreamHttp } from './upstream-http.ts';
import { fetchUserinfo, pickField, profileOf } from './userinfo.ts';

/** A provider of plain OAuth 2.0 with configured endpoints. See `createProvider`. */
export function createOAuth2Provider(config: OAuth2UpstreamConfig, deps: ProviderDeps): UpstreamProvider {
  const { authorizationEndpoint, tokenEndpoint, userinfo } = config;
  const named = config.namedBy ?? [
    authorizationEndpoint,
    tokenEndpoint,
    ...(userinfo ? [userinfo.endpoint] : []),
  ];
  const http = createUpstreamHttp(config, deps, named);
  const scopes = config.scopes ?? [];
  // Plain OAuth 2.0 knows no issuer; the library wants a name for the server, and nothing is compared with it.
  const server: AuthorizationServer = {
    issuer: new URL(authorizationEndpoint).origin,
    authorization_endpoint: authorizationEndpoint,
    token_endpoint: tokenEndpoint,
  };
  const request = { config, http, server, scopes, clock: deps.clock };
  return {
    name: config.name,
    displayName: config.displayName,
    type: 'oauth2',
    clientId: config.clientId,
    knows: (clientId) => clientId === config.clientId,
    scopes,
    renewable: userinfo !== null,
    notReady: () => null,
    authorizationUrl: (asked) =>
      step({ upstream: config.name, step: 'authorization request' }, async () =>
        buildAuthorizationUrl(authorizationEndpoint, asked, { config, scopes, nonce: false }),
      ),
    exchange: (exchange) =>
      step({ upstream: config.name, step: 'code exchange' }, async () => {
        const callback = { upstream: config.name, server, client: http.client() };
        const parameters = checkCallback(withoutIssuer(exchange), callback);
        const { codeVerifier } = exchange;
        const tokens = withoutIdToken(await exchangeCode(request, { parameters, codeVerifier }));
        const identity = userinfo
          ? await ask(userinfo, tokens.accessToken, { config, http })
          : synthesise(config, tokens.accessToken);
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

async function ask(
  userinfo: UserinfoConfig,
  accessToken: string,
  { config, http }: { config: OAuth2UpstreamConfig; http: UpstreamHttp },
): Promise<Identity> {
  const claims = await fetchUserinfo(userinfo, accessToken, { upstream: config.name, fetch: http.fetch });
  const subject = pickField(claims, userinfo.subjectFields)?.value;
  if (subject === undefined)
    throw new UpstreamError(
      'invalid',
      config.name,
      `userinfo: none of the subject fields (${userinfo.subjectFields.join(', ')}) is there`,
    );
  if (isSyntheticSubject(subject))
    throw new UpstreamError(
      'invalid',
      config.name,
      'the subject has the form that is kept for synthetic ones',
    );
  return { upstream: config.name, subject, ...profileOf(claims, userinfo), synthetic: false, claims };
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
