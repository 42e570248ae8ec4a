import { sign, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { derToRaw } from '../../src/crypto/der.ts';
import { newEcKey } from '../signing-keys/pems.ts';

const curves = [
  { curve: 'P-256', digest: 'sha256', size: 32, rounds: 2500 },
  { curve: 'P-384', digest: 'sha384', size: 48, rounds: 400 },
  { curve: 'P-521', digest: 'sha512', size: 66, rounds: 400 },
];

/** DER of two numbers given as the bytes of their INTEGERs. */
function der(...numbers: readonly (readonly number[])[]): Uint8Array {
  const body = numbers.flatMap((number) => [2, number.length].concat(number));
  return Uint8Array.from([0x30, ...(body.length < 128 ? [] : [0x81]), body.length, ...body]);
}

describe('an ECDSA signature in the form of JWS', () => {
  it.each(curves)(
    'verifies for each of $rounds signatures with $curve',
    ({ curve, digest, size, rounds }) => {
      const key = newEcKey(curve);
      let bad = 0;
      for (let round = 0; round < rounds; round += 1) {
        const data = Buffer.from(`round ${round}`);
        const raw = derToRaw(sign(digest, data, key), size);
        const fits = raw.length === 2 * size;
        if (!fits || !verify(digest, data, { key, dsaEncoding: 'ieee-p1363' }, raw)) bad += 1;
      }
      expect(bad).toBe(0);
    },
  );

  it('pads numbers that begin with zeros on the left', () => {
    const raw = derToRaw(der([7], [1, 2]), 4);
    expect([...raw]).toEqual([0, 0, 0, 7, 0, 0, 1, 2]);
  });

  it('drops the zero that only keeps a number positive', () => {
    const raw = derToRaw(der([0, 0xff, 1, 2, 3], [0, 0x80, 0, 0, 0]), 4);
    expect([...raw]).toEqual([0xff, 1, 2, 3, 0x80, 0, 0, 0]);
  });

  it('reads lengths of 128 and more, as P-521 has them', () => {
    const r = Array.from({ length: 66 }, (_, index) => (index === 0 ? 1 : index));
    const s = Array.from({ length: 65 }, (_, index) => 100 - index);
    const raw = derToRaw(der(r, s), 66);
    expect([...raw]).toEqual([...r, 0, ...s]);
  });
});
