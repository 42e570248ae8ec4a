/**
 * What a client signs to say who it is (RFC 7523 §3), used again, made by somebody else, or meant for somebody else: RFC 9700
 * §2.5, the audience injection of 2025 (assertions for several servers), RFC 8725 (algorithms, types, keys in headers),
 * workers-oauth-provider 0.9.0 (the method that was registered was not enforced).
 */
import { Buffer } from 'node:buffer';
import { createHmac } from 'node:crypto';
import type { JWTHeaderParameters } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Signer } from '../client-authentication/assertions.ts';
import { assertionType, claimsOf, form, newSigner } from '../client-authentication/assertions.ts';
import type { Stack } from '../fixtures/stack.ts';
import { issuer, pkce, redirectUri, startStack } from '../fixtures/stack.ts';

let stack: Stack;
let signer: Signer;
let thief: Signer;
let refreshToken: string;

const signed = 'signed-app';
const other = 'other-app';

beforeAll(async () => {
  signer = await newSigner();
  thief = await newSigner();
  stack = await startStack({
    clients: [
      { client_id: signed, redirect_uris: [redirectUri], jwks: { keys: [signer.jwk] } },
      { client_id: other, redirect_uris: [redirectUri], jwks: { keys: [thief.jwk] } },
      { client_id: 'plain', redirect_uris: [redirectUri] },
    ],
  });
  refreshToken = await signIn();
});
afterAll(() => stack.close());

async function signIn(): Promise<string> {
  const { verifier, challenge } = pkce();
  const back = await stack.login({ client_id: signed, code_challenge: challenge });
  const response = await stack.token({
    grant_type: 'authorization_code',
    client_id: signed,
    code: back.searchParams.get('code') ?? '',
    code_verifier: verifier,
    ...form(await signer.sign(signed)),
  });
  expect(response.status).toBe(200);
  return ((await response.json()) as { refresh_token: string }).refresh_token;
}

/** What a refresh with this assertion comes to. */
async function outcome(assertion: string, more: Record<string, string> = {}): Promise<string> {
  const response = await stack.token({
    grant_type: 'refresh_token',
    refresh_token: refreshToken,
    client_id: signed,
    ...form(assertion),
    ...more,
  });
  const body = (await response.json()) as { error?: string; refresh_token?: string };
  if (body.refresh_token !== undefined) refreshToken = body.refresh_token;
  return `${response.status} ${body.error ?? 'tokens'}`;
}

/** A header that the signing library would not let anybody write. */
const odd = (header: object): Partial<JWTHeaderParameters> => header;

const now = (): number => Math.floor(Date.now() / 1000);

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('a good assertion', () => {
  it('is taken for the issuer, with a slash, and for the token endpoint, alone in a list too', async () => {
    for (const aud of [issuer, `${issuer}/`, `${issuer}/oauth/token`, [issuer]])
      expect(await outcome(await signer.sign(signed, { aud }))).toBe('200 tokens');
  });

  it('says whose it is: the body need not repeat that', async () => {
    const response = await stack.token({
      grant_type: 'refresh_token',
      refresh_token: refreshToken,
      ...form(await signer.sign(signed)),
    });
    expect(response.status).toBe(200);
    refreshToken = ((await response.json()) as { refresh_token: string }).refresh_token;
  });

  it.each(['RS256', 'PS256', 'ES384', 'ES512', 'EdDSA'])('may be signed with %s', async (alg) => {
    const own = await newSigner(alg);
    const another = await startStack({
      clients: [{ client_id: 'app', redirect_uris: [redirectUri], jwks: { keys: [own.jwk] } }],
    });
    const answer = await another.call('/oauth/revoke', {
      method: 'POST',
      body: new URLSearchParams({ token: 'x', ...form(await own.sign('app')) }),
    });
    expect(answer.status).toBe(200);
    await another.close();
  });
});

describe('an assertion counts once', () => {
  it('at whichever endpoint it was used first', async () => {
    const assertion = await signer.sign(signed);
    const revoked = await stack.call('/oauth/revoke', {
      method: 'POST',
      body: new URLSearchParams({ token: 'x', client_id: signed, ...form(assertion) }),
    });
    expect(revoked.status).toBe(200);
    expect(await outcome(assertion)).toBe('401 invalid_client');
  });

  it('whoever else signs the same id for another request', async () => {
    expect(await outcome(await signer.sign(signed, { jti: 'one' }))).toBe('200 tokens');
    expect(await outcome(await signer.sign(signed, { jti: 'one', exp: now() + 120 }))).toBe(
      '401 invalid_client',
    );
  });

  it('among many at the same moment', async () => {
    const assertion = await signer.sign(signed);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        stack.call('/oauth/revoke', {
          method: 'POST',
          body: new URLSearchParams({ token: 'x', client_id: signed, ...form(assertion) }),
        }),
      ),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(19);
  });

  it('and what strangers sign never comes to the store', async () => {
    const forged = await thief.sign(signed, { jti: 'strangers' });
    expect(await outcome(forged)).toBe('401 invalid_client');
    expect(await outcome(await signer.sign(signed, { jti: 'strangers' }))).toBe('200 tokens');
  });
});

describe('an assertion is refused', () => {
  it.each<readonly [string, () => Promise<string>]>([
    ['signed by another client', () => thief.sign(signed)],
    ['signed by another client in its own name, for this one', () => thief.sign(other)],
    ['about somebody else than its issuer', () => signer.sign(signed, { iss: other })],
    ['of somebody else than its subject', () => signer.sign(signed, { sub: other })],
    ['without an issuer', () => signer.sign(signed, { iss: undefined })],
    ['for another server', () => signer.sign(signed, { aud: 'https://other.example.com' })],
    ['for a server whose name begins like ours', () => signer.sign(signed, { aud: `${issuer}.example.com` })],
    ['for an address of ours that is another', () => signer.sign(signed, { aud: `${issuer}/oauth` })],
    ['for us and another', () => signer.sign(signed, { aud: [issuer, 'https://other.example.com'] })],
    ['for us twice', () => signer.sign(signed, { aud: [issuer, issuer] })],
    ['for nobody', () => signer.sign(signed, { aud: undefined })],
    ['that is over', () => signer.sign(signed, { exp: now() - 60 })],
    ['that ends in an hour', () => signer.sign(signed, { exp: now() + 3600 })],
    ['without an end', () => signer.sign(signed, { exp: undefined })],
    ['that has not begun', () => signer.sign(signed, { nbf: now() + 300 })],
    ['from the future', () => signer.sign(signed, { iat: now() + 300 })],
    ['without an id', () => signer.sign(signed, { jti: undefined })],
    ['with an empty id', () => signer.sign(signed, { jti: '' })],
    ['with an id that is too long', () => signer.sign(signed, { jti: 'x'.repeat(513) })],
    ['of no type that is a text', () => signer.sign(signed, {}, odd({ typ: 1 }))],
    ['with a key id that is no text', () => thief.sign(signed, {}, odd({ kid: {} }))],
    ['that is an access token', () => signer.sign(signed, {}, { typ: 'at+jwt' })],
    ['with a key in its header', () => thief.sign(signed, {}, { jwk: thief.jwk })],
    [
      'with a key in its header, though signed by the right one',
      () => signer.sign(signed, {}, { jwk: thief.jwk }),
    ],
    ['with the address of keys', () => signer.sign(signed, {}, { jku: 'https://thief.example/jwks' })],
    ['with the address of a certificate', () => signer.sign(signed, {}, { x5u: 'https://thief.example/c' })],
    [
      'with a key id of ours and a key of its own',
      () => thief.sign(signed, {}, { kid: signer.jwk.kid ?? '' }),
    ],
  ])('%s', async (_what, make) => {
    expect(await outcome(await make())).toBe('401 invalid_client');
  });

  it('unsigned', async () => {
    const unsigned = `${part({ alg: 'none' })}.${part(claimsOf(signed))}.`;
    expect(await outcome(unsigned)).toBe('401 invalid_client');
  });

  it('signed with what everybody knows, the public key, as if it were a secret', async () => {
    for (const secret of [JSON.stringify(signer.jwk), signer.jwk.x ?? '', signed, '']) {
      const text = `${part({ alg: 'HS256', kid: signer.jwk.kid })}.${part(claimsOf(signed))}`;
      const mac = createHmac('sha256', secret).update(text).digest('base64url');
      expect(await outcome(`${text}.${mac}`)).toBe('401 invalid_client');
    }
  });

  it('longer than anybody needs', async () => {
    expect(await outcome(await signer.sign(signed, { more: 'x'.repeat(9000) }))).toBe('401 invalid_client');
  });

  it('that is none', async () => {
    for (const text of ['', 'x', 'a.b.c', `${part({})}.${part({})}.x`, '..', '.'.repeat(5000)])
      expect(await outcome(text)).toMatch(/^40[01] invalid_/u);
  });

  it('for a client that has no keys', async () => {
    expect(await outcome(await thief.sign('plain'), { client_id: 'plain' })).toBe('401 invalid_client');
  });

  it('of another type, or without one', async () => {
    const assertion = await signer.sign(signed);
    const saml = 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer';
    expect(await outcome(assertion, { client_assertion_type: saml })).toBe('400 invalid_request');
    const alone = await stack.token({
      grant_type: 'refresh_token',
      refresh_token: refreshToken,
      client_assertion: assertion,
    });
    expect(alone.status).toBe(400);
    const nothing = {
      grant_type: 'refresh_token',
      refresh_token: refreshToken,
      client_assertion_type: assertionType,
    };
    expect((await stack.token(nothing)).status).toBe(400);
  });

  it('with the same words for an unknown client, a wrong key and a used id', async () => {
    const used = await signer.sign(signed);
    await outcome(used);
    const answers = [
      await stack.token({
        grant_type: 'refresh_token',
        refresh_token: 'x',
        ...form(await thief.sign('nobody')),
      }),
      await stack.token({
        grant_type: 'refresh_token',
        refresh_token: 'x',
        ...form(await thief.sign(signed)),
      }),
      await stack.token({ grant_type: 'refresh_token', refresh_token: 'x', ...form(used) }),
    ];
    const texts = await Promise.all(answers.map((answer) => answer.text()));
    expect(new Set(texts).size).toBe(1);
  });
});

describe('a client with keys', () => {
  it('is let in by nothing else', async () => {
    const bare = { grant_type: 'refresh_token', refresh_token: refreshToken, client_id: signed };
    expect((await stack.token(bare)).status).toBe(401);
    expect((await stack.token({ ...bare, client_secret: 'x' })).status).toBe(401);
    const basic = `Basic ${Buffer.from(`${signed}:x`).toString('base64')}`;
    expect((await stack.token(bare, { authorization: basic })).status).toBe(401);
    expect(await outcome(await signer.sign(signed))).toBe('200 tokens');
  });
});
