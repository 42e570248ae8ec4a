import { createHmac, createSecretKey, hkdfSync, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { deriveKeyBytes, deriveMacKey, findMac, mac } from '../../src/crypto/hmac.ts';
import type { Purpose } from '../../src/crypto/hmac.ts';

const purposes: readonly Purpose[] = [
  'token',
  'login-state',
  'client-id',
  'client-secret',
  'transaction',
  'ring-wrap',
  'vault',
];
const secret = Buffer.from('0123456789abcdef0123456789abcdef');

describe('a key derived from a secret', () => {
  it('is another one for every purpose', () => {
    const keys = purposes.map((purpose) => deriveKeyBytes(secret, purpose).toString('hex'));
    expect(new Set(keys).size).toBe(purposes.length);
    expect(keys).not.toContain(secret.toString('hex'));
  });

  it.each(purposes)(
    'is HKDF-SHA-256 under a label, so that it never changes between releases (%s)',
    (purpose) => {
      const known = hkdfSync('sha256', secret, '', `sallyport/${purpose}/v1`, 32);
      expect(deriveKeyBytes(secret, purpose)).toEqual(Buffer.from(known));
    },
  );

  it('is the recorded one for a known secret', () => {
    expect(deriveKeyBytes(secret, 'token').toString('hex')).toMatchInlineSnapshot(
      `"88a09540488e7bcdf2d0a3558c263cdf17f580bfd2621d106fbd330b04d9d2a8"`,
    );
    expect(deriveKeyBytes(secret, 'vault').toString('hex')).toMatchInlineSnapshot(
      `"cd52e4dd471d36fe518cc7793cc297a3dc4bc09729d88732c6cb7584cde54296"`,
    );
  });

  it('uses the whole secret, not only its first 32 bytes', () => {
    const [long, other] = [
      Buffer.concat([secret, Buffer.from('A')]),
      Buffer.concat([secret, Buffer.from('B')]),
    ];
    const keys = [secret, long, other].map((bytes) => deriveKeyBytes(bytes, 'token').toString('hex'));
    expect(new Set(keys).size).toBe(3);
  });

  it('tells secrets apart that differ in zeros at the end', () => {
    const padded = Buffer.concat([secret, Buffer.alloc(1)]);
    expect(deriveKeyBytes(padded, 'token')).not.toEqual(deriveKeyBytes(secret, 'token'));
  });

  it('prints nothing of itself', () => {
    const printed = inspect(deriveMacKey(secret, 'token'), { depth: 9, showHidden: true });
    expect(printed).not.toContain(deriveKeyBytes(secret, 'token').toString('hex').slice(0, 4));
    expect(JSON.stringify(deriveMacKey(secret, 'token'))).toBe('{"key":{}}');
  });
});

describe('a MAC', () => {
  const key = deriveMacKey(secret, 'token');

  it('is HMAC-SHA-256 with the derived key', () => {
    const raw = createSecretKey(deriveKeyBytes(secret, 'token'));
    expect(mac(key, 'data')).toEqual(createHmac('sha256', raw).update('data').digest());
  });

  it('is the same over a text and over its bytes', () => {
    expect(mac(key, 'Zoë')).toEqual(mac(key, Buffer.from('Zoë')));
  });
});

describe('the key that made a MAC', () => {
  const ring = [1, 2, 3].map(() => deriveMacKey(randomBytes(32), 'token'));

  it.each([0, 1, 2])('is found at place %i of a ring', (place) => {
    const key = ring[place];
    expect(key).toBeDefined();
    const tag = key ? mac(key, 'data') : Buffer.alloc(32);
    expect(findMac(ring, 'data', tag)).toBe(key);
  });

  it.each([16, 20, 24, 31, 32])('is found by the first %i bytes', (length) => {
    const [key = deriveMacKey(secret, 'token')] = ring;
    expect(findMac(ring, 'data', mac(key, 'data').subarray(0, length))).toBe(key);
  });

  it('is none when any byte differs', () => {
    const [key = deriveMacKey(secret, 'token')] = ring;
    for (let at = 0; at < 32; at += 1) {
      const tag = mac(key, 'data');
      tag[at] = (tag[at] ?? 0) ^ 1;
      expect(findMac(ring, 'data', tag)).toBeNull();
    }
  });

  it('is none for other data, a retired key, a longer tag, or in an empty ring', () => {
    const [key = deriveMacKey(secret, 'token'), ...others] = ring;
    const tag = mac(key, 'data');
    expect(findMac(ring, 'date', tag)).toBeNull();
    expect(findMac(others, 'data', tag)).toBeNull();
    expect(findMac(ring, 'data', Buffer.concat([tag, Buffer.alloc(1)]))).toBeNull();
    expect(findMac([], 'data', tag)).toBeNull();
  });

  it('is not looked for with a tag that proves nothing', () => {
    const [key = deriveMacKey(secret, 'token')] = ring;
    for (const length of [0, 1, 15]) {
      expect(() => findMac(ring, 'data', mac(key, 'data').subarray(0, length))).toThrow(TypeError);
    }
  });

  it('is none for the same secret under another purpose', () => {
    const tag = mac(deriveMacKey(secret, 'login-state'), 'data');
    expect(findMac([deriveMacKey(secret, 'token')], 'data', tag)).toBeNull();
  });
});
