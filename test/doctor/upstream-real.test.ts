/** The doctor at a certified provider. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OidcUpstreamConfig } from '../../src/config/config.ts';
import { Secret } from '../../src/types/secret.ts';
import { startOidcProvider } from '../fixtures/oidc-provider.ts';
import type { OidcProviderFixture } from '../fixtures/oidc-provider.ts';
import { oidcConfig } from '../fixtures/upstream.ts';
import { complaints, examine, worst } from './upstream-at.ts';

let provider: OidcProviderFixture;
beforeAll(async () => {
  provider = await startOidcProvider({
    configuration: { features: { revocation: { enabled: true }, registration: { enabled: true } } },
  });
});
afterAll(() => provider.close());

const config = (changes: Partial<OidcUpstreamConfig> = {}): OidcUpstreamConfig =>
  oidcConfig(provider.issuer, { scopes: ['openid', 'profile', 'email', 'offline_access'], ...changes });

describe('a certified provider', () => {
  it('that knows us has nothing to be mended', async () => {
    const findings = await examine(config());
    expect(complaints(findings)).toEqual([]);
    expect(worst(findings, 'client-authentication')?.message).toBe(
      'corp: it knows us by client_secret_basic',
    );
  });

  it('is asked as a browser and as ourselves, once each, and nobody signs in', async () => {
    const before = provider.requests.length;
    await examine(config());
    expect(provider.requests.slice(before)).toEqual([
      'GET /.well-known/openid-configuration',
      'GET /jwks',
      'GET /auth',
      'POST /token',
    ]);
  });

  it.each([
    ['a wrong secret', { clientSecret: new Secret('wrong') }, 'client-authentication', /invalid_client/u],
    ['no secret', { clientSecret: null, authMethod: 'none' }, 'client-authentication', /invalid_client/u],
    ['an unknown client id', { clientId: 'sallyprot' }, 'authorization-request', /error page \(400\)/u],
    [
      'an unregistered redirect URI',
      { redirectUri: 'http://127.0.0.1:1/other' },
      'authorization-request',
      /error page \(400\)/u,
    ],
    [
      'a response mode that is none',
      { additionalAuthorizationParams: { response_mode: 'pigeon' } },
      'authorization-request',
      /refuses our request for a sign-in: \w+/u,
    ],
  ] as const)('says that it finds %s', async (_name, changes, check, message) => {
    const found = worst(await examine(config(changes)), check);
    expect(found).toMatchObject({ level: 'fail', message: expect.stringMatching(message) as string });
  });

  it('is looked at before we register there, and has no client more afterwards', async () => {
    const before = provider.requests.length;
    const findings = await examine(
      config({
        clientId: '',
        clientSecret: null,
        registration: {
          discoveryUrl: `${provider.issuer}/.well-known/openid-configuration`,
          registrationEndpoint: null,
          initialAccessToken: new Secret('initial'),
          clientName: 'Sallyport',
          softwareId: null,
          softwareStatement: null,
        },
      }),
    );
    const asked = provider.requests.slice(before);
    expect(asked.filter((line) => !line.startsWith('GET '))).toEqual([]);
    expect(asked).not.toContain('GET /auth');
    expect(findings.filter(({ level }) => level === 'fail')).toEqual([]);
    expect(worst(findings, 'registration')).toBeDefined();
    expect(findings.map(({ check }) => check)).not.toContain('client-authentication');
  });
});
