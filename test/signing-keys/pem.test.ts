import { createPrivateKey, createPublicKey } from 'node:crypto';
import { calculateJwkThumbprint } from 'jose';
import { describe, expect, it } from 'vitest';
import { generateSigningKeyPem, parseSigningKey } from '../../src/crypto/signing-key.ts';
import { algorithms, ecParameters, newEcKey, newPrivateKey, pemOf } from './pems.ts';

describe('a signing key file', () => {
  it.each(algorithms)('in PKCS#8 signs %s, the algorithm that follows from the key', (alg) => {
    expect(parseSigningKey(pemOf(newPrivateKey(alg)), 'key.pem').alg).toBe(alg);
  });

  it('may be PKCS#1', () => {
    const pem = pemOf(newPrivateKey('RS256'), 'pkcs1');
    expect(pem).toContain('BEGIN RSA PRIVATE KEY');
    expect(parseSigningKey(pem, 'key.pem').alg).toBe('RS256');
  });

  it.each([
    ['P-256', 'ES256'],
    ['P-384', 'ES384'],
    ['P-521', 'ES512'],
  ])('may be SEC1 with %s', (curve, alg) => {
    const pem = pemOf(newEcKey(curve), 'sec1');
    expect(pem).toContain('BEGIN EC PRIVATE KEY');
    expect(parseSigningKey(pem, 'key.pem').alg).toBe(alg);
  });

  it('may have an EC PARAMETERS block before the key, as openssl ecparam writes it', () => {
    const key = newEcKey('P-256');
    const parsed = parseSigningKey(ecParameters + pemOf(key, 'sec1'), 'key.pem');
    expect(parsed.privateKey.equals(key)).toBe(true);
  });

  it('may have comments, Windows line ends and a certificate around the key', () => {
    const key = newPrivateKey('ES256');
    const certificate = '-----BEGIN CERTIFICATE-----\nTUlJQg==\n-----END CERTIFICATE-----\n';
    const text = `# made in 2026\n${certificate}${pemOf(key)}trailing words\n`.replaceAll('\n', '\r\n');
    expect(parseSigningKey(text, 'key.pem').privateKey.equals(key)).toBe(true);
  });

  it('may carry a byte order mark', () => {
    expect(parseSigningKey(`\u{FEFF}${pemOf(newPrivateKey('EdDSA'))}`, 'key.pem').alg).toBe('EdDSA');
  });

  it.each(['RSA PRIVATE KEY', 'EC PRIVATE KEY'])('in PKCS#8 may be mislabelled %s', (label) => {
    const alg = label.startsWith('RSA') ? 'RS256' : 'ES256';
    const pem = pemOf(newPrivateKey(alg)).replaceAll('PRIVATE KEY', label);
    expect(parseSigningKey(pem, 'key.pem').alg).toBe(alg);
  });
});

describe('the id of a key', () => {
  it.each(algorithms)('is its RFC 7638 thumbprint (%s)', async (alg) => {
    const key = parseSigningKey(pemOf(newPrivateKey(alg)), 'key.pem');
    expect(key.kid).toBe(await calculateJwkThumbprint(key.publicKey.export({ format: 'jwk' }), 'sha256'));
  });

  it('does not depend on the form of the file', () => {
    const key = newEcKey('P-384');
    const kids = [pemOf(key), pemOf(key, 'sec1')].map((pem) => parseSigningKey(pem, 'key.pem').kid);
    expect(kids[0]).toBe(kids[1]);
  });
});

describe('the published form of a key', () => {
  it.each([
    ['RS256', ['alg', 'e', 'kid', 'kty', 'n', 'use']],
    ['ES256', ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']],
    ['EdDSA', ['alg', 'crv', 'kid', 'kty', 'use', 'x']],
  ] as const)('of %s has public members only', (alg, members) => {
    const { publicJwk } = parseSigningKey(pemOf(newPrivateKey(alg)), 'key.pem');
    expect(Object.keys(publicJwk).sort()).toEqual([...members]);
    expect(publicJwk).toMatchObject({ alg, use: 'sig' });
  });

  it('has coordinates of full width, also when a number begins with zeros (RFC 7518 §6.2.1.2)', () => {
    const lengths = Array.from({ length: 300 }, () => {
      const { x, y } = parseSigningKey(pemOf(newEcKey('P-256')), 'key.pem').publicJwk;
      return [x, y].map((part) => Buffer.from(String(part), 'base64url').length);
    });
    expect(new Set(lengths.flat())).toEqual(new Set([32]));
  });
});

describe('a generated key', () => {
  it('is an ES256 key in PKCS#8 that loads again', () => {
    const pem = generateSigningKeyPem();
    expect(pem).toMatch(/^-----BEGIN PRIVATE KEY-----\n/u);
    const key = parseSigningKey(pem, 'made');
    expect(key.alg).toBe('ES256');
    expect(key.privateKey.equals(createPrivateKey(pem))).toBe(true);
    expect(key.publicKey.equals(createPublicKey(pem))).toBe(true);
  });

  it('is another one each time', () => {
    expect(generateSigningKeyPem()).not.toBe(generateSigningKeyPem());
  });
});
