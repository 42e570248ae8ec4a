import { SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { algorithms } from '../signing-keys/pems.ts';
import {
  audience,
  expected,
  goodClaims,
  issue,
  issuer,
  newKey,
  now,
  signedWith,
  verifierFor,
} from './forge.ts';

const key = newKey('ES256');
const verifier = verifierFor(key);

describe('an access token of ours', () => {
  it.each(algorithms)('is accepted and its claims are told (%s)', async (alg) => {
    const ours = newKey(alg);
    expect(await verifierFor(ours).verify(await issue(ours), expected)).toEqual(goodClaims);
  });

  it.each(algorithms)('is accepted when other software made it with our key (%s)', async (alg) => {
    const ours = newKey(alg);
    const token = await new SignJWT(goodClaims)
      .setProtectedHeader({ alg, kid: ours.kid, typ: 'at+jwt' })
      .sign(ours.privateKey);
    expect(await verifierFor(ours).verify(token, expected)).toEqual(goodClaims);
  });

  it('may spell its type in full (RFC 9068 §4)', async () => {
    const token = await issue(key, {}, 'application/at+jwt');
    expect(await verifier.verify(token, expected)).toEqual(goodClaims);
  });

  it('is accepted after its key has become a fallback', async () => {
    const token = await issue(key);
    expect(await verifierFor(newKey('ES256'), key).verify(token, expected)).toEqual(goodClaims);
  });

  it('is refused after its key is gone', async () => {
    expect(await verifierFor(newKey('ES256')).verify(await issue(key), expected)).toBeNull();
  });

  it('may name its audience as a list of one', async () => {
    expect(await verifier.verify(await issue(key, { aud: [audience] }), expected)).not.toBeNull();
  });

  it('is accepted for whatever audience when none is expected', async () => {
    expect(await verifier.verify(await issue(key), { typ: 'at+jwt', issuer })).toEqual(goodClaims);
  });

  it('is good until the second before it expires', async () => {
    expect(await verifier.verify(await issue(key, { exp: now + 1 }), expected)).not.toBeNull();
    expect(await verifier.verify(await issue(key, { exp: now }), expected)).toBeNull();
  });
});

describe('a token that we signed, but not for this', () => {
  const wrong: readonly (readonly [what: string, claims: object])[] = [
    ['of another issuer', { iss: 'https://evil.example' }],
    ['of an issuer that ours begins', { iss: `${issuer}/tenant` }],
    ['without an issuer', { iss: undefined }],
    ['for another audience', { aud: 'https://other.example.com/mcp' }],
    ['for an audience that ours begins', { aud: `${audience}/admin` }],
    ['for an audience that begins ours', { aud: 'https://mcp.example.com' }],
    ['for an audience with a slash more', { aud: `${audience}/` }],
    ['for an audience in other case', { aud: audience.toUpperCase() }],
    ['for two audiences, ours first', { aud: [audience, 'https://other.example.com'] }],
    ['for two audiences, ours last', { aud: ['https://other.example.com', audience] }],
    ['for our audience twice', { aud: [audience, audience] }],
    ['for an empty list of audiences', { aud: [] }],
    ['without an audience', { aud: undefined }],
    ['for an audience that is an object', { aud: { 0: audience } }],
    ['for an audience in a nested list', { aud: [[audience]] }],
    ['that expired', { exp: now - 1 }],
    ['without expiry', { exp: undefined }],
    ['with an expiry of null', { exp: null }],
    ['with an expiry in words', { exp: String(now + 60) }],
    ['that begins later', { nbf: now + 60 }],
  ];

  it.each(wrong)('is refused: %s', async (_, claims) => {
    expect(await verifier.verify(await issue(key, claims), expected)).toBeNull();
  });

  it.each([
    ['an ID token', 'JWT'],
    ['a type in other case', 'AT+JWT'],
    ['a type that ours begins', 'at+jwt2'],
    ['a type in full of something else', 'application/jwt'],
    ['a logout token', 'logout+jwt'],
    ['an empty type', ''],
  ])('is refused as access token: %s', async (_, typ) => {
    expect(await verifier.verify(await issue(key, {}, typ), expected)).toBeNull();
  });

  it('is refused without a type', async () => {
    expect(await verifier.verify(signedWith(key, { header: { typ: undefined } }), expected)).toBeNull();
  });

  it('is refused as ID token when it is an access token', async () => {
    const token = await issue(key);
    expect(await verifier.verify(token, { ...expected, typ: 'JWT' })).toBeNull();
    expect(await verifier.verify(await issue(key, {}, 'JWT'), { ...expected, typ: 'JWT' })).not.toBeNull();
  });

  it.each([[null], [[goodClaims]], ['text'], [7], [true]])(
    'is refused with the payload %j',
    async (payload) => {
      expect(await verifier.verify(signedWith(key, { payload }), expected)).toBeNull();
    },
  );
});
