import { describe, expect, it } from 'vitest';
import { deriveClientSecret } from '../../src/clients/registered-client.ts';
import { createClientRegistry } from '../../src/clients/registry.ts';
import { refusal } from '../parameters/refusal.ts';
import {
  callback,
  confidentialOptions,
  newKey,
  newRegistry,
  now,
  openRegistration,
  registryOptions,
  webCallback,
} from './registry.ts';

const day = 86_400;
const perplexity = 'https://www.perplexity.ai/rest/connections/oauth_callback';

describe('a client that wants a secret', () => {
  const registry = createClientRegistry(confidentialOptions());
  const metadata = { redirect_uris: [webCallback], token_endpoint_auth_method: 'client_secret_basic' };

  it.each(['client_secret_basic', 'client_secret_post'])('gets one for %s, and its end', (method) => {
    const answer = registry.register({ ...metadata, token_endpoint_auth_method: method });
    expect(answer).toMatchObject({
      token_endpoint_auth_method: method,
      client_secret: expect.stringMatching(/^[\w-]{43}$/u),
      client_secret_expires_at: now / 1000 + 90 * day,
    });
    const client = registry.find(answer.client_id);
    expect(client).toMatchObject({ authMethod: method, anySecretMethod: false });
    expect(client?.checkSecret(String(answer['client_secret']))).toBe(true);
  });

  it('gets an id and a secret of its own every time', () => {
    const answers = [registry.register(metadata), registry.register(metadata)];
    expect(new Set(answers.map((answer) => answer.client_id)).size).toBe(2);
    expect(new Set(answers.map((answer) => answer['client_secret'])).size).toBe(2);
  });

  it('cannot use the secret of another, a part of its own, or none', () => {
    const [one, two] = [registry.register(metadata), registry.register(metadata)];
    const client = registry.find(one.client_id);
    const secret = String(one['client_secret']);
    for (const wrong of [
      String(two['client_secret']),
      secret.slice(1),
      `${secret}A`,
      secret.toLowerCase(),
      '',
    ]) {
      expect(client?.checkSecret(wrong)).toBe(false);
    }
  });

  it('gets none when the operator does not allow it, and learns what is', () => {
    const error = refusal(() => newRegistry().register(metadata));
    expect(error.error).toBe('invalid_client_metadata');
    expect(error.description).toBe('token_endpoint_auth_method must be one of: none, private_key_jwt');
  });

  it.each(['client_secret_jwt', 'tls_client_auth', 'NONE', ''])('gets no other method: %j', (method) => {
    const error = refusal(() => registry.register({ ...metadata, token_endpoint_auth_method: method }));
    expect(error.error).toBe('invalid_client_metadata');
    expect(error.description).toContain('none, client_secret_basic, client_secret_post');
  });

  it.each([
    callback,
    'http://localhost/cb',
    'https://localhost/cb',
    'https://x.localhost/cb',
    'https://127.0.0.1/cb',
    'https://[::1]/cb',
    'cursor://anysphere.cursor-mcp/oauth/callback',
  ])('must not live on somebody’s computer: %s is refused and named', (uri) => {
    const error = refusal(() => registry.register({ ...metadata, redirect_uris: [webCallback, uri] }));
    expect(error.error).toBe('invalid_redirect_uri');
    expect(error.description).toContain(uri);
  });

  it('is unknown once its secret has ended, also if it was known a moment before', () => {
    const clock = { now };
    const moving = createClientRegistry(confidentialOptions({ clock: () => clock.now }));
    const { client_id } = moving.register(metadata);
    clock.now += 90 * day * 1000 - 1;
    expect(moving.find(client_id)?.id).toBe(client_id);
    clock.now += 1;
    expect(moving.find(client_id)).toBeNull();
  });

  it('keeps its secret when the keys of secrets change, until the old one is gone', () => {
    const [old, next] = [newKey(), newKey()];
    const options = confidentialOptions({ secretKeys: [old] });
    const answer = createClientRegistry(options).register(metadata);
    const secret = String(answer['client_secret']);
    const both = createClientRegistry({ ...options, secretKeys: [next, old] });
    expect(both.find(answer.client_id)?.checkSecret(secret)).toBe(true);
    const gone = createClientRegistry({ ...options, secretKeys: [next] });
    expect(gone.find(answer.client_id)?.checkSecret(secret)).toBe(false);
  });

  it('does not lose it when the operator stops handing out secrets', () => {
    const options = confidentialOptions();
    const answer = createClientRegistry(options).register(metadata);
    const { registration } = registryOptions();
    const later = createClientRegistry({ ...options, registration });
    expect(later.find(answer.client_id)?.checkSecret(String(answer['client_secret']))).toBe(true);
  });
});

describe('a public client', () => {
  it('never gets a secret, nor has one', () => {
    const options = confidentialOptions();
    const registry = createClientRegistry(options);
    for (const metadata of [{}, { token_endpoint_auth_method: 'none' }]) {
      const answer = registry.register({ redirect_uris: [webCallback], ...metadata });
      expect(answer).not.toHaveProperty('client_secret');
      expect(answer).not.toHaveProperty('client_secret_expires_at');
      const derived = deriveClientSecret(answer.client_id, options.secretKeys);
      for (const any of ['', derived]) expect(registry.find(answer.client_id)?.checkSecret(any)).toBe(false);
    }
  });

  it('never ends', () => {
    const options = registryOptions();
    const { client_id } = createClientRegistry(options).register({ redirect_uris: [callback] });
    const muchLater = createClientRegistry({ ...options, clock: () => now + 20 * 365 * day * 1000 });
    expect(muchLater.find(client_id)?.secretExpiresAt).toBe(0);
  });
});

describe('a client that says none and then refuses to go on without a secret', () => {
  const registration = { ...openRegistration, forceConfidentialRedirectUris: [perplexity] };
  const registry = newRegistry({ registration });

  it.each([{}, { token_endpoint_auth_method: 'none' }])(
    'gets one when the operator named its address: %j',
    (more) => {
      const answer = registry.register({ redirect_uris: [perplexity], ...more });
      expect(answer).toMatchObject({
        token_endpoint_auth_method: 'client_secret_post',
        client_secret: expect.stringMatching(/^[\w-]{43}$/u),
      });
      const client = registry.find(answer.client_id);
      expect(client?.anySecretMethod).toBe(true);
      expect(client?.checkSecret(String(answer['client_secret']))).toBe(true);
    },
  );

  it('is told by its exact address', () => {
    for (const uri of [`${perplexity}/`, `${perplexity}?x=1`, 'https://www.perplexity.ai/other']) {
      expect(registry.register({ redirect_uris: [uri] })).not.toHaveProperty('client_secret');
    }
  });

  it('must live on the web with all its addresses', () => {
    const error = refusal(() => registry.register({ redirect_uris: [perplexity, callback] }));
    expect(error.error).toBe('invalid_redirect_uri');
    expect(error.description).toContain(callback);
  });
});
