import { randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deriveMacKey } from '../../src/crypto/hmac.ts';
import type { OpaqueKind, OpaqueToken } from '../../src/oauth/opaque-token.ts';
import { createTokenCodec } from '../../src/oauth/opaque-token.ts';
import { bounded, fuzz } from './cases.ts';
import { around, damaged, repeats } from './texts.ts';

const codec = createTokenCodec([
  deriveMacKey(randomBytes(32), 'token'),
  deriveMacKey(randomBytes(32), 'token'),
]);

const bytes = (length: number): fc.Arbitrary<string> =>
  fc
    .uint8Array({ minLength: length, maxLength: length })
    .map((data) => Buffer.from(data).toString('base64url'));
const kind = fc.constantFrom<OpaqueKind>('code', 'refresh');
const token: fc.Arbitrary<OpaqueToken> = fc.record({
  bucket: fc.nat({ max: 0xfff }).map((number) => number.toString(16).padStart(3, '0')),
  grantId: bytes(16),
  generation: fc.nat({ max: 0xffff_ffff }),
  seed: bytes(32),
});
const issued = fc.constantFrom(
  ...fc
    .sample(fc.tuple(kind, token), { numRuns: 40, seed: 1 })
    .map(([each, parts]) => ({ kind: each, text: codec.issue(each, parts) })),
);

describe('a code or refresh token', () => {
  it('opens as what was issued, and as nothing of the other kind', () => {
    fuzz(
      fc.tuple(kind, token),
      ([each, parts]) => {
        const text = codec.issue(each, parts);
        expect(codec.open(each, text)).toEqual(parts);
        expect(codec.open(each === 'code' ? 'refresh' : 'code', text)).toBeNull();
      },
      0.2,
    );
  });

  it('does not open after any damage', () => {
    const pair = issued.chain((one) => fc.tuple(fc.constant(one), damaged(fc.constant(one.text))));
    fuzz(pair, ([one, text]) => expect(codec.open(one.kind, text) === null).toBe(text !== one.text), 0.5);
  });

  it('has one spelling: what opens is what would be issued again', () => {
    fuzz(
      fc.tuple(kind, around(issued.map(({ text }) => text))),
      ([each, text]) => {
        const parts = codec.open(each, text);
        if (parts) expect(codec.issue(each, parts)).toBe(text);
      },
      0.3,
    );
  });

  it('is read in a time that grows with its length', () => {
    for (const text of repeats(['', 'sp_ac_', 'sp_rt_'], ['A', '_', '='])) {
      bounded(() => codec.open('code', text));
      bounded(() => codec.open('refresh', text));
    }
  });
});
