import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { challengeOf, checkChallenge } from '../../src/oauth/pkce.ts';
import { refusal } from '../parameters/refusal.ts';

/** The pair of RFC 7636 appendix B. */
const verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
const challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';

describe('the challenge of an authorization request', () => {
  it('is taken with the method S256', () => {
    expect(checkChallenge(challenge, 'S256')).toBe(challenge);
  });

  it.each([undefined, 'plain', 's256', 'S256 ', 'S512', 'none', ''])(
    'is refused with the method %j',
    (method) => {
      expect(refusal(() => checkChallenge(challenge, method)).error).toBe('invalid_request');
    },
  );

  it('is required', () => {
    const error = refusal(() => checkChallenge(undefined, 'S256'));
    expect(error.error).toBe('invalid_request');
    expect(error.description).toContain('code_challenge is missing');
    expect(refusal(() => checkChallenge(undefined, undefined)).error).toBe('invalid_request');
  });

  it.each([
    ['empty', ''],
    ['one character short', challenge.slice(1)],
    ['one character long', `${challenge}A`],
    ['padded', `${challenge}=`],
    ['in plain base64', challenge.replace('-', '+')],
    ['with a slash', `${challenge.slice(1)}/`],
    ['in hexadecimal', createHash('sha256').update(verifier).digest('hex')],
    ['with a line break after it', `${challenge}\n`],
    ['with letters outside ASCII', `${challenge.slice(1)}é`],
    ['the verifier of a longer secret', 'a'.repeat(128)],
  ])('is refused when it is %s', (_what, text) => {
    expect(refusal(() => checkChallenge(text, 'S256')).error).toBe('invalid_request');
  });
});

describe('the challenge of a verifier', () => {
  it('is the S256 of RFC 7636 appendix B', () => {
    expect(challengeOf(verifier)).toBe(challenge);
  });

  it.each([
    ['42 characters', 'a'.repeat(42)],
    ['129 characters', 'a'.repeat(129)],
    ['a space', `${'a'.repeat(43)} `],
    ['a plus sign', `${'a'.repeat(43)}+`],
    ['a line break', `${'a'.repeat(43)}\n`],
    ['letters outside ASCII', 'é'.repeat(43)],
    ['nothing', ''],
  ])('does not exist for %s', (_what, text) => {
    expect(challengeOf(text)).toBeNull();
  });

  it('is one that an authorization request may send, for every verifier of RFC 7636 §4.1', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9\-._~]{43,128}$/u), (text) => {
        const made = challengeOf(text);
        expect(made).toBe(createHash('sha256').update(text).digest('base64url'));
        expect(checkChallenge(made ?? undefined, 'S256')).toBe(made);
      }),
    );
  });

  it('is sought in any text without failing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        const fits = /^[A-Za-z0-9\-._~]*$/u.test(text) && text.length >= 43 && text.length <= 128;
        expect(challengeOf(text) !== null).toBe(fits);
      }),
    );
  });
});
