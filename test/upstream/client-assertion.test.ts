/** `private_key_jwt` (RFC 7523 §2.2) towards a certified provider, and what the assertion says. */
import { X509Certificate, createHash, createPrivateKey, createPublicKey } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { afterEach, describe, expect, it } from 'vitest';
import type { ClientKey } from '../../src/config/upstream-settings.ts';
import { standardSettings } from '../../src/config/upstream-settings.ts';
import { generateSigningKeyPem, parseSigningKey } from '../../src/crypto/signing-key.ts';
import type { SigningAlg } from '../../src/crypto/signing-key.ts';
import { silentLog } from '../../src/observe/log.ts';
import { Secret } from '../../src/types/secret.ts';
import { createProvider } from '../../src/upstream/create-provider.ts';
import { json, startHostileServer } from '../fixtures/hostile-server.ts';
import { startOidcProvider } from '../fixtures/oidc-provider.ts';
import {
  callbackFor,
  defaultCallback,
  finish,
  newLogin,
  oauth2Config,
  oidcConfig,
} from '../fixtures/upstream.ts';
import { one } from '../reload/certificates.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

function clientKey(pem: string, changes: Partial<ClientKey> = {}): ClientKey {
  const source = { pem: new Secret(pem), origin: 'client.pem' };
  return { pem: source, keyId: null, certificate: null, audience: 'issuer', ...changes };
}

const settingsWith = (key: ClientKey) => ({ ...standardSettings, profile: 'generic', clientKey: key });

/** What a refresh sent to a provider of plain OAuth 2.0. */
async function assertionOf(key: ClientKey, times = 1): Promise<readonly string[]> {
  const server = await startHostileServer();
  closing.push(() => server.close());
  server.on('/token', json({ access_token: 'at', token_type: 'bearer' }));
  const config = oauth2Config(server.origin, {
    authMethod: 'private_key_jwt',
    clientSecret: null,
    settings: settingsWith(key),
  });
  const provider = createProvider(config, { clock: Date.now, log: silentLog });
  closing.push(() => provider.close());
  for (let time = 0; time < times; time += 1)
    await provider.refresh({ refreshToken: 'rt', subject: 'alice' });
  return server.received.map(({ body, headers }) => {
    expect(headers.authorization).toBeUndefined();
    const form = new URLSearchParams(body);
    expect(form.get('client_assertion_type')).toBe('urn:ietf:params:oauth:client-assertion-type:jwt-bearer');
    expect(form.has('client_secret')).toBe(false);
    return form.get('client_assertion') ?? '';
  });
}

describe('a client assertion', () => {
  it.each<[SigningAlg, ClientKey['audience']]>([
    ['RS256', 'issuer'],
    ['ES256', 'token_endpoint'],
    ['EdDSA', 'issuer'],
  ])(
    'signed with %s for the %s is taken by a certified provider, at sign-in and refresh',
    async (alg, audience) => {
      const pem = generateSigningKeyPem(alg);
      const idp = await startOidcProvider({
        clients: [
          {
            client_id: 'sallyport',
            redirect_uris: [defaultCallback],
            grant_types: ['authorization_code', 'refresh_token'],
            token_endpoint_auth_method: 'private_key_jwt',
            token_endpoint_auth_signing_alg: alg,
            jwks: { keys: [parseSigningKey(pem, 'client.pem').publicJwk] },
          },
        ],
        configuration: {
          clientAuthMethods: ['private_key_jwt'],
          enabledJWA: { clientAuthSigningAlgValues: ['RS256', 'ES256', 'EdDSA'] },
        },
      });
      closing.push(() => idp.close());
      const config = oidcConfig(idp.issuer, {
        authMethod: 'private_key_jwt',
        clientSecret: null,
        settings: settingsWith(clientKey(pem, { audience })),
      });
      const provider = createProvider(config, { clock: Date.now, log: silentLog });
      closing.push(() => provider.close());
      const login = newLogin();
      const callback = await idp.signIn(await provider.authorizationUrl(login.request), 'alice');
      const { tokens } = await finish(provider, login, callback);
      const refreshToken = tokens.refreshToken ?? '';
      await expect(provider.refresh({ refreshToken, subject: 'alice' })).resolves.toMatchObject({
        identity: { subject: 'alice' },
      });
    },
  );

  it('lives a minute, and never has the jti of another', async () => {
    const pem = generateSigningKeyPem();
    const [first = '', second = ''] = await assertionOf(clientKey(pem), 2);
    const { payload, protectedHeader } = await jwtVerify(first, createPublicKey(createPrivateKey(pem)));
    expect(payload).toMatchObject({ iss: 'sallyport', sub: 'sallyport' });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(60);
    expect(payload.jti).not.toBe(decodeJwt(second).jti);
    expect(protectedHeader).toEqual({ alg: 'ES256', kid: parseSigningKey(pem, 'client.pem').kid });
  });

  it('is for the issuer or for the token endpoint, as the provider wants', async () => {
    const pem = generateSigningKeyPem();
    const audienceOf = async (audience: ClientKey['audience']): Promise<unknown> => {
      const [assertion = ''] = await assertionOf(clientKey(pem, { audience }));
      return decodeJwt(assertion).aud;
    };
    expect(await audienceOf('issuer')).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/u);
    expect(await audienceOf('token_endpoint')).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/token$/u);
  });

  it('names the key and the certificate that the operator registered', async () => {
    const { cert, key } = one;
    const [assertion = ''] = await assertionOf(clientKey(key, { keyId: 'my-key', certificate: cert }));
    const thumbprint = createHash('sha256').update(new X509Certificate(cert).raw).digest('base64url');
    expect(decodeProtectedHeader(assertion)).toMatchObject({ kid: 'my-key', 'x5t#S256': thumbprint });
  });

  it('is refused when the provider is made without a usable key', () => {
    const make = (key: ClientKey | null) => () =>
      createProvider(
        oauth2Config('https://idp.example.com', {
          authMethod: 'private_key_jwt',
          settings: { ...standardSettings, profile: 'generic', clientKey: key },
        }),
        { clock: Date.now, log: silentLog },
      );
    expect(make(null)).toThrow(/needs a client key/u);
    expect(make(clientKey('no key'))).toThrow(/client\.pem/u);
    expect(make(clientKey(generateSigningKeyPem(), { certificate: 'none' }))).toThrow(/certificate/u);
  });

  it('is not sent in another way when the provider does not know us by it', async () => {
    const server = await startHostileServer();
    closing.push(() => server.close());
    server.on('/token', json({ error: 'invalid_client' }, 401));
    const config = oauth2Config(server.origin, {
      authMethod: 'private_key_jwt',
      authMethodGiven: false,
      settings: settingsWith(clientKey(generateSigningKeyPem())),
    });
    const provider = createProvider(config, { clock: Date.now, log: silentLog });
    closing.push(() => provider.close());
    const login = newLogin();
    await expect(finish(provider, login, callbackFor(login))).rejects.toThrow('invalid_client');
    expect(server.received).toHaveLength(1);
  });
});
