import type * as oauth from 'oauth4webapi';
import type { OidcUpstreamConfig } from '../config/config.ts';
import { SallyportError } from '../types/error.ts';
import { buildAuthorizationUrl } from './authorization-url.ts';
import { checkCallback } from './callback.ts';
import { createDiscovery } from './discovery.ts';
import { step } from './failures.ts';
import { issuerOfCallback } from './issuer-rule.ts';
import { loadMetadata } from './metadata.ts';
import { login, refreshed, renew } from './oidc-evidence.ts';
import type { Party } from './oidc-evidence.ts';
import type { CodeExchange, UpstreamLogin, UpstreamProvider } from './provider.ts';
import { exchangeCode, refreshTokens } from './token-requests.ts';
import { revokeTokens } from './revocation.ts';
import { createStanding } from './standing.ts';
import { createUpstreamHttp } from './upstream-http.ts';
import type { ProviderDeps } from './upstream-http.ts';

const defaultScopes = ['openid', 'profile', 'email'];

/** A provider of OpenID Connect. See `createProvider`. */
export function createOidcProvider(config: OidcUpstreamConfig, deps: ProviderDeps): UpstreamProvider {
  checkScopes(config);
  const named = config.namedBy ?? [config.issuer, config.userinfo?.endpoint];
  const http = createUpstreamHttp(config, deps, named);
  const discovery = createDiscovery({
    upstream: config.name,
    load: () => loadMetadata(config, http),
    clock: deps.clock,
    log: deps.log,
    onLook: deps.onLook,
  });
  const standing = createStanding(config.name, deps);
  const scopes = (): readonly string[] => config.scopes ?? scopesFor(discovery.known());
  const keys: Party['keys'] = new WeakMap();
  const party: Party = { config, deps, http, discovery, scopes, standing, keys };
  return {
    name: config.name,
    displayName: config.displayName,
    type: 'oidc',
    clientId: config.clientId,
    knows: (clientId) => clientId === config.clientId,
    get scopes() {
      return scopes();
    },
    get renewable() {
      return isRenewable(party);
    },
    notReady: () => discovery.notReady(),
    misconfiguration: () => standing.problem(),
    authorizationUrl: (request) =>
      step({ upstream: config.name, step: 'authorization request' }, async () => {
        const { authorization_endpoint: endpoint = '' } = await discovery.current();
        return buildAuthorizationUrl(endpoint, request, { config, scopes: scopes(), nonce: true });
      }),
    exchange: (exchange) =>
      step({ upstream: config.name, step: 'code exchange' }, () => redeem(party, exchange)),
    refresh: ({ refreshToken, subject, arrived }) =>
      step({ upstream: config.name, step: 'refresh' }, async () => {
        const server = await discovery.current();
        const tokens = await refreshTokens(requestOf(party, server), refreshToken);
        await arrived?.(tokens);
        return await refreshed(party, tokens, subject);
      }),
    revoke: (tokens) =>
      step({ upstream: config.name, step: 'revocation' }, async () =>
        revokeTokens({ config, http, server: await discovery.current() }, tokens),
      ),
    userinfo: ({ accessToken, subject }) =>
      step({ upstream: config.name, step: 'userinfo' }, () => renew(party, accessToken, subject)),
    close: () => {
      discovery.close();
      http.close();
    },
  };
}

async function redeem(party: Party, exchange: CodeExchange): Promise<UpstreamLogin> {
  const { config, discovery, http } = party;
  const server = await discovery.current();
  const issuer = issuerOfCallback(exchange.parameters.get('iss'), server.issuer, config);
  const named = { upstream: config.name, server: { ...server, issuer }, client: http.client() };
  const parameters = checkCallback(exchange, named);
  const { codeVerifier } = exchange;
  const { tokens } = await exchangeCode(requestOf(party, server), { parameters, codeVerifier });
  return await login(party, tokens, exchange.nonce);
}

function checkScopes({ name, scopes }: OidcUpstreamConfig): void {
  if (scopes && !scopes.includes('openid'))
    throw new SallyportError(
      'config_invalid',
      `upstream ${name}: an oidc upstream needs the scope "openid"; without it, use the type oauth2`,
    );
}

/** What is asked for where the configuration names nothing: `offline_access` only where the metadata lists it. */
export function scopesFor(server: oauth.AuthorizationServer | null): readonly string[] {
  const listed: unknown = server?.scopes_supported;
  return Array.isArray(listed) && listed.includes('offline_access')
    ? [...defaultScopes, 'offline_access']
    : defaultScopes;
}

/** Before the metadata is known, hope: only a warning depends on it. */
function isRenewable({ config, discovery, scopes }: Party): boolean {
  const server = discovery.known();
  if (server === null || config.userinfo !== null) return true;
  return server.userinfo_endpoint !== undefined || scopes().includes('offline_access');
}

function requestOf(
  { config, deps, http, scopes, standing }: Party,
  server: oauth.AuthorizationServer,
): Parameters<typeof refreshTokens>[0] {
  return { config, http, server, scopes: scopes(), clock: deps.clock, standing };
}
