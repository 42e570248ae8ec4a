import { randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deriveMacKey } from '../../src/crypto/hmac.ts';
import type { MacKey } from '../../src/crypto/hmac.ts';
import type { OpaqueKind, OpaqueToken } from '../../src/oauth/opaque-token.ts';
import { createTokenCodec } from '../../src/oauth/opaque-token.ts';

const newKey = (): MacKey => deriveMacKey(randomBytes(32), 'token');
const key = newKey();
const codec = createTokenCodec([key]);
const base64url = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

const token: OpaqueToken = {
  bucket: '0a7',
  grantId: randomBytes(16).toString('base64url'),
  generation: 3,
  seed: randomBytes(32).toString('base64url'),
};

const bytes = (length: number): fc.Arbitrary<string> =>
  fc
    .uint8Array({ minLength: length, maxLength: length })
    .map((data) => Buffer.from(data).toString('base64url'));
const anyKind = fc.constantFrom<OpaqueKind>('code', 'refresh');
const anyToken: fc.Arbitrary<OpaqueToken> = fc.record({
  bucket: fc.stringMatching(/^[0-9a-f]{3}$/u),
  grantId: bytes(16),
  generation: fc.nat({ max: 0xffff_ffff }),
  seed: bytes(32),
});

describe('a code or refresh token', () => {
  it('opens as what was issued', () => {
    fc.assert(
      fc.property(anyKind, anyToken, (kind, issued) => {
        expect(codec.open(kind, codec.issue(kind, issued))).toEqual(issued);
      }),
    );
  });

  it('is recognised by its prefix, and goes into a URL as it is', () => {
    expect(codec.issue('code', token)).toMatch(/^sp_ac_[\w-]{115}$/u);
    expect(codec.issue('refresh', token)).toMatch(/^sp_rt_[\w-]{115}$/u);
  });

  it('never opens as the other kind, not even with its prefix', () => {
    const code = codec.issue('code', token);
    expect(codec.open('refresh', code)).toBeNull();
    expect(codec.open('refresh', code.replace('sp_ac_', 'sp_rt_'))).toBeNull();
    expect(codec.open('code', codec.issue('refresh', token).replace('sp_rt_', 'sp_ac_'))).toBeNull();
  });

  it('is refused after any change of one character', () => {
    const text = codec.issue('refresh', token);
    const opened: string[] = [];
    for (let at = 0; at < text.length; at += 1) {
      for (const character of `${base64url}+/=. \0é`) {
        const changed = text.slice(0, at) + character + text.slice(at + 1);
        if (codec.open('refresh', changed) !== null) opened.push(changed);
      }
    }
    expect(new Set(opened)).toEqual(new Set([text]));
  });

  it('is refused cut, lengthened, or with one character missing or doubled', () => {
    const text = codec.issue('code', token);
    for (let at = 0; at < text.length; at += 1) {
      expect(codec.open('code', text.slice(0, at))).toBeNull();
      expect(codec.open('code', text.slice(0, at) + text.slice(at + 1))).toBeNull();
      expect(codec.open('code', text.slice(0, at) + text.charAt(at) + text.slice(at))).toBeNull();
    }
    for (const more of ['A', '=', '==', ' ', '\n', '\0']) expect(codec.open('code', text + more)).toBeNull();
  });

  it('is refused when it is put together from two', () => {
    const [one, two] = [codec.issue('code', token), codec.issue('code', { ...token, generation: 4 })];
    const opened: string[] = [];
    for (let at = 0; at <= one.length; at += 1) {
      const mixed = one.slice(0, at) + two.slice(at);
      if (codec.open('code', mixed) !== null) opened.push(mixed);
    }
    expect(new Set(opened)).toEqual(new Set([one, two]));
  });

  it('is sought in any text without failing', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.stringMatching(/^sp_(?:ac|rt)_[\w-]{115}$/u),
      fc.string({ unit: 'binary', minLength: 115, maxLength: 115 }).map((tail) => `sp_ac_${tail}`),
    );
    fc.assert(
      fc.property(anyKind, text, (kind, garbage) => {
        expect(codec.open(kind, garbage)).toBeNull();
      }),
    );
  });
});

describe('the keys of tokens', () => {
  it('may be changed: the first issues, all open', () => {
    const next = newKey();
    const both = createTokenCodec([next, key]);
    expect(both.open('refresh', codec.issue('refresh', token))).toEqual(token);
    const issued = both.issue('refresh', token);
    expect(createTokenCodec([next]).open('refresh', issued)).toEqual(token);
    expect(codec.open('refresh', issued)).toBeNull();
  });

  it('end their tokens when they are gone', () => {
    expect(createTokenCodec([newKey()]).open('code', codec.issue('code', token))).toBeNull();
  });

  it('are at least one', () => {
    expect(() => createTokenCodec([])).toThrow(TypeError);
  });
});

describe('parts that are none of a token', () => {
  it.each([
    ['a bucket of letters', { bucket: 'xyz' }],
    ['a bucket of four digits', { bucket: '0a7f' }],
    ['a bucket in capitals', { bucket: '0A7' }],
    ['an empty grant id', { grantId: '' }],
    ['a short grant id', { grantId: randomBytes(15).toString('base64url') }],
    ['a long grant id', { grantId: randomBytes(17).toString('base64url') }],
    ['a grant id with other bits at its end', { grantId: `${'A'.repeat(21)}B` }],
    ['a short seed', { seed: randomBytes(31).toString('base64url') }],
    ['a seed in plain base64', { seed: `${'+'.repeat(42)}A` }],
  ])('are not issued: %s', (_what, part) => {
    expect(() => codec.issue('code', { ...token, ...part })).toThrow(TypeError);
  });

  it.each([-1, 2 ** 32, 1.5, Number.NaN])('are not issued: generation %d', (generation) => {
    expect(() => codec.issue('refresh', { ...token, generation })).toThrow(TypeError);
  });
});
