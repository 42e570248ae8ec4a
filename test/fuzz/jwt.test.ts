import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { readAccessToken } from '../../src/resource/verify-access-token.ts';
import type { SigningKey } from '../../src/crypto/signing-key.ts';
import { expected, goodClaims, issue, issuer, newKey, now, signedWith, verifierFor } from '../jwt/forge.ts';
import { fuzzAsync } from './cases.ts';
import { anyText, damaged, repeats } from './texts.ts';

const key = newKey('EdDSA');
const es = newKey('ES256');
const verifier = verifierFor(key, es);
const claims = { sub: 'user-1', client_id: 'c', scope: 'openid', jti: 'j', sid: 's', iat: now - 10 };

/** Tokens made beforehand: what is fuzzed is the reading. */
const tokens: string[] = [];
beforeAll(async () => {
  for (const signer of [key, es]) {
    for (let index = 0; index < 10; index += 1)
      tokens.push(await issue(signer, { ...claims, jti: `j${index}` }));
  }
});
const token = fc.nat({ max: 19 }).map((index) => tokens[index] ?? '');

const part = (value: unknown): string => Buffer.from(JSON.stringify(value) ?? '').toString('base64url');
const header = fc.record(
  {
    alg: fc.constantFrom('EdDSA', 'ES256', 'none', 'HS256', 'NONE', 'RS256', null, ['ES256']),
    typ: fc.constantFrom('at+jwt', 'JWT', 'application/at+jwt', 'at+JWT', 7),
    kid: fc.constantFrom(key.kid, es.kid, '', '__proto__', 'constructor', null),
    jwk: fc.constant(key.publicJwk),
    crit: fc.constantFrom([], ['exp'], 'exp'),
    b64: fc.boolean(),
    zip: fc.constant('DEF'),
  },
  { requiredKeys: ['alg'] },
);

describe('a token of ours', () => {
  it('is refused after any damage, and has no second spelling', async () => {
    const pair = token.chain((text) => fc.tuple(fc.constant(text), damaged(fc.constant(text))));
    await fuzzAsync(
      pair,
      async ([text, changed]) => {
        expect((await verifier.verify(changed, expected)) === null).toBe(changed !== text);
      },
      0.4,
    );
  });

  it('is refused with any other header over the same signature', async () => {
    await fuzzAsync(
      fc.tuple(token, fc.oneof(header, fc.jsonValue({ maxDepth: 2 }))),
      async ([text, other]) => {
        const [first = '', payload = '', signature = ''] = text.split('.');
        for (const tail of [signature, '']) {
          const changed = `${part(other)}.${payload}.${tail}`;
          if (part(other) !== first) expect(await verifier.verify(changed, expected)).toBeNull();
        }
      },
      0.2,
    );
  });

  it('is refused whatever stands in it, when nobody signed it', async () => {
    const shape = fc.oneof(
      fc
        .tuple(header, fc.jsonValue({ maxDepth: 3 }), fc.base64String())
        .map(([one, two, three]) => `${part(one)}.${part(two)}.${three}`),
      fc.tuple(anyText, anyText, anyText).map((parts) => parts.join('.')),
      anyText,
    );
    await fuzzAsync(shape, async (text) => expect(await verifier.verify(text, expected)).toBeNull(), 0.2);
  });

  it('that we signed counts only for its issuer and audience, until its end', async () => {
    const odd = fc.oneof(
      fc.constant(undefined),
      fc.jsonValue({ maxDepth: 1 }),
      fc.constantFrom(Number.MAX_VALUE, -1, now, now + 300),
    );
    const names = fc.constantFrom(
      'iss',
      'aud',
      'exp',
      'nbf',
      'iat',
      'sub',
      'jti',
      'sid',
      'scope',
      'client_id',
    );
    const signer: SigningKey = es;
    await fuzzAsync(
      fc.tuple(names, odd),
      async ([name, value]) => {
        const payload = { ...goodClaims, ...claims, [name]: value };
        const verified = await verifier.verify(signedWith(signer, { payload }), expected);
        if (verified === null) return;
        expect(verified['iss']).toBe(issuer);
        expect([verified['aud']].flat()).toEqual([expected.audience]);
        expect(Number(verified['exp'])).toBeGreaterThan(now);
        const access = readAccessToken(verified);
        if (access) expect(Number.isSafeInteger(access.expiresAt)).toBe(true);
      },
      0.2,
    );
  });

  it('is read in a time that grows with its length', async () => {
    for (const text of repeats(['', 'a.', 'a.b.'], ['A', '.', 'e30.']))
      expect(await verifier.verify(text, expected)).toBeNull();
  });
});
