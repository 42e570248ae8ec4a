import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { equalSecrets, sha256, sha256Bytes } from '../../src/crypto/hash.ts';

describe('a hash', () => {
  it('is SHA-256 in base64url', () => {
    expect(sha256('abc')).toBe('ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0');
    expect(sha256('')).toBe('47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU');
  });

  it('is the same over a text and its bytes, as the reference has it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const known = createHash('sha256').update(text).digest();
        expect(sha256Bytes(text)).toEqual(known);
        expect(sha256(Buffer.from(text))).toBe(known.toString('base64url'));
      }),
    );
  });
});

describe('comparing secrets', () => {
  it.each([
    ['equal texts', 'secret', 'secret', true],
    ['a text and its bytes', 'Zoë', Buffer.from('Zoë'), true],
    ['nothing and nothing', '', '', true],
    ['another last character', 'secret', 'secreT', false],
    ['a prefix', 'secret', 'secre', false],
    ['something and nothing', 'secret', '', false],
    ['a text with a zero byte after it', 'secret', 'secret\u{0}', false],
    ['two forms of one letter', 'é', 'e\u{301}', false],
  ])('%s', (_, a, b, equal) => {
    expect(equalSecrets(a, b)).toBe(equal);
    expect(equalSecrets(b, a)).toBe(equal);
  });
});
