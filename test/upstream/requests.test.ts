/** What goes to a provider, by its settings. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OAuth2UpstreamConfig } from '../../src/config/config.ts';
import type { UpstreamSettings } from '../../src/config/upstream-settings.ts';
import { standardSettings } from '../../src/config/upstream-settings.ts';
import { silentLog } from '../../src/observe/log.ts';
import { createProvider } from '../../src/upstream/create-provider.ts';
import type { UpstreamProvider } from '../../src/upstream/provider.ts';
import { json, startHostileServer } from '../fixtures/hostile-server.ts';
import type { HostileServer } from '../fixtures/hostile-server.ts';
import { callbackFor, finish, newLogin, oauth2Config } from '../fixtures/upstream.ts';

let server: HostileServer;
let provider: UpstreamProvider;

beforeEach(async () => {
  server = await startHostileServer();
  server.on('/token', json({ access_token: 'at', token_type: 'bearer' }));
});
afterEach(async () => {
  provider.close();
  await server.close();
});

function connect(settings: Partial<UpstreamSettings>, changes: Partial<OAuth2UpstreamConfig> = {}): void {
  const config = oauth2Config(server.origin, {
    userinfo: null,
    scopes: ['read', 'write'],
    settings: { ...standardSettings, profile: 'generic', ...settings },
    ...changes,
  });
  provider = createProvider(config, { clock: Date.now, log: silentLog });
}

const forms = (): readonly Record<string, string>[] =>
  server.received.map(({ body }) => Object.fromEntries(new URLSearchParams(body)));

async function authorize(): Promise<Record<string, string>> {
  return Object.fromEntries(new URL(await provider.authorizationUrl(newLogin().request)).searchParams);
}

async function signIn(): Promise<void> {
  const login = newLogin();
  await finish(provider, login, callbackFor(login));
}

const refresh = (): Promise<unknown> => provider.refresh({ refreshToken: 'rt', subject: 'alice' });

describe('scopes', () => {
  it('go into the parameter that the provider reads them from, joined as it wants', async () => {
    connect({ scopeParameter: 'user_scope', scopeSeparator: ',' });
    const query = await authorize();
    expect(query['user_scope']).toBe('read,write');
    expect(query).not.toHaveProperty('scope');
  });

  it('cannot be replaced by a parameter from configuration, whatever they are called', async () => {
    const additionalAuthorizationParams = { user_scope: 'admin', scope: 'admin' };
    connect({ scopeParameter: 'user_scope' }, { additionalAuthorizationParams });
    expect(Object.values(await authorize())).not.toContain('admin');
  });
});

describe('PKCE', () => {
  it('is left out on both ways for a provider that refuses what it does not know', async () => {
    connect({ pkce: 'never' });
    const query = await authorize();
    expect(query).not.toHaveProperty('code_challenge');
    expect(query).not.toHaveProperty('code_challenge_method');
    await signIn();
    expect(forms()[0]).not.toHaveProperty('code_verifier');
    expect(forms()[0]).toHaveProperty('code', 'the-code');
  });
});

describe('parameters from configuration', () => {
  const params = { audience: 'api.example.com', grant_type: 'password', code: 'x', refresh_token: 'x' };

  it('go with the exchange and with the refresh, each its own, and replace none of ours', async () => {
    connect({ tokenParams: { ...params, on: 'exchange' }, refreshParams: { ...params, on: 'refresh' } });
    await signIn();
    await refresh();
    expect(forms()[0]).toMatchObject({
      audience: 'api.example.com',
      on: 'exchange',
      grant_type: 'authorization_code',
      code: 'the-code',
    });
    expect(forms()[1]).toMatchObject({
      audience: 'api.example.com',
      on: 'refresh',
      grant_type: 'refresh_token',
      refresh_token: 'rt',
    });
  });
});

describe('the scopes of a refresh', () => {
  const refuseScope = (): void =>
    server.on('/token', ({ body }, response) => {
      const refused = new URLSearchParams(body).has('scope');
      const answer = refused ? { error: 'invalid_scope' } : { access_token: 'at', token_type: 'bearer' };
      response.writeHead(refused ? 400 : 200).end(JSON.stringify(answer));
    });

  it('are never sent to a provider that takes none (Salesforce)', async () => {
    connect({ refreshScope: 'omit' });
    refuseScope();
    await refresh();
    expect(forms()).toEqual([{ grant_type: 'refresh_token', refresh_token: 'rt' }]);
  });

  it('are sent, and not left out afterwards, where a token without them would be another one', async () => {
    connect({ refreshScope: 'send', scopeSeparator: ',' });
    refuseScope();
    await expect(refresh()).rejects.toMatchObject({ failure: 'misconfigured' });
    expect(forms()).toMatchObject([{ scope: 'read,write' }]);
  });
});
