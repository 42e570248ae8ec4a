import { deflateRawSync, inflateRawSync } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Registration } from '../../src/clients/client-id.ts';
import { decodeClientId, encodeClientId } from '../../src/clients/client-id.ts';
import { mac } from '../../src/crypto/hmac.ts';
import { newKey } from '../client-registration/registry.ts';
import { bounded, fuzz } from './cases.ts';
import { anyText, around, damaged, repeats } from './texts.ts';

const key = newKey();
const compact = [['http://127.0.0.1:1/cb'], 'App', 1, 0, 0, 'openid', 'native', null, 0];

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

/** Texts of ids made beforehand: what is fuzzed is the reading. */
const ids = fc.constantFrom(
  ...fc.sample(registration, { numRuns: 50, seed: 1 }).map((one) => encodeClientId(one, [key])),
);

/** As somebody would make it who has the key. */
function sign(text: string): string {
  const body = deflateRawSync(text, { level: 9 });
  const tag = mac(key, Buffer.concat([Buffer.from('sp_c1_'), body])).subarray(0, 16);
  return `sp_c1_${Buffer.concat([tag, body]).toString('base64url')}`;
}

function contentOf(id: string): string {
  return inflateRawSync(Buffer.from(id.slice(6), 'base64url').subarray(16)).toString();
}

describe('a stateless client id', () => {
  it('comes back as the registration that went in', () => {
    fuzz(registration, (one) => expect(decodeClientId(encodeClientId(one, [key]), [key])).toEqual(one), 0.2);
  });

  it('is unknown after any damage, and no other text means the same', () => {
    fuzz(
      around(ids),
      (text) => {
        const found = decodeClientId(text, [key]);
        if (found) expect(encodeClientId(found, [key])).toBe(text);
      },
      0.4,
    );
    fuzz(
      ids.chain((id) => fc.tuple(fc.constant(id), damaged(fc.constant(id)))),
      ([id, text]) => expect(decodeClientId(text, [key]) === null).toBe(text !== id),
      0.2,
    );
  });

  it('with a right signature over another content is known only in the form in which we write', () => {
    const content = fc.oneof(
      damaged(fc.constant(JSON.stringify(compact))),
      fc
        .tuple(fc.nat({ max: 8 }), fc.jsonValue({ maxDepth: 2 }))
        .map(([at, value]) => JSON.stringify(compact.with(at, value as string))),
      anyText,
    );
    fuzz(
      content,
      (text) => {
        const found = decodeClientId(sign(text.toWellFormed()), [key]);
        if (found) expect(contentOf(encodeClientId(found, [key]))).toBe(text.toWellFormed());
      },
      0.2,
    );
  });

  it('is read in a time that grows with its length', () => {
    for (const text of repeats(['', 'sp_c1_'], ['A', '_', '='])) bounded(() => decodeClientId(text, [key]));
  });
});
