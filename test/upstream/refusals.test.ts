/** What the refusals of token endpoints mean: recorded answers of providers, each with what becomes of the connection. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../../src/observe/log.ts';
import { createProvider } from '../../src/upstream/create-provider.ts';
import type { UpstreamFailure, UpstreamProvider } from '../../src/upstream/provider.ts';
import { json, startHostileServer } from '../fixtures/hostile-server.ts';
import type { HostileServer } from '../fixtures/hostile-server.ts';
import { callbackFor, finish, newLogin, oauth2Config } from '../fixtures/upstream.ts';

let server: HostileServer;
let provider: UpstreamProvider;
let now = 1_800_000_000_000;
const told: string[] = [];
const lines: unknown[] = [];

beforeEach(async () => {
  server = await startHostileServer();
  told.length = 0;
  lines.length = 0;
  const log = { ...silentLog, error: (line: unknown) => void lines.push(line) };
  provider = createProvider(oauth2Config(server.origin, { userinfo: null }), {
    clock: () => now,
    log,
    onMisconfigured: (problem) => told.push(problem),
  });
});
afterEach(async () => {
  provider.close();
  await server.close();
});

const refresh = (): ReturnType<UpstreamProvider['refresh']> =>
  provider.refresh({ refreshToken: 'rt', subject: 'alice' });

const aadsts = (error: string, code: number): unknown => ({
  error,
  error_description: `AADSTS${code}: words of Entra ID. Trace ID: 0000aaaa-11bb-cccc-dd22-eeeeee333333`,
  error_codes: [code],
});

describe('a refresh that the provider refuses', () => {
  it.each<[string, UpstreamFailure, number, unknown]>([
    // Only a new sign-in helps.
    ['RFC 6749', 'rejected', 400, { error: 'invalid_grant' }],
    [
      'Atlassian',
      'rejected',
      403,
      { error: 'invalid_grant', error_description: 'Unknown or invalid refresh token.' },
    ],
    [
      'Atlassian, later',
      'rejected',
      403,
      { error: 'unauthorized_client', error_description: 'refresh_token is invalid' },
    ],
    [
      'GitHub',
      'rejected',
      200,
      { error: 'bad_refresh_token', error_description: 'The refresh token passed is incorrect or expired.' },
    ],
    ['Slack', 'rejected', 200, { ok: false, error: 'invalid_refresh_token' }],
    ['Slack after a revocation', 'rejected', 200, { ok: false, error: 'token_revoked' }],
    [
      'Salesforce',
      'rejected',
      400,
      { error: 'invalid_grant', error_description: 'expired access/refresh token' },
    ],
    [
      'Google',
      'rejected',
      400,
      { error: 'invalid_grant', error_description: 'Token has been expired or revoked.' },
    ],
    ['Keycloak', 'rejected', 400, { error: 'invalid_grant', error_description: 'Session not active' }],
    [
      'LinkedIn',
      'rejected',
      400,
      { error: 'invalid_request', error_description: 'The provided refresh token is expired' },
    ],
    ['Entra ID, unused for 90 days', 'rejected', 400, aadsts('invalid_grant', 700082)],
    ['Entra ID, revoked', 'rejected', 400, aadsts('invalid_grant', 50173)],
    ['Entra ID, second factor', 'rejected', 400, aadsts('invalid_grant', 50076)],
    ['Entra ID, conditional access', 'rejected', 400, aadsts('interaction_required', 53003)],
    ['a code that nobody knows', 'rejected', 400, { error: 'no_more_of_this' }],
    ['a list of errors (SAP)', 'rejected', 401, [{ error: 'invalid_grant', message: 'gone' }]],
    ['an error object', 'rejected', 400, { error: { code: 'token_expired', message: 'gone' } }],
    ['a list below "errors"', 'rejected', 400, { errors: [{ code: 'expired' }] }],
    ['a refusal without a name', 'rejected', 200, { ok: false }],
    // Our own registration; nobody has to sign in again.
    ['RFC 6749: our client', 'misconfigured', 401, { error: 'invalid_client' }],
    ['RFC 6749: our grant types', 'misconfigured', 400, { error: 'unauthorized_client' }],
    ['RFC 6749: no refresh there', 'misconfigured', 400, { error: 'unsupported_grant_type' }],
    ['GitHub: our secret', 'misconfigured', 200, { error: 'incorrect_client_credentials' }],
    ['Slack: our secret', 'misconfigured', 200, { ok: false, error: 'bad_client_secret' }],
    ['Entra ID: secret expired', 'misconfigured', 401, aadsts('invalid_client', 7000222)],
    ['Entra ID: not in this tenant', 'misconfigured', 400, aadsts('unauthorized_client', 700016)],
    ['Entra ID: scope is missing', 'misconfigured', 400, aadsts('invalid_request', 90009)],
    ['a list of errors: our client', 'misconfigured', 401, [{ error: 'invalid_client' }]],
    // Another time.
    ['RFC 6749: later', 'unavailable', 400, { error: 'temporarily_unavailable' }],
    ['Slack: too often', 'unavailable', 200, { ok: false, error: 'ratelimited' }],
    [
      'Salesforce: twice at once',
      'unavailable',
      400,
      { error: 'invalid_grant', error_description: 'token request is already being processed' },
    ],
    ['Entra ID: later', 'unavailable', 400, aadsts('temporarily_unavailable', 90033)],
    ['a server that dies', 'unavailable', 500, { error: 'invalid_grant' }],
    ['a firewall', 'unavailable', 403, { message: 'blocked' }],
  ])('by %s is %s', async (_who, failure, status, body) => {
    server.on('/token', json(body, status));
    await expect(refresh()).rejects.toMatchObject({ name: 'UpstreamError', failure });
  });

  it('tells the code and number, and nothing else of what the provider wrote', async () => {
    const body = {
      error: 'invalid_grant',
      error_description: 'AADSTS700082: secret words rt-1',
      error_codes: [700082],
    };
    server.on('/token', json(body, 400));
    await expect(refresh()).rejects.toThrow(/^token endpoint: invalid_grant AADSTS700082$/u);
  });
});

describe('a provider that does not accept our client', () => {
  const refused = json({ error: 'invalid_client' }, 401);
  const accepted = json({ access_token: 'at', token_type: 'bearer' });

  it('is told about once, with the fix, until it accepts us', async () => {
    server.on('/token', refused);
    await expect(refresh()).rejects.toThrow(/check client_id/u);
    now += 60_000;
    await expect(refresh()).rejects.toMatchObject({ failure: 'misconfigured' });
    expect(told).toEqual([expect.stringContaining('invalid_client; check client_id, the client secret')]);
    expect(lines).toEqual([{ upstream: 'corp', problem: told[0] }]);
    expect(provider.misconfiguration()).toBe(told[0]);
    server.on('/token', accepted);
    now += 60_000;
    await refresh();
    expect(provider.misconfiguration()).toBeNull();
    server.on('/token', refused);
    await expect(refresh()).rejects.toMatchObject({ failure: 'misconfigured' });
    expect(told).toHaveLength(2);
  });

  it('is not asked about every user anew, for half a minute', async () => {
    server.on('/token', refused);
    for (let user = 0; user < 5; user += 1)
      await expect(refresh()).rejects.toMatchObject({ failure: 'misconfigured' });
    expect(server.received).toHaveLength(1);
    now += 30_000;
    await expect(refresh()).rejects.toMatchObject({ failure: 'misconfigured' });
    expect(server.received).toHaveLength(2);
  });

  it('may refuse our redirect URI, which keeps no refresh waiting', async () => {
    server.on('/token', json({ error: 'redirect_uri_mismatch' }));
    const login = newLogin();
    const failed = finish(provider, login, callbackFor(login));
    await expect(failed).rejects.toMatchObject({ failure: 'misconfigured' });
    server.on('/token', accepted);
    await expect(refresh()).resolves.toBeDefined();
    expect(provider.misconfiguration()).toContain('register our redirect URI');
  });

  it('hears of a sign-in always, and after one that works of refreshes again', async () => {
    server.on('/token', refused);
    await expect(refresh()).rejects.toMatchObject({ failure: 'misconfigured' });
    server.on('/token', accepted);
    const login = newLogin();
    await finish(provider, login, callbackFor(login));
    await expect(refresh()).resolves.toBeDefined();
  });
});

it('a refusal of some requests, while others pass, is told once an hour', async () => {
  for (const minutes of [0, 1, 30, 61]) {
    now += minutes * 60_000;
    server.on('/token', json({ error: 'unauthorized_client' }, 400));
    await expect(refresh()).rejects.toMatchObject({ failure: 'misconfigured' });
    server.on('/token', json({ access_token: 'at', token_type: 'bearer' }));
    await refresh();
  }
  expect(told).toHaveLength(2);
});

it('a refusal of one user\u2019s request keeps nobody else waiting', async () => {
  server.on('/token', json({ error: 'unauthorized_client' }, 400));
  for (let user = 0; user < 3; user += 1)
    await expect(refresh()).rejects.toMatchObject({ failure: 'misconfigured' });
  expect(server.received).toHaveLength(3);
  expect(told).toHaveLength(1);
});
