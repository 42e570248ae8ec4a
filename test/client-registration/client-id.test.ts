import { deflateRawSync } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Registration } from '../../src/clients/client-id.ts';
import { portless } from '../../src/oauth/redirect-uri.ts';
import { decodeClientId, encodeClientId } from '../../src/clients/client-id.ts';
import { createClientRegistry } from '../../src/clients/registry.ts';
import type { MacKey } from '../../src/crypto/hmac.ts';
import { mac } from '../../src/crypto/hmac.ts';
import { refusal } from '../parameters/refusal.ts';
import { callback, newKey, newRegistry, now, registryOptions } from './registry.ts';

const key = newKey();
const registration: Registration = {
  redirectUris: [callback],
  name: 'App',
  grantTypes: ['authorization_code', 'refresh_token'],
  authMethod: 'none',
  anySecretMethod: false,
  scopes: ['openid'],
  applicationType: 'native',
  softwareId: null,
  vouched: false,
  nonce: null,
  secretExpiresAt: 0,
};

/** An id as somebody would make it who has the key: the MAC is right, whatever the content. */
function signedId(body: Uint8Array, by: MacKey = key): string {
  const tag = mac(by, Buffer.concat([Buffer.from('sp_c1_'), body])).subarray(0, 16);
  return `sp_c1_${Buffer.concat([tag, body]).toString('base64url')}`;
}

const anyRegistration: fc.Arbitrary<Registration> = fc.record({
  redirectUris: fc.array(fc.webUrl(), { minLength: 1, maxLength: 3 }),
  name: fc.option(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 })),
  grantTypes: fc.constantFrom(['authorization_code'], ['authorization_code', 'refresh_token']),
  authMethod: fc.constantFrom('none', 'client_secret_basic', 'client_secret_post'),
  anySecretMethod: fc.boolean(),
  scopes: fc.option(fc.uniqueArray(fc.stringMatching(/^[a-z:]{1,10}$/u), { minLength: 1, maxLength: 4 })),
  applicationType: fc.option(fc.constantFrom('native', 'web')),
  softwareId: fc.option(fc.stringMatching(/^[!-~]{1,36}$/u)),
  vouched: fc.boolean(),
  nonce: fc.option(fc.base64String({ minLength: 1, maxLength: 24 })),
  secretExpiresAt: fc.nat(),
});

describe('the id of a registered client', () => {
  it('is the registration: what went in comes out', () => {
    fc.assert(
      fc.property(anyRegistration, (each) => {
        expect(decodeClientId(encodeClientId(each, [key]), [key])).toEqual(each);
      }),
    );
  });

  it('is the same for the same metadata, so that floods and reinstalls make no new clients', () => {
    const options = registryOptions();
    const metadata = { redirect_uris: [callback], client_name: 'App', scope: 'openid' };
    const [first, second] = [options, { ...options, clock: () => now + 86_400_000 }].map(
      (each) => createClientRegistry(each).register(metadata).client_id,
    );
    expect(first).toBe(second);
  });

  it('is the same whatever the port of a loopback address: apps take another at each start', () => {
    const registry = newRegistry();
    const hosts = ['127.0.0.1', 'localhost', '[::1]'];
    for (const host of hosts) {
      const answers = ['', ':1', ':33418', ':65535'].map((port) =>
        registry.register({ redirect_uris: [`http://${host}${port}/callback`] }),
      );
      expect(new Set(answers.map(({ client_id }) => client_id)).size).toBe(1);
      expect(answers.at(-1)?.['redirect_uris']).toEqual([`http://${host}:65535/callback`]);
    }
    const ids = hosts.map(
      (host) => registry.register({ redirect_uris: [`http://${host}:1/callback`] }).client_id,
    );
    const ports = ['', ':1', ':8443'].map(
      (port) => registry.register({ redirect_uris: [`https://app.example.com${port}/callback`] }).client_id,
    );
    expect(new Set([...ids, ...ports]).size).toBe(6);
  });

  it('is another for other metadata', () => {
    const registry = newRegistry();
    const ids = [
      {},
      { client_name: 'App' },
      { scope: 'openid' },
      { grant_types: ['authorization_code'] },
      { application_type: 'native' },
      { redirect_uris: [`${callback}/other`] },
    ].map((metadata) => registry.register({ redirect_uris: [callback], ...metadata }).client_id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('survives a restart and is known on every replica', () => {
    const options = registryOptions();
    const { client_id } = createClientRegistry(options).register({
      redirect_uris: [callback],
      client_name: 'App',
    });
    expect(createClientRegistry(options).find(client_id)).toMatchObject({
      id: client_id,
      source: 'dcr',
      name: 'App',
      redirectUris: [portless(callback)],
      grantTypes: ['authorization_code', 'refresh_token'],
      authMethod: 'none',
      scopes: null,
      introspects: [],
    });
  });

  it('needs no escape in a URL or form, and is no URL', () => {
    const { client_id } = newRegistry().register({ redirect_uris: [callback] });
    expect(encodeURIComponent(client_id)).toBe(client_id);
    expect(URL.canParse(client_id)).toBe(false);
  });
});

describe('an id that we did not issue is unknown', () => {
  const id = encodeClientId(registration, [key]);

  it('after any change of one character', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=. \0é';
    const known: string[] = [];
    for (let at = 0; at < id.length; at += 1) {
      for (const character of alphabet) {
        const changed = id.slice(0, at) + character + id.slice(at + 1);
        if (decodeClientId(changed, [key]) !== null) known.push(changed);
      }
    }
    expect(new Set(known)).toEqual(new Set([id]));
  });

  it('cut, lengthened, or with something around it', () => {
    for (let at = 0; at < id.length; at += 1) {
      expect(decodeClientId(id.slice(0, at), [key])).toBeNull();
      expect(decodeClientId(id.slice(0, at) + id.slice(at + 1), [key])).toBeNull();
    }
    for (const text of [`${id}A`, `${id}=`, ` ${id}`, `${id}\n`, id.toUpperCase(), id.slice(6)]) {
      expect(decodeClientId(text, [key])).toBeNull();
    }
  });

  it('signed with a key that is not ours, or for nothing', () => {
    expect(decodeClientId(id, [newKey()])).toBeNull();
    expect(decodeClientId(id, [])).toBeNull();
  });

  it('in any text, without failing', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^sp_c1_[\w-]{0,200}$/u));
    fc.assert(
      fc.property(text, (garbage) => {
        expect(decodeClientId(garbage, [key])).toBeNull();
      }),
    );
  });

  it('even with a right signature, if its content is not what we write', () => {
    const write = (value: unknown): string => signedId(deflateRawSync(JSON.stringify(value)));
    const compact: unknown[] = [[callback], 'App', 1, 0, 0, 'openid', 'native', null, 0];
    expect(decodeClientId(write(compact), [key])).toEqual(registration);
    for (const other of [
      [...compact, 'more'],
      compact.slice(0, -1),
      compact.with(2, 2),
      compact.with(3, 7),
      compact.with(4, true),
      compact.with(5, 'openid  openid'),
      compact.with(0, undefined),
      compact.with(0, callback),
      compact.with(0, [1]),
      compact.with(1, 1),
      compact.with(6, 'service'),
      compact.with(7, {}),
      compact.with(8, '0'),
      {},
      null,
      'text',
    ]) {
      expect(decodeClientId(write(other), [key])).toBeNull();
    }
    const loose = deflateRawSync(` ${JSON.stringify(compact)}`);
    for (const body of [loose, deflateRawSync('not JSON'), Buffer.from('not deflated'), Buffer.alloc(1)]) {
      expect(decodeClientId(signedId(body), [key])).toBeNull();
    }
  });

  it('even with a right signature, if it unpacks to more than we write', () => {
    const long = [[`http://localhost/${'a'.repeat(200_000)}`], 'App', 1, 0, 0, 'openid', 'native', null, 0];
    const bomb = deflateRawSync(JSON.stringify(long), { level: 9 });
    expect(signedId(bomb).length).toBeLessThan(1024);
    expect(decodeClientId(signedId(bomb), [key])).toBeNull();
  });
});

describe('metadata that do not fit into an id', () => {
  it('are refused, and the answer names the limit', () => {
    const words = Array.from(
      { length: 10 },
      (_, index) => `http://localhost/${newKey().key.export().toString('hex')}${index}`,
    );
    const redirect_uris = words.map((uri) => uri + newKey().key.export().toString('hex'));
    const error = refusal(() => newRegistry().register({ redirect_uris }));
    expect(error.error).toBe('invalid_client_metadata');
    expect(error.description).toContain('1024');
    expect(error.description).toContain('redirect_uris');
  });

  it('are refused even if they pack well: what was issued can always be read again', () => {
    const redirect_uris = Array.from(
      { length: 10 },
      (_, index) => `http://localhost/${'a'.repeat(2000)}${index}`,
    );
    expect(refusal(() => newRegistry().register({ redirect_uris })).error).toBe('invalid_client_metadata');
  });

  it('are more than ten ordinary callbacks with a long name', () => {
    const redirect_uris = Array.from(
      { length: 10 },
      (_, index) => `https://tenant-${index}.apps.example.com/api/mcp/oauth/callback`,
    );
    const registry = newRegistry();
    const { client_id } = registry.register({ redirect_uris, client_name: 'An app with quite a long name' });
    expect(registry.find(client_id)?.redirectUris).toEqual(redirect_uris);
  });
});

describe('the keys of client ids', () => {
  it('may be changed: the first issues, all recognise', () => {
    const [old, next] = [newKey(), newKey()];
    const before = registryOptions({ idKeys: [old] });
    const { client_id } = createClientRegistry(before).register({ redirect_uris: [callback] });
    const after = createClientRegistry({ ...before, idKeys: [next, old] });
    expect(after.find(client_id)?.id).toBe(client_id);
    const renewed = after.register({ redirect_uris: [callback] }).client_id;
    expect(renewed).not.toBe(client_id);
    expect(createClientRegistry({ ...before, idKeys: [next] }).find(renewed)?.id).toBe(renewed);
    expect(createClientRegistry({ ...before, idKeys: [next] }).find(client_id)).toBeNull();
  });

  it('are at least one', () => {
    expect(() => encodeClientId(registration, [])).toThrow(TypeError);
  });
});

describe('a registration from before a rule', () => {
  it('is measured by today’s: a signature proves issue, not permission', () => {
    const options = registryOptions({ idKeys: [key] });
    const registry = createClientRegistry(options);
    const dangerous = encodeClientId({ ...registration, redirectUris: [callback, 'javascript:alert(1)'] }, [
      key,
    ]);
    expect(decodeClientId(dangerous, [key])).not.toBeNull();
    expect(registry.find(dangerous)).toBeNull();
    expect(registry.find(dangerous)).toBeNull();
    expect(registry.find(encodeClientId(registration, [key]))).not.toBeNull();
  });
});
