import { generateKeyPairSync } from 'node:crypto';
import type { JWK } from 'jose';
import { describe, expect, it } from 'vitest';
import { createClientRegistry } from '../../src/clients/registry.ts';
import { refusal } from '../parameters/refusal.ts';
import { callback, newKey, newRegistry, registryOptions, webCallback } from './registry.ts';

const registry = newRegistry();
const base = { redirect_uris: [callback], token_endpoint_auth_method: 'private_key_jwt' };

const ec = keyOf('P-256');
const rsa = (bits: number): JWK =>
  generateKeyPairSync('rsa', { modulusLength: bits }).publicKey.export({ format: 'jwk' });

function keyOf(namedCurve: string): JWK {
  return generateKeyPairSync('ec', { namedCurve }).publicKey.export({ format: 'jwk' });
}

describe('a client that registers keys of its own', () => {
  it('is told what is in force: its method, its keys, and no secret', () => {
    const answer = registry.register({ ...base, jwks: { keys: [{ ...ec, kid: 'one', use: 'sig' }] } });
    expect(answer).toMatchObject({
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [{ kty: 'EC', crv: 'P-256', x: ec.x, y: ec.y, kid: 'one' }] },
    });
    expect(answer).not.toHaveProperty('client_secret');
    expect(answer).not.toHaveProperty('jwks_uri');
    expect(registry.find(answer.client_id)).toMatchObject({
      authMethod: 'private_key_jwt',
      keys: { jwks: { keys: [{ kty: 'EC', crv: 'P-256', x: ec.x, y: ec.y, kid: 'one' }] } },
    });
  });

  it('may say where its keys are', () => {
    const jwks_uri = 'https://app.example.com/jwks.json';
    const answer = registry.register({ ...base, redirect_uris: [webCallback], jwks_uri });
    expect(answer).toMatchObject({ token_endpoint_auth_method: 'private_key_jwt', jwks_uri });
    expect(registry.find(answer.client_id)?.keys).toEqual({ jwksUri: jwks_uri });
  });

  it.each([
    ['P-256', keyOf('P-256')],
    ['P-384', keyOf('P-384')],
    ['P-521', keyOf('P-521')],
    ['Ed25519', generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' })],
    ['RSA of 2048 bits', rsa(2048)],
    ['RSA of 4096 bits', rsa(4096)],
  ])('has an id that URLs carry: %s', (_kind, key) => {
    const { client_id: id } = registry.register({
      ...base,
      client_name: 'Signing app',
      jwks: { keys: [{ ...key, kid: '2b7c6a7e-1111-4222-8333-944445555666' }] },
    });
    expect(id).toMatch(/^sp_c3_[\w-]+$/u);
    expect(id.length).toBeLessThanOrEqual(1024);
    expect(registry.find(id)?.authMethod).toBe('private_key_jwt');
  });

  it('stays who it is as long as it registers the same, and is another with other keys', () => {
    const id = (key: JWK): string => registry.register({ ...base, jwks: { keys: [key] } }).client_id;
    expect(id({ ...ec, use: 'sig', x5u: 'https://evil.example/' })).toBe(id(ec));
    expect(id(keyOf('P-256'))).not.toBe(id(ec));
    const options = registryOptions();
    const rotated = createClientRegistry({ ...options, idKeys: [newKey(), ...options.idKeys] });
    const before = createClientRegistry(options).register({ ...base, jwks: { keys: [ec] } }).client_id;
    expect(rotated.find(before)?.id).toBe(before);
  });

  it('learns that a set which does not fit into an id belongs at an address', () => {
    const error = refusal(() => registry.register({ ...base, jwks: { keys: [rsa(4096), rsa(4096)] } }));
    expect(error.error).toBe('invalid_client_metadata');
    expect(error.description).toContain('jwks_uri in place of jwks');
    expect(error.description).toContain('1024');
  });

  it('keeps the keys that sign, and loses those for anything else', () => {
    const keys = [
      { ...rsa(2048), use: 'enc' },
      { ...ec, alg: 'HS256' },
      { ...ec, kid: 'mine', alg: 'ES256' },
    ];
    const answer = registry.register({ ...base, jwks: { keys } });
    expect(answer['jwks']).toEqual({
      keys: [{ kty: 'EC', crv: 'P-256', x: ec.x, y: ec.y, kid: 'mine', alg: 'ES256' }],
    });
  });

  it.each([
    ['nothing', {}, 'neither jwks nor jwks_uri'],
    ['both', { jwks: { keys: [ec] }, jwks_uri: 'https://app.example.com/jwks.json' }, 'both'],
    ['no set', { jwks: [ec] }, 'a set of 1 to 20 keys'],
    ['an empty set', { jwks: { keys: [] } }, 'a set of 1 to 20 keys'],
    ['too many', { jwks: { keys: Array.from({ length: 21 }, () => ec) } }, 'a set of 1 to 20 keys'],
    ['what is no key', { jwks: { keys: ['key'] } }, 'what is not a key'],
    ['keys for encryption only', { jwks: { keys: [{ ...ec, use: 'enc' }] } }, 'no key for signatures'],
    ['a short RSA key', { jwks: { keys: [rsa(1024)] } }, '2048 to 4096'],
    ['a costly exponent', { jwks: { keys: [{ ...rsa(2048), e: 'A'.repeat(40) }] } }, 'exponent'],
    ['another curve', { jwks: { keys: [keyOf('secp256k1')] } }, 'another kind'],
    ['a curve of another kind', { jwks: { keys: [{ ...ec, kty: 'OKP' }] } }, 'another kind'],
    ['a name of every object', { jwks: { keys: [{ ...ec, crv: 'constructor' }] } }, 'another kind'],
    ['half a point', { jwks: { keys: [{ ...ec, y: undefined }] } }, 'a y that is not 32 bytes'],
    ['another spelling', { jwks: { keys: [{ ...ec, x: `${ec.x}=` }] } }, 'an x that is not 32 bytes'],
    ['a long name', { jwks: { keys: [{ ...ec, kid: 'k'.repeat(129) }] } }, 'a kid'],
    ['an address that is none', { jwks_uri: 7 }, 'jwks_uri must be a text'],
    ['a long address', { jwks_uri: `https://app.example.com/${'a'.repeat(600)}` }, 'jwks_uri must be a text'],
  ])('is refused with %s, by the name of the field', (_what, metadata, words) => {
    const error = refusal(() => registry.register({ ...base, ...metadata }));
    expect(error.error).toBe('invalid_client_metadata');
    expect(error.description).toContain(words);
  });

  it('may not send both, nor anything secret, whatever its method is', () => {
    const open = { redirect_uris: [callback] };
    const both = { jwks: { keys: [] }, jwks_uri: 'https://app.example.com/jwks.json' };
    expect(refusal(() => registry.register({ ...open, ...both })).description).toContain('both');
    const secret = { jwks: { keys: [{ ...ec, d: 'x' }] } };
    expect(refusal(() => registry.register({ ...open, ...secret })).description).toContain('replaced');
    // Keys for other things than proving who one is are nobody's concern here.
    expect(registry.register({ ...open, jwks: { keys: [ec] } }).client_id).toMatch(/^sp_c1_/u);
  });
});
