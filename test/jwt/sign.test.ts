import { decodeProtectedHeader, importJWK, jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import { createJwtSigner } from '../../src/crypto/sign.ts';
import { algorithms } from '../signing-keys/pems.ts';
import { audience, goodClaims, issuer, newKey, now } from './forge.ts';

const options = { issuer, audience, typ: 'at+jwt', currentDate: new Date(now * 1000) };

describe.each(algorithms)('a token signed with %s', (alg) => {
  const key = newKey(alg);
  const signer = createJwtSigner(key);

  it('is verified by other software with the published key alone', async () => {
    const token = await signer.sign('at+jwt', { ...goodClaims, name: 'Zoë 🗝' });
    const { payload, protectedHeader } = await jwtVerify(
      token,
      await importJWK({ ...key.publicJwk }),
      options,
    );
    expect(payload).toEqual({ ...goodClaims, name: 'Zoë 🗝' });
    expect(protectedHeader).toEqual({ alg, kid: key.kid, typ: 'at+jwt' });
  });

  it('is three base64url parts without padding', async () => {
    expect(await signer.sign('at+jwt', goodClaims)).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/u);
  });

  it('is not accepted with another key of the same kind', async () => {
    const token = await signer.sign('at+jwt', goodClaims);
    await expect(jwtVerify(token, newKey(alg).publicKey, options)).rejects.toThrow(/signature/u);
  });

  it('carries the kind of token that was asked for', async () => {
    const types = await Promise.all(
      ['at+jwt', 'JWT', 'at+jwt'].map(async (typ) => decodeProtectedHeader(await signer.sign(typ, {})).typ),
    );
    expect(types).toEqual(['at+jwt', 'JWT', 'at+jwt']);
  });

  it('belongs to its own claims when hundreds are signed at once', async () => {
    const numbers = Array.from({ length: 300 }, (_, number) => number);
    const tokens = await Promise.all(
      numbers.map((number) => signer.sign('at+jwt', { ...goodClaims, number })),
    );
    const verified = await Promise.all(tokens.map((token) => jwtVerify(token, key.publicKey, options)));
    expect(verified.map(({ payload }) => payload['number'])).toEqual(numbers);
  });

  it('tells who signs', () => {
    expect(signer).toMatchObject({ alg, kid: key.kid });
  });
});

describe('a signer', () => {
  const signer = createJwtSigner(newKey('ES256'));

  it('leaves out claims without a value', async () => {
    const [, payload = ''] = (await signer.sign('JWT', { a: undefined, b: 1 })).split('.');
    expect(Buffer.from(payload, 'base64url').toString()).toBe('{"b":1}');
  });

  it('rejects claims that are not JSON, and goes on signing for others', async () => {
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    const [bad, good] = await Promise.allSettled([signer.sign('JWT', circular), signer.sign('JWT', {})]);
    expect(bad.status).toBe('rejected');
    expect(good.status).toBe('fulfilled');
    await expect(signer.sign('JWT', {})).resolves.toMatch(/^e/u);
  });

  it('lets other work through when a crowd wants signatures at once', async () => {
    let signed = 0;
    const crowd = Array.from({ length: 500 }, async () => {
      await signer.sign('JWT', {});
      signed += 1;
    });
    const signedBeforeNextTurn = await new Promise<number>((resolve) => {
      // The crowd's first batch was scheduled before this, so it is done by now.
      setImmediate(() => setImmediate(() => resolve(signed)));
    });
    expect(signedBeforeNextTurn).toBeGreaterThan(0);
    expect(signedBeforeNextTurn).toBeLessThan(500);
    await Promise.all(crowd);
    expect(signed).toBe(500);
  });
});
