import * as fc from 'fast-check';
import { SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import {
  encode,
  es256,
  expected,
  goodClaims,
  hs256,
  issue,
  newKey,
  signedWith,
  verifierFor,
} from './forge.ts';

const key = newKey('ES256');
const rsa = newKey('RS256');
const verifier = verifierFor(key, rsa);
const attacker = newKey('ES256');
const good = await issue(key);
const [header = '', payload = '', signature = ''] = good.split('.');

describe('a forged token is refused', () => {
  it.each(['none', 'None', 'NONE', 'nOnE', ''])('with the algorithm "%s"', async (alg) => {
    const head = encode({ alg, typ: 'at+jwt', kid: key.kid });
    expect(await verifier.verify(`${head}.${payload}.`, expected)).toBeNull();
    expect(await verifier.verify(`${head}.${payload}.${signature}`, expected)).toBeNull();
  });

  it('with HS256 and a public key of ours as the secret, in every spelling of that key', async () => {
    for (const { publicKey, publicJwk, kid } of [key, rsa]) {
      const pem = publicKey.export({ type: 'spki', format: 'pem' });
      const spellings = [
        pem,
        pem.trim(),
        publicKey.export({ type: 'spki', format: 'der' }),
        JSON.stringify(publicJwk),
        String(publicJwk['x'] ?? publicJwk['n']),
      ];
      for (const secret of spellings) {
        expect(await verifier.verify(hs256({ kid }, secret), expected)).toBeNull();
      }
    }
  });

  it('with another algorithm than the one of its key', async () => {
    for (const alg of ['PS256', 'RS384', 'RS512']) {
      const token = await new SignJWT(goodClaims)
        .setProtectedHeader({ alg, kid: rsa.kid, typ: 'at+jwt' })
        .sign(
          await crypto.subtle.importKey(
            'pkcs8',
            rsa.privateKey.export({ type: 'pkcs8', format: 'der' }),
            {
              name: alg === 'PS256' ? 'RSA-PSS' : 'RSASSA-PKCS1-v1_5',
              hash: `SHA-${alg.slice(2)}`,
            },
            false,
            ['sign'],
          ),
        );
      expect(await verifier.verify(token, expected)).toBeNull();
    }
  });

  it('with the id of one of our keys and the signature of another of ours', async () => {
    expect(await verifier.verify(signedWith(key, { header: { kid: rsa.kid } }), expected)).toBeNull();
    expect(
      await verifier.verify(signedWith(key, { header: { kid: rsa.kid, alg: 'RS256' } }), expected),
    ).toBeNull();
  });

  it('with a foreign key, whatever id it claims', async () => {
    expect(await verifier.verify(signedWith(attacker, {}), expected)).toBeNull();
    expect(await verifier.verify(signedWith(attacker, { header: { kid: key.kid } }), expected)).toBeNull();
  });

  it.each([
    [undefined],
    [null],
    [''],
    [0],
    [['x']],
    [{ kid: 'x' }],
    ['__proto__'],
    ['constructor'],
    ['toString'],
  ])('with the key id %j', async (kid) => {
    expect(await verifier.verify(signedWith(key, { header: { kid } }), expected)).toBeNull();
  });

  it.each([
    ['jwk', attacker.publicJwk],
    ['jku', 'https://evil.example/jwks.json'],
    ['x5u', 'https://evil.example/cert.pem'],
    ['x5c', ['TUlJQg==']],
    ['x5t', 'AAAA'],
    ['x5t#S256', 'AAAA'],
  ])('with a key of its own in %s', async (name, value) => {
    const brought = { header: { [name]: value, kid: key.kid } };
    expect(await verifier.verify(signedWith(attacker, brought), expected)).toBeNull();
    expect(await verifier.verify(signedWith(attacker, { header: { [name]: value } }), expected)).toBeNull();
    // Even one that we signed ourselves: no token of ours has such a header.
    expect(await verifier.verify(signedWith(key, brought), expected)).toBeNull();
  });

  it.each([
    ['an extension that nobody knows', { crit: ['exp'], exp: 1 }],
    ['an extension that the library knows', { crit: ['b64'], b64: true }],
    ['an unencoded payload', { crit: ['b64'], b64: false }],
    ['an empty list of extensions', { crit: [] }],
    ['nothing, but an unencoded payload', { b64: false }],
    ['extensions that are no list', { crit: 'b64' }],
  ])('with %s marked critical (RFC 7515 §4.1.11)', async (_, extra) => {
    expect(await verifier.verify(signedWith(key, { header: extra }), expected)).toBeNull();
  });

  it('with parts of two good tokens', async () => {
    const [otherHeader = '', otherPayload = '', otherSignature = ''] = (
      await issue(key, { sub: 'user-2' })
    ).split('.');
    expect(otherHeader).toBe(header);
    expect(await verifier.verify(`${header}.${otherPayload}.${signature}`, expected)).toBeNull();
    expect(await verifier.verify(`${header}.${payload}.${otherSignature}`, expected)).toBeNull();
  });

  it('with a signature of zeros, of half the length, or in DER', async () => {
    const zeros = Buffer.alloc(64).toString('base64url');
    const half = Buffer.from(signature, 'base64url').subarray(0, 32).toString('base64url');
    for (const bad of [zeros, half, '', 'AA', 'MEUCIQ']) {
      expect(await verifier.verify(`${header}.${payload}.${bad}`, expected)).toBeNull();
    }
  });

  it('with any one character of it changed', async () => {
    const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    let accepted = 0;
    for (let at = 0; at < good.length; at += 1) {
      const digit = digits.indexOf(good[at] ?? '');
      const changed = good[at] === '.' ? '-' : digits[digit ^ 1];
      if (await verifier.verify(`${good.slice(0, at)}${changed}${good.slice(at + 1)}`, expected))
        accepted += 1;
    }
    expect(accepted).toBe(0);
  });
});

describe('a good token in another spelling is refused, so that one token has one form', () => {
  it.each([
    ['padding', `${good}==`],
    ['a space after it', `${good} `],
    ['a space before it', ` ${good}`],
    ['a line end after it', `${good}\n`],
    ['a line end in its signature', `${header}.${payload}.${signature.slice(0, 9)}\n${signature.slice(9)}`],
    ['a fourth part', `${good}.`],
    ['a fifth part', `${good}.a.b`],
  ])('with %s', async (_, token) => {
    expect(await verifier.verify(good, expected)).not.toBeNull();
    expect(await verifier.verify(token, expected)).toBeNull();
  });

  it('with the plain alphabet of base64', async () => {
    let token = good;
    while (!/[-_]/u.test(token.split('.')[2] ?? '')) token = await issue(key);
    const [head, body, tail = ''] = token.split('.');
    const plain = `${head}.${body}.${tail.replaceAll('-', '+').replaceAll('_', '/')}`;
    expect(await verifier.verify(plain, expected)).toBeNull();
  });

  it('with the unused bits of its last character set', async () => {
    const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const last = digits.indexOf(signature.at(-1) ?? '');
    for (const bits of [1, 2, 3]) {
      const token = `${good.slice(0, -1)}${digits[last | bits]}`;
      expect(Buffer.from(token.split('.')[2] ?? '', 'base64url')).toEqual(
        Buffer.from(signature, 'base64url'),
      );
      expect(await verifier.verify(token, expected)).toBeNull();
    }
  });
});

describe('garbage is refused and nothing is thrown', () => {
  it.each([
    '',
    '.',
    '..',
    '...',
    'a',
    'a.b',
    'a.b.c',
    'é.é.é',
    '\u{0}',
    'Bearer x',
    '{}',
    'null',
    'e30.e30.e30',
    '\u{D800}.a.b',
  ])('%j', async (text) => {
    expect(await verifier.verify(text, expected)).toBeNull();
  });

  it('of any form', async () => {
    const part = fc.oneof(
      fc.string(),
      fc.json().map((text) => Buffer.from(text).toString('base64url')),
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(part, { maxLength: 5 }).map((parts) => parts.join('.')),
    );
    await fc.assert(
      fc.asyncProperty(text, async (token) => {
        expect(await verifier.verify(token, expected)).toBeNull();
      }),
      { numRuns: 500 },
    );
  });

  it('with any header over a good payload', async () => {
    const value = fc.oneof(fc.constantFrom(key.kid, 'ES256', 'at+jwt', 'none', 'HS256'), fc.jsonValue());
    const names = ['alg', 'kid', 'typ', 'crit', 'b64', 'jwk', 'zip', 'enc', 'cty'];
    const record = fc.record(Object.fromEntries(names.map((name) => [name, value])), { requiredKeys: [] });
    await fc.assert(
      fc.asyncProperty(record, async (head) => {
        const input = `${encode(head)}.${encode(goodClaims)}`;
        const token = `${input}.${es256(input, attacker.privateKey)}`;
        expect(await verifier.verify(token, expected)).toBeNull();
      }),
      { numRuns: 300 },
    );
  });

  it('of ten megabytes, also when it is signed', async () => {
    const huge = 'A'.repeat(10_000_000);
    expect(await verifier.verify(huge, expected)).toBeNull();
    expect(await verifier.verify(`${header}.${huge}.${signature}`, expected)).toBeNull();
    expect(await verifier.verify('.'.repeat(10_000_000), expected)).toBeNull();
    expect(await verifier.verify(await issue(key, { pad: huge }), expected)).toBeNull();
  });

  it('also by a verifier without keys', async () => {
    expect(await verifierFor().verify(good, expected)).toBeNull();
  });

  it('also when it names an algorithm that nobody supports', async () => {
    for (const alg of ['Ed448', 'ES256K', 'RSA-OAEP', 'toString', '__proto__']) {
      expect(await verifier.verify(signedWith(key, { header: { alg } }), expected)).toBeNull();
    }
  });
});
