import { readFileSync } from 'node:fs';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import { parseConfigText } from '../../src/config/load.ts';
import { generateSigningKeyPem } from '../../src/crypto/signing-key.ts';
import { startOidcProvider } from '../fixtures/oidc-provider.ts';
import type { Stack, StackOptions } from '../fixtures/stack.ts';
import { issuer, pkce, resource, startStack } from '../fixtures/stack.ts';

const keys = '/etc/toolhive/authserver/keys';
const secret = 'upstream-secret-upstream-secret-1';

const surroundings: StackOptions = {
  env: { TOOLHIVE_UPSTREAM_CLIENT_SECRET_OKTA: secret },
  files: {
    [`${keys}/key-0.pem`]: generateSigningKeyPem(),
    [`${keys}/key-1.pem`]: generateSigningKeyPem(),
    [`${keys}/key-2.pem`]: generateSigningKeyPem(),
    '/etc/toolhive/authserver/hmac/hmac-0': Buffer.alloc(32, 7),
    '/etc/toolhive/authserver/hmac/hmac-1': Buffer.alloc(40, 8),
    '/run/secrets/entra-client-secret': `${secret}\n`,
    '/run/secrets/github-client-secret': `${secret}\n`,
  },
};

type Json = Record<string, unknown>;

/** A ToolHive file as it is, but for the provider, which is one that runs here. */
async function start(name: string, atProvider: (upstream: Json, provider: string) => Json): Promise<Stack> {
  const config = parseConfigText(readFileSync(`examples/toolhive/${name}`, 'utf8'), name) as Json;
  const upstreams = config['upstreams'] as [{ oidc_config?: Json; oauth2_config?: Json }];
  const { oidc_config, oauth2_config } = upstreams[0];
  const provider = await startOidcProvider({
    clients: [
      {
        client_id: String((oidc_config ?? oauth2_config)?.['client_id']),
        client_secret: secret,
        redirect_uris: [`${issuer}/oauth/callback`],
        grant_types: ['authorization_code', 'refresh_token'],
      },
    ],
    users: {
      alice: { name: 'Alice', email: 'alice@example.com', email_verified: true, oid: 'entra-object-1' },
    },
    configuration: {
      claims: { openid: ['sub', 'oid'], profile: ['name'], email: ['email', 'email_verified'] },
    },
  });
  const upstream = atProvider(upstreams[0], provider.issuer);
  return startStack({ ...config, upstreams: [upstream] }, { ...surroundings, provider, exact: true });
}

const oidc = (upstream: Json, provider: string): Json => ({
  ...upstream,
  oidc_config: { ...(upstream['oidc_config'] as Json), issuer_url: provider },
});

const oauth2 = (upstream: Json, provider: string): Json => {
  const config = upstream['oauth2_config'] as Json;
  return {
    ...upstream,
    oauth2_config: {
      ...config,
      authorization_endpoint: `${provider}/auth`,
      token_endpoint: `${provider}/token`,
      scopes: ['openid', 'profile', 'email'],
      userinfo: {
        ...(config['userinfo'] as Json),
        endpoint_url: `${provider}/me`,
        field_mapping: { subject_fields: ['oid'] },
      },
    },
  };
};

describe('a ToolHive RunConfig', () => {
  it.each([
    ['oidc.yaml', oidc, 2],
    ['oauth2-userinfo.yaml', oauth2, 1],
    ['pem-keys.json', oidc, 3],
  ] as const)(
    '%s: starts, and people sign in, call and stay signed in',
    async (name, atProvider, keyCount) => {
      const stack = await start(name, atProvider);
      const tokens = await stack.signIn({ scope: 'openid email' });
      const jwks = (await (await stack.call('/.well-known/jwks.json')).json()) as { keys: object[] };
      expect(jwks.keys).toHaveLength(keyCount);
      const set = createLocalJWKSet(jwks);
      await jwtVerify(tokens.access_token, set, { issuer, audience: resource });
      expect((await stack.refresh(tokens.clientId, tokens.refresh_token)).status).toBe(200);
      const { warnings, ready } = await stack.auth.readiness();
      expect(ready).toBe(true);
      expect(warnings.join()).toContain('access');
      await stack.close();
    },
  );

  it('keeps the redirect URI that it names, and sends PKCE', async () => {
    const stack = await start('oidc.yaml', oidc);
    const { client_id } = await stack.register();
    const back = await stack.signInUpstream(stack.browser(), { client_id, code_challenge: pkce().challenge });
    expect(back.startsWith(`${issuer}/oauth/callback?`)).toBe(true);
    await stack.close();
  });
});
