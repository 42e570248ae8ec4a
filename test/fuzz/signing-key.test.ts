import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createJwtSigner } from '../../src/crypto/sign.ts';
import { parseSigningKey } from '../../src/crypto/signing-key.ts';
import type { SigningKey } from '../../src/crypto/signing-key.ts';
import { createJwtVerifier } from '../../src/crypto/verify.ts';
import { SallyportError } from '../../src/types/error.ts';
import { ecParameters, newEcKey, newPrivateKey, pemOf } from '../signing-keys/pems.ts';
import { bounded, fuzz, fuzzAsync } from './cases.ts';
import { around, damaged, repeats } from './texts.ts';

const ec = newEcKey('P-256');
const good = [
  pemOf(ec),
  ecParameters + pemOf(ec, 'sec1'),
  pemOf(newPrivateKey('EdDSA')),
  pemOf(newPrivateKey('ES384'), 'sec1'),
];
const pem = fc.constantFrom(...good);

function read(text: string): SigningKey | null {
  try {
    return parseSigningKey(text, 'key.pem');
  } catch (error) {
    if (!(error instanceof SallyportError) || error.code !== 'key_invalid') throw error;
    expect(error.message).toContain('key.pem');
    return null;
  }
}

/** The DER of a key with one byte changed: what a damaged disk or a wrong paste leaves. */
const damagedDer = fc.tuple(pem, fc.nat(), fc.integer({ min: 1, max: 255 })).map(([text, place, mask]) => {
  const [head = '', body = '', tail = ''] =
    /(-----BEGIN [^-]*PRIVATE KEY-----)([^-]*)(-----END[\s\S]*)/u.exec(text)?.slice(1) ?? [];
  const der = Buffer.from(body, 'base64');
  const at = place % der.length;
  der[at] = (der[at] ?? 0) ^ mask;
  return `${head}\n${der.toString('base64')}\n${tail}`;
});

describe('a signing key', () => {
  it('in any text is read, or refused with the name of its file', () => {
    fuzz(around(pem), (text) => void read(text), 0.3);
  });

  it('that is read after damage is a whole one: what it signs can be verified', async () => {
    await fuzzAsync(
      fc.oneof(damagedDer, damaged(pem)),
      async (text) => {
        const key = read(text);
        if (!key) return;
        const token = await createJwtSigner(key).sign('at+jwt', { iss: 'us', exp: 2 });
        const verifier = createJwtVerifier([key], { clock: () => 1000 });
        expect(await verifier.verify(token, { typ: 'at+jwt', issuer: 'us' })).not.toBeNull();
      },
      0.7,
    );
  });

  it('is sought in a time that grows with the length of the file', () => {
    const begin = '-----BEGIN PRIVATE KEY-----';
    for (const text of repeats(
      ['', begin, `${begin}\n`],
      [begin, '-----', '-a', 'A\n', '-----END X-----', '-----BEGIN '],
    ))
      bounded(() => read(text));
  });
});
