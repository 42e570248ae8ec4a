/** The engine at simulated providers: sign in, refresh, end, each with the settings that the provider needs. */
import { afterEach, describe, expect, it } from 'vitest';
import type { UpstreamCommon, UpstreamConfig, UserinfoConfig } from '../../src/config/config.ts';
import type { UpstreamSettings } from '../../src/config/upstream-settings.ts';
import { standardSettings } from '../../src/config/upstream-settings.ts';
import { silentLog } from '../../src/observe/log.ts';
import { createProviderSimulator, defaultClient } from '../../src/testing/index.ts';
import type { PresetName, ProviderSimulator } from '../../src/testing/index.ts';
import { Secret } from '../../src/types/secret.ts';
import { createProvider } from '../../src/upstream/create-provider.ts';
import { finish, newLogin, oauth2Config, oidcConfig } from '../fixtures/upstream.ts';

const tenant = '11111111-1111-4111-8111-111111111111';
const alice = { oid: 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa', id: '9007199254740993' };

/** What one provider needs, and what comes of it. */
interface Row {
  readonly settings?: (simulator: ProviderSimulator) => Partial<UpstreamSettings>;
  readonly userinfo?: Partial<UserinfoConfig> | null;
  readonly scopes?: readonly string[];
  readonly post?: true;
  readonly params?: Readonly<Record<string, string>>;
  readonly subject: string | RegExp;
  readonly expires: 'number' | 'never' | 'unknown';
  /** `null`: no refresh token is given. */
  readonly rotates: boolean | null;
  readonly revoked: 'revoked' | 'impossible';
}

const identity = (subject: string): UpstreamSettings['identityFromToken'] => ({
  subject,
  name: null,
  email: null,
});

const rows: Readonly<Partial<Record<PresetName, Row>>> = {
  'entra-multi': {
    settings: ({ issuer }) => ({
      issuerRule: {
        kind: 'tenant',
        template: `${new URL(issuer).origin}/{tenantid}/v2.0`,
        tenants: [tenant],
      },
      subjectClaims: ['tid', 'oid'],
      refreshScope: 'send',
    }),
    scopes: ['openid', 'profile', 'email', 'offline_access'],
    subject: `${tenant}:${alice.oid}`,
    expires: 'number',
    rotates: true,
    revoked: 'impossible',
  },
  google: {
    settings: ({ endpoints }) => ({ revocation: { endpoint: endpoints.revoke, style: 'token_only' } }),
    scopes: ['openid', 'profile', 'email'],
    params: { access_type: 'offline', prompt: 'consent' },
    subject: alice.id,
    expires: 'number',
    rotates: false,
    revoked: 'revoked',
  },
  keycloak: { subject: /./u, expires: 'number', rotates: true, revoked: 'revoked' },
  cognito: {
    settings: () => ({ emailVerifiedText: true }),
    scopes: ['openid', 'profile', 'email'],
    subject: /./u,
    expires: 'number',
    rotates: false,
    revoked: 'revoked',
  },
  salesforce: {
    settings: ({ endpoints }) => ({
      refreshScope: 'omit',
      assumedLifetime: 7200,
      revocation: { endpoint: endpoints.revoke, style: 'token_only' },
    }),
    scopes: ['openid', 'profile', 'email', 'refresh_token'],
    subject: /\/id\/00D000000000001\/9007199254740993$/u,
    expires: 'number',
    rotates: false,
    revoked: 'revoked',
  },
  slack: {
    settings: ({ endpoints }) => ({
      scopeParameter: 'user_scope',
      scopeSeparator: ',',
      refreshScope: 'omit',
      tokenType: 'any',
      expiryUntold: 'never',
      tokenMapping: {
        accessToken: 'authed_user.access_token',
        refreshToken: 'authed_user.refresh_token',
        expiresIn: 'authed_user.expires_in',
        scope: 'authed_user.scope',
      },
      identityFromToken: identity('authed_user.id'),
      revocation: { endpoint: endpoints.revoke, style: 'bearer' },
    }),
    userinfo: null,
    scopes: ['chat:write', 'users:read'],
    subject: `U${alice.id}`,
    expires: 'number',
    rotates: true,
    revoked: 'revoked',
  },
  'github-app': {
    settings: ({ endpoints }) => ({
      expiryUntold: 'never',
      revocation: {
        endpoint: endpoints.revoke
          .replace('{client_id}', defaultClient.client_id)
          .replace('/token', '/grant'),
        style: 'github_grant',
      },
    }),
    userinfo: { subjectFields: ['id'], nameFields: ['name', 'login'] },
    scopes: [],
    post: true,
    subject: alice.id,
    expires: 'number',
    rotates: true,
    revoked: 'revoked',
  },
  'github-oauth-app': {
    settings: () => ({ expiryUntold: 'never', revocation: null }),
    userinfo: { subjectFields: ['id'], nameFields: ['name', 'login'] },
    scopes: ['read:user', 'user:email'],
    post: true,
    subject: alice.id,
    expires: 'never',
    rotates: null,
    revoked: 'impossible',
  },
  snowflake: {
    settings: () => ({ identityFromToken: identity('username'), revocation: null }),
    userinfo: null,
    scopes: ['session:role:PUBLIC', 'refresh_token'],
    subject: 'alice',
    expires: 'number',
    rotates: false,
    revoked: 'impossible',
  },
  atlassian: {
    settings: () => ({ pkce: 'never', refreshParams: { audience: 'api.atlassian.com' }, revocation: null }),
    userinfo: { subjectFields: ['account_id'] },
    scopes: ['read:me', 'offline_access'],
    post: true,
    params: { audience: 'api.atlassian.com', prompt: 'consent' },
    subject: alice.id,
    expires: 'number',
    rotates: true,
    revoked: 'impossible',
  },
};

const running: ProviderSimulator[] = [];
afterEach(async () => {
  for (const one of running.splice(0)) await one.close();
});

async function start(preset: PresetName): Promise<ProviderSimulator> {
  const redirect_uris = [oidcConfig('').redirectUri];
  const simulator = createProviderSimulator({ preset, clients: [{ ...defaultClient, redirect_uris }] });
  running.push(simulator);
  // Entra's has the number of one documented refusal in all of them, and the number tells more than the code.
  simulator.change({ errorFields: {} });
  return await simulator.start();
}

function configOf(simulator: ProviderSimulator, row: Row): UpstreamConfig {
  const common: Partial<UpstreamCommon> = {
    clientId: defaultClient.client_id,
    clientSecret: new Secret(defaultClient.client_secret ?? ''),
    authMethod: row.post ? 'client_secret_post' : 'client_secret_basic',
    scopes: row.scopes ?? null,
    additionalAuthorizationParams: row.params ?? {},
    settings: { ...standardSettings, profile: 'generic', ...row.settings?.(simulator) },
  };
  const { issuer, endpoints, quirks } = simulator;
  if (quirks.protocol === 'oidc') return { ...oidcConfig(issuer), ...common };
  const usual = oauth2Config(issuer);
  return {
    ...usual,
    ...common,
    authorizationEndpoint: endpoints.authorize,
    tokenEndpoint: endpoints.token,
    userinfo:
      row.userinfo === null || usual.userinfo === null
        ? null
        : { ...usual.userinfo, endpoint: endpoints.userinfo, ...row.userinfo },
  };
}

describe('at a simulated provider', () => {
  it.each(Object.entries(rows))(
    '%s, people sign in, stay signed in, and are signed out',
    async (name, row) => {
      // The keys of `rows` are names of presets.
      const simulator = await start(name as PresetName);
      const provider = createProvider(configOf(simulator, row), { clock: Date.now, log: silentLog });
      try {
        const login = newLogin();
        const url = await provider.authorizationUrl(login.request);
        const { tokens, identity: who } = await finish(provider, login, await simulator.signIn(url, 'alice'));
        expect(who).toMatchObject({ subject: expect.stringMatching(row.subject), synthetic: false });
        expect(typeof tokens.expiresAt === 'number' ? 'number' : tokens.expiresAt).toBe(row.expires);
        let { refreshToken } = tokens;
        expect(refreshToken === null).toBe(row.rotates === null);
        if (refreshToken !== null) {
          const old = refreshToken;
          const again = await provider.refresh({ refreshToken, subject: who.subject });
          expect(again).toMatchObject({ subjectMismatch: false });
          expect(again.tokens.accessToken).not.toBe(tokens.accessToken);
          expect(again.tokens.refreshToken !== null && again.tokens.refreshToken !== old).toBe(row.rotates);
          refreshToken = again.tokens.refreshToken ?? old;
          tokens.scopes.forEach((scope) => expect(again.tokens.scopes).toContain(scope));
          expect(await provider.revoke({ accessToken: again.tokens.accessToken, refreshToken })).toBe(
            row.revoked,
          );
          simulator.revokeUser('alice');
          await expect(provider.refresh({ refreshToken, subject: who.subject })).rejects.toMatchObject({
            failure: 'rejected',
          });
          simulator.forgetClients();
          await expect(provider.refresh({ refreshToken, subject: who.subject })).rejects.toMatchObject({
            failure: 'misconfigured',
          });
        }
      } finally {
        provider.close();
      }
    },
  );
});
