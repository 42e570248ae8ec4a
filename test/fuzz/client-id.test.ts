import { Buffer } from 'node:buffer';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JWK } from 'jose';
import type { Registration } from '../../src/clients/client-id.ts';
import { decodeClientId, encodeClientId } from '../../src/clients/client-id.ts';
import type { RegisteredKeys } from '../../src/clients/registered-keys.ts';
import { mac } from '../../src/crypto/hmac.ts';
import { newKey } from '../client-registration/registry.ts';
import { bounded, fuzz } from './cases.ts';
import { anyText, around, damaged, repeats } from './texts.ts';

const macKey = newKey();
const compact = [['http://127.0.0.1:1/cb'], 'App', 1, 0, 0, 'openid', 'native', null, 0];
const key256 = { kty: 'OKP', crv: 'Ed25519', x: Buffer.alloc(32, 1).toString('base64url'), kid: 'a' };
const third = [...compact, 'acme', 0, [key256], 'https://vouch.example'];

const registration: fc.Arbitrary<Registration> = fc.record({
  redirectUris: fc.array(fc.webUrl(), { minLength: 1, maxLength: 3 }),
  name: fc.option(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 })),
  grantTypes: fc.constantFrom(['authorization_code'], ['authorization_code', 'refresh_token']),
  authMethod: fc.constantFrom('none', 'client_secret_basic', 'client_secret_post'),
  anySecretMethod: fc.boolean(),
  scopes: fc.option(fc.uniqueArray(fc.constantFrom('openid', 'mcp:read', 'a'), { minLength: 1 })),
  applicationType: fc.option(fc.constantFrom('native', 'web')),
  softwareId: fc.option(fc.stringMatching(/^[!-~]{1,36}$/u)),
  vouched: fc.boolean(),
  nonce: fc.option(fc.base64String({ minLength: 1, maxLength: 24 })),
  secretExpiresAt: fc.nat(),
});

const bytes = (length: number): fc.Arbitrary<string> =>
  fc
    .uint8Array({ minLength: length, maxLength: length })
    .map((all) => Buffer.from(all).toString('base64url'));

const names = fc.record(
  { kid: fc.string({ maxLength: 20 }), alg: fc.constantFrom('ES256', 'EdDSA') },
  { requiredKeys: [] },
);
const key: fc.Arbitrary<JWK> = fc
  .tuple(
    fc.oneof(
      fc.record({ kty: fc.constant('EC'), crv: fc.constant('P-256'), x: bytes(32), y: bytes(32) }),
      fc.record({ kty: fc.constant('OKP'), crv: fc.constant('Ed25519'), x: bytes(32) }),
    ),
    names,
  )
  // The order in which keys are written.
  .map(([material, { kid, alg }]) =>
    Object.assign(material, kid === undefined ? {} : { kid }, alg === undefined ? {} : { alg }),
  );
const keys: fc.Arbitrary<RegisteredKeys> = fc.oneof(
  fc.array(key, { minLength: 1, maxLength: 3 }).map((all) => ({ jwks: { keys: all } })),
  fc.webUrl({ validSchemes: ['https'] }).map((jwksUri) => ({ jwksUri })),
);

/** Of the third form. */
const proven: fc.Arbitrary<Registration> = fc
  .tuple(registration, fc.record({ keys, voucher: fc.webUrl() }, { requiredKeys: [] }))
  .map(([one, more]) => Object.assign(one, more));

/** Texts of ids made beforehand: what is fuzzed is the reading. */
const ids = fc.constantFrom(
  ...fc.sample(proven, { numRuns: 50, seed: 1 }).map((one) => encodeClientId(one, [macKey])),
);

/** As somebody would make it who has the key. */
function sign(text: string, prefix: string): string {
  const body = deflateRawSync(text, { level: 9 });
  const tag = mac(macKey, Buffer.concat([Buffer.from(prefix), body])).subarray(0, 16);
  return `${prefix}${Buffer.concat([tag, body]).toString('base64url')}`;
}

function contentOf(id: string): string {
  return inflateRawSync(Buffer.from(id.slice(6), 'base64url').subarray(16)).toString();
}

describe('a stateless client id', () => {
  it('comes back as the registration that went in', () => {
    fuzz(
      fc.oneof(registration, proven),
      (one) => expect(decodeClientId(encodeClientId(one, [macKey]), [macKey])).toEqual(one),
      0.2,
    );
  });

  it('is unknown after any damage, and no other text means the same', () => {
    fuzz(
      around(ids),
      (text) => {
        const found = decodeClientId(text, [macKey]);
        if (found) expect(encodeClientId(found, [macKey])).toBe(text);
      },
      0.4,
    );
    fuzz(
      ids.chain((id) => fc.tuple(fc.constant(id), damaged(fc.constant(id)))),
      ([id, text]) => expect(decodeClientId(text, [macKey]) === null).toBe(text !== id),
      0.2,
    );
  });

  it('with a right signature over another content is known only in the form in which we write', () => {
    const changed = (all: readonly unknown[]): fc.Arbitrary<string> =>
      fc
        .tuple(fc.nat({ max: all.length - 1 }), fc.jsonValue({ maxDepth: 2 }))
        .map(([at, value]) => JSON.stringify(all.with(at, value)));
    const content = fc.oneof(
      damaged(fc.constantFrom(JSON.stringify(compact), JSON.stringify(third))),
      changed(compact),
      changed(third),
      anyText,
    );
    fuzz(
      fc.tuple(content, fc.constantFrom('sp_c1_', 'sp_c3_')),
      ([text, prefix]) => {
        const found = decodeClientId(sign(text.toWellFormed(), prefix), [macKey]);
        if (found) expect(contentOf(encodeClientId(found, [macKey]))).toBe(text.toWellFormed());
      },
      0.2,
    );
  });

  it('is read in a time that grows with its length', () => {
    for (const text of repeats(['', 'sp_c1_'], ['A', '_', '=']))
      bounded(() => decodeClientId(text, [macKey]));
  });
});
