import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { inspect } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSigningKey } from '../../src/crypto/signing-key.ts';
import { SallyportError } from '../../src/types/error.ts';
import { ecParameters, newEcKey, newPrivateKey, pemOf } from './pems.ts';

const origin = '/run/secrets/signing.pem';
const passphrase = { cipher: 'aes-256-cbc', passphrase: 'correct horse battery staple' };

function refusal(pem: string): SallyportError {
  try {
    parseSigningKey(pem, origin);
  } catch (error) {
    if (error instanceof SallyportError) return error;
    throw error;
  }
  throw new Error('the key was taken');
}

const rsa = newPrivateKey('RS256');
const p256 = newEcKey('P-256');
const oneCertificate = '-----BEGIN CERTIFICATE-----\nTUlJQg==\n-----END CERTIFICATE-----\n';

const refused: readonly (readonly [what: string, pem: string, says: RegExp, fix: RegExp])[] = [
  ['an empty file', '', /no PEM block/u, /BEGIN … PRIVATE KEY/u],
  ['a text without PEM', 'hunter2', /no PEM block/u, /BEGIN … PRIVATE KEY/u],
  ['a JWK', JSON.stringify(p256.export({ format: 'jwk' })), /no PEM block/u, /BEGIN … PRIVATE KEY/u],
  [
    'an encrypted PKCS#8 key',
    p256.export({ type: 'pkcs8', format: 'pem', ...passphrase }),
    /is encrypted/u,
    /openssl pkey/u,
  ],
  [
    'an encrypted PKCS#1 key in the old form',
    rsa.export({ type: 'pkcs1', format: 'pem', ...passphrase }),
    /is encrypted/u,
    /openssl pkey/u,
  ],
  [
    'an encrypted SEC1 key in the old form',
    p256.export({ type: 'sec1', format: 'pem', ...passphrase }),
    /is encrypted/u,
    /openssl pkey/u,
  ],
  [
    'a public key',
    createPublicKey(p256).export({ type: 'spki', format: 'pem' }),
    /PUBLIC KEY, but no private key/u,
    /private key/u,
  ],
  [
    'an RSA public key',
    createPublicKey(rsa).export({ type: 'pkcs1', format: 'pem' }),
    /RSA PUBLIC KEY, but no private key/u,
    /private key/u,
  ],
  ['a certificate', oneCertificate, /CERTIFICATE, but no private key/u, /private key/u],
  ['parameters without a key', ecParameters, /EC PARAMETERS, but no private key/u, /private key/u],
  ['P-224', pemOf(newEcKey('secp224r1')), /secp224r1/u, /use RSA, EC P-256/u],
  ['secp256k1', pemOf(newEcKey('secp256k1')), /secp256k1/u, /use RSA, EC P-256/u],
  [
    'an RSA key of 1024 bits',
    pemOf(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey),
    /1024 bits/u,
    /at least 2048/u,
  ],
  [
    'an RSA-PSS key',
    pemOf(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey),
    /rsa-pss/u,
    /use RSA, EC P-256/u,
  ],
  ['an X25519 key', pemOf(generateKeyPairSync('x25519').privateKey), /x25519/u, /use RSA, EC P-256/u],
  ['an Ed448 key', pemOf(generateKeyPairSync('ed448').privateKey), /ed448/u, /use RSA, EC P-256/u],
  [
    'an OpenSSH key',
    '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjE=\n-----END OPENSSH PRIVATE KEY-----\n',
    /OpenSSH/u,
    /ssh-keygen -p -m PKCS8/u,
  ],
  [
    'a damaged key',
    pemOf(p256).replace(/\n.{20}/u, '\nAAAAAAAAAAAAAAAAAAAA'),
    /no readable private key/u,
    /openssl/u,
  ],
];

describe('a signing key file that cannot serve', () => {
  it.each(refused)(
    'is refused when it holds %s: the error names file, problem and fix',
    (_, pem, says, fix) => {
      const error = refusal(pem);
      expect(error.code).toBe('key_invalid');
      expect(error.message).toContain(origin);
      expect(error.message).toMatch(says);
      expect(error.message).toMatch(fix);
    },
  );

  it('has a message of its own for every kind of mistake', () => {
    const kinds = [
      'a JWK',
      'an encrypted PKCS#8 key',
      'a public key',
      'a certificate',
      'P-224',
      'a damaged key',
    ];
    const messages = refused.filter(([what]) => kinds.includes(what)).map(([, pem]) => refusal(pem).message);
    expect(new Set(messages).size).toBe(kinds.length);
  });

  it.each(refused)('does not leak what was in it: %s', (_, pem) => {
    const printed = inspect(refusal(pem), { depth: 9 });
    const lines = pem.split('\n').filter((line) => line.length >= 24 && !line.startsWith('-----'));
    for (const line of lines) expect(printed).not.toContain(line.slice(0, 24));
  });

  it('is refused when its private and its public half are of two keys', () => {
    const der = p256.export({ type: 'sec1', format: 'der' });
    const point = createPublicKey(newEcKey('P-256')).export({ type: 'spki', format: 'der' }).subarray(-65);
    const mixed = Buffer.concat([der.subarray(0, -65), point]).toString('base64');
    const pem = `-----BEGIN EC PRIVATE KEY-----\n${mixed}\n-----END EC PRIVATE KEY-----\n`;
    expect(refusal(pem).message).toMatch(/do(es)? not (fit|verify)/u);
  });

  it('is refused as key_invalid whatever the text', () => {
    const labels = fc.constantFrom(
      'PRIVATE KEY',
      'EC PRIVATE KEY',
      'RSA PRIVATE KEY',
      'ENCRYPTED PRIVATE KEY',
      'X',
    );
    const block = fc
      .tuple(labels, fc.base64String({ maxLength: 200 }))
      .map(([label, body]) => `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----`);
    fc.assert(
      fc.property(fc.oneof(fc.string(), block), (text) => {
        expect(refusal(text).code).toBe('key_invalid');
      }),
      { numRuns: 300 },
    );
  });

  it('does not take long to refuse a huge text of half blocks', () => {
    const text = '-----BEGIN PRIVATE KEY-----\nAAAA\n'.repeat(20_000);
    expect(refusal(text).code).toBe('key_invalid');
  });
});
