import { inspect } from 'node:util';
import { importJWK } from 'jose';
import { describe, expect, it } from 'vitest';
import type { PemSource } from '../../src/config/config.ts';
import { loadKeySet } from '../../src/keys/key-set.ts';
import { SallyportError } from '../../src/types/error.ts';
import { Secret } from '../../src/types/secret.ts';
import { algorithms, newPrivateKey, pemOf } from './pems.ts';

function source(pem: string, origin: string): PemSource {
  return { pem: new Secret(pem), origin };
}

const current = source(pemOf(newPrivateKey('ES256')), 'current.pem');
const previous = source(pemOf(newPrivateKey('RS256')), 'previous.pem');
const older = source(pemOf(newPrivateKey('EdDSA')), 'older.pem');

describe('the keys of the server', () => {
  it('are published with the signing key first and the fallbacks in their order', () => {
    const { signing, all, jwks } = loadKeySet({ signing: current, fallbacks: [previous, older] });
    expect(all.map(({ alg }) => alg)).toEqual(['ES256', 'RS256', 'EdDSA']);
    expect(all[0]?.kid).toBe(signing.kid);
    expect(jwks.keys).toEqual(all.map(({ publicJwk }) => publicJwk));
  });

  it('are published once each, however often they are configured', () => {
    const { all, signing } = loadKeySet({ signing: current, fallbacks: [previous, current, previous] });
    expect(all.map(({ alg }) => alg)).toEqual(['ES256', 'RS256']);
    expect(all[0]?.kid).toBe(signing.kid);
  });

  it.each(algorithms)('are published in a form that other software imports (%s)', async (alg) => {
    const { jwks, signing } = loadKeySet({ signing: source(pemOf(newPrivateKey(alg)), 'k'), fallbacks: [] });
    const [jwk] = jwks.keys;
    const imported = await importJWK({ ...jwk });
    expect(imported).toMatchObject({ type: 'public' });
    expect(jwk).toMatchObject({ kid: signing.kid, alg, use: 'sig' });
  });

  it('never hand out a private part', () => {
    const { jwks } = loadKeySet({ signing: current, fallbacks: [previous, older] });
    const members = jwks.keys.flatMap((jwk) => Object.keys(jwk));
    for (const secret of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k', 'oth']) expect(members).not.toContain(secret);
  });

  it('print nothing secret', () => {
    const set = loadKeySet({ signing: previous, fallbacks: [current] });
    const jwk = set.signing.privateKey.export({ format: 'jwk' });
    const printed = inspect(set, { depth: 9, showHidden: true }) + JSON.stringify(set);
    for (const part of [jwk.d, jwk.p, jwk.q]) expect(printed).not.toContain(String(part));
  });

  it('keep no private key of a fallback, which only verifies', () => {
    const { all } = loadKeySet({ signing: current, fallbacks: [previous] });
    expect(all.filter((key) => 'privateKey' in key)).toEqual([]);
  });

  it('are not ephemeral when they are configured', () => {
    expect(loadKeySet({ signing: current, fallbacks: [] }).ephemeral).toBe(false);
  });

  it('do not load when one fallback is bad; the error names that file', () => {
    const load = (): unknown =>
      loadKeySet({ signing: current, fallbacks: [previous, source('?', 'bad.pem')] });
    expect(load).toThrow(SallyportError);
    expect(load).toThrow(/bad\.pem/u);
  });
});

describe('without configured keys', () => {
  it('an ES256 key is made that says that it ends with the process', () => {
    const { signing, all, ephemeral } = loadKeySet(null);
    expect(signing.alg).toBe('ES256');
    expect(all.map(({ kid }) => kid)).toEqual([signing.kid]);
    expect(ephemeral).toBe(true);
  });

  it('no two processes have the same', () => {
    expect(loadKeySet(null).signing.kid).not.toBe(loadKeySet(null).signing.kid);
  });
});
