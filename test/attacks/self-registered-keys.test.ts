/**
 * Clients that register keys of their own (RFC 7591 §2, RFC 7523): keys that are not public, sets that lead inward, keys that are
 * swapped, assertions of others. Keycloak CVE-2021-20222 and many since: addresses of keys as a way to make a server fetch.
 */
import { Buffer } from 'node:buffer';
import { createHmac } from 'node:crypto';
import { exportJWK } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Signer } from '../client-authentication/assertions.ts';
import { claimsOf, form, newSigner } from '../client-authentication/assertions.ts';
import { Publisher } from '../cimd/publisher.ts';
import { newStatementSigner, voucher } from '../client-registration/statements.ts';
import { startOidcProvider } from '../fixtures/oidc-provider.ts';
import type { Stack } from '../fixtures/stack.ts';
import { issuer, pkce, redirectUri, startStack, upstreamSecret } from '../fixtures/stack.ts';

const provider = await startOidcProvider({
  clients: [
    { client_id: 'sallyport', client_secret: upstreamSecret, redirect_uris: [`${issuer}/oauth/callback`] },
  ],
});
const publisher = await Publisher.start();
let stack: Stack;
let signer: Signer;
let thief: Signer;

beforeAll(async () => {
  signer = await newSigner();
  thief = await newSigner();
});
beforeAll(() => start(publisher.fetch()));
afterEach(() => publisher.names.clear());
afterAll(async () => {
  await stack.auth.close();
  await provider.close();
  await publisher.close();
});

async function start(
  documentFetch: ReturnType<Publisher['fetch']>,
  config: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  stack = await startStack(config, { provider, collaborators: { documentFetch } });
}

const proving = { token_endpoint_auth_method: 'private_key_jwt' };

function post(metadata: object): Promise<Response> {
  return stack.call('/oauth/register', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ redirect_uris: [redirectUri], ...metadata }),
  });
}

/** A code for a client, and what redeems it but for the proof. */
async function codeFor(clientId: string): Promise<Record<string, string>> {
  const { verifier, challenge } = pkce();
  const back = await stack.login({ client_id: clientId, code_challenge: challenge });
  const code = back.searchParams.get('code') ?? '';
  return { grant_type: 'authorization_code', client_id: clientId, code, code_verifier: verifier };
}

async function redeem(parameters: Record<string, string>, proof: Record<string, string>): Promise<string> {
  const response = await stack.token({ ...parameters, ...proof });
  const { error } = (await response.json()) as { error?: string };
  return `${response.status} ${error ?? 'tokens'}`;
}

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('a client with keys in its id', () => {
  let id: string;
  beforeAll(async () => {
    ({ client_id: id } = await stack.register({ ...proving, jwks: { keys: [signer.jwk] } }));
  });

  it('is let in by its key, from the consent page to the refreshed token', async () => {
    const parameters = await codeFor(id);
    const response = await stack.token({ ...parameters, ...form(await signer.sign(id)) });
    expect(response.status).toBe(200);
    const { refresh_token: refreshToken } = (await response.json()) as { refresh_token: string };
    const bare = await stack.refresh(id, refreshToken);
    expect(bare.status).toBe(401);
    const again = await stack.refresh(id, refreshToken, form(await signer.sign(id)));
    expect(again.status).toBe(200);
  });

  it('is let in by nothing else: no proof, a secret, or somebody else’s key', async () => {
    const parameters = await codeFor(id);
    expect(await redeem(parameters, {})).toBe('401 invalid_client');
    expect(await redeem(parameters, { client_secret: 'x' })).toBe('401 invalid_client');
    expect(await redeem(parameters, form(await thief.sign(id)))).toBe('401 invalid_client');
    const borrowed = { kid: signer.jwk.kid ?? '' };
    expect(await redeem(parameters, form(await thief.sign(id, {}, borrowed)))).toBe('401 invalid_client');
    expect(await redeem(parameters, form(await signer.sign(id)))).toBe('200 tokens');
  });

  it('is not let in by what everybody could sign: nothing, or its public key as a secret', async () => {
    const parameters = await codeFor(id);
    const unsigned = `${part({ alg: 'none' })}.${part(claimsOf(id))}.`;
    expect(await redeem(parameters, form(unsigned))).toBe('401 invalid_client');
    const text = `${part({ alg: 'HS256', kid: signer.jwk.kid })}.${part(claimsOf(id))}`;
    for (const secret of [JSON.stringify(signer.jwk), signer.jwk.x ?? '']) {
      const mac = createHmac('sha256', secret).update(text).digest('base64url');
      expect(await redeem(parameters, form(`${text}.${mac}`))).toBe('401 invalid_client');
    }
  });

  it('is not let in by a key that the sender brings or points to', async () => {
    const parameters = await codeFor(id);
    const jku = publisher.at('/thief.json');
    publisher.on('/thief.json', (response) => {
      response.writeHead(200).end(JSON.stringify({ keys: [thief.jwk] }));
    });
    for (const header of [{ jwk: thief.jwk }, { jku }, { x5u: jku }, { x5c: ['MII'] }])
      expect(await redeem(parameters, form(await thief.sign(id, {}, header)))).toBe('401 invalid_client');
    expect(publisher.count('/thief.json')).toBe(0);
  });

  it('uses an assertion once', async () => {
    const assertion = form(await signer.sign(id));
    expect(await redeem(await codeFor(id), assertion)).toBe('200 tokens');
    expect(await redeem(await codeFor(id), assertion)).toBe('401 invalid_client');
  });

  it('is another client with another key, and neither gets what the other was given', async () => {
    const { client_id: other } = await stack.register({ ...proving, jwks: { keys: [thief.jwk] } });
    expect(other).not.toBe(id);
    const parameters = await codeFor(id);
    expect(await redeem(parameters, form(await thief.sign(other)))).toBe('401 invalid_client');
    const swapped = { ...parameters, client_id: other };
    expect(await redeem(swapped, form(await thief.sign(other)))).toBe('400 invalid_grant');
    expect(await redeem(parameters, form(await signer.sign(id)))).toBe('200 tokens');
  });

  it('cannot be made from an id by exchanging the keys in it', async () => {
    const { client_id: other } = await stack.register({ ...proving, jwks: { keys: [thief.jwk] } });
    const tag = id.slice(0, 'sp_c3_'.length + 21);
    const { challenge } = pkce();
    for (const forged of [tag + other.slice(tag.length), id.replace('sp_c3_', 'sp_c2_')]) {
      const page = await stack
        .browser()
        .get(stack.authorizeUrl({ client_id: forged, code_challenge: challenge }));
      expect(page.status).toBe(400);
    }
  });
});

describe('keys that are not registered', () => {
  it.each([
    ['private', async () => ({ ...signer.jwk, d: signer.jwk.x })],
    ['private in part', async () => ({ kty: 'RSA', n: 'AQAB', e: 'AQAB', p: 'AQAB' })],
    ['symmetric', async () => ({ kty: 'oct', k: 'c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0' })],
    ['symmetric and disguised', async () => ({ ...signer.jwk, k: 'c2VjcmV0' })],
  ])('%s', async (_kind, key) => {
    const response = await post({ ...proving, jwks: { keys: [signer.jwk, await key()] } });
    expect(response.status).toBe(400);
    const text = await response.text();
    expect(text).toContain('invalid_client_metadata');
    expect(text).toContain('must be replaced');
    expect(text).not.toContain(signer.jwk.x);
  });

  it('more than anybody has, or larger than what URLs carry', async () => {
    const keys = Array.from({ length: 21 }, () => signer.jwk);
    expect((await post({ ...proving, jwks: { keys } })).status).toBe(400);
    const others = await Promise.all(Array.from({ length: 15 }, () => newSigner()));
    const response = await post({ ...proving, jwks: { keys: others.map(({ jwk }) => jwk) } });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('jwks_uri in place of jwks');
  });
});

/** An exponent that verifies what the usual one does, and is as long as the modulus. */
async function equalExponent({ privateKey }: Signer): Promise<string> {
  const { p = '', q = '', e = '' } = await exportJWK(privateKey);
  const number = (text: string): bigint => BigInt(`0x${Buffer.from(text, 'base64url').toString('hex')}`);
  const exponent = (number(e) + (number(p) - 1n) * (number(q) - 1n)).toString(16);
  return Buffer.from(exponent.padStart(512, '0'), 'hex').toString('base64url');
}

describe('the address of keys', () => {
  it.each([
    'http://app.example.com/jwks.json',
    'https://127.0.0.1/jwks.json',
    'https://169.254.169.254/latest/meta-data/',
    'https://[::ffff:127.0.0.1]/jwks.json',
    'https://2130706433/jwks.json',
    'https://localhost/jwks.json',
    'https://metadata.google.internal/computeMetadata/v1/',
    'https://user:pw@app.example.com/jwks.json',
    'https://app.example.com\\@169.254.169.254/',
    'file:///etc/passwd',
    'data:application/json,{"keys":[]}',
  ])('is refused before anybody looks there: %s', async (jwks_uri) => {
    const response = await post({ ...proving, jwks_uri });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('jwks_uri');
  });

  it('is asked for the first time when somebody signs, and never when somebody registers or looks', async () => {
    const jwks_uri = publisher.at('/lazy.json');
    publisher.on('/lazy.json', (response) => {
      response.writeHead(200).end(JSON.stringify({ keys: [signer.jwk] }));
    });
    const { client_id: id } = await stack.register({ ...proving, jwks_uri });
    const parameters = await codeFor(id);
    expect(await redeem(parameters, {})).toBe('401 invalid_client');
    expect(publisher.count('/lazy.json')).toBe(0);
    expect(await redeem(parameters, form(await signer.sign(id)))).toBe('200 tokens');
    expect(publisher.count('/lazy.json')).toBe(1);
  });

  it('holds keys that cost no more than a signature may: none that is enormous, and five for one signature', async () => {
    const huge = await newSigner('RS256');
    const heavy = { ...huge.jwk, e: await equalExponent(huge) };
    const [nameless, ...others] = await Promise.all(Array.from({ length: 6 }, () => newSigner()));
    const bare = ({ jwk }: Signer): object => ({ ...jwk, kid: undefined });
    const outcomeWith = async (path: string, keys: readonly object[], by: Signer): Promise<string> => {
      publisher.on(path, (response) => void response.writeHead(200).end(JSON.stringify({ keys })));
      const { client_id: id } = await stack.register({ ...proving, jwks_uri: publisher.at(path) });
      // Nobody's host is asked too often.
      stack.advance(10_000);
      const now = Math.floor(stack.now() / 1000);
      return redeem(await codeFor(id), form(await by.sign(id, { iat: now, exp: now + 60 })));
    };
    const small = Array.from({ length: 19 }, () => heavy);
    expect(await outcomeWith('/heavy.json', [...small, signer.jwk], signer)).toBe('200 tokens');
    expect(await outcomeWith('/only-heavy.json', [heavy], huge)).toBe('401 invalid_client');
    if (!nameless) throw new Error('no key');
    const four = others.slice(1).map(bare);
    const five = others.map(bare);
    expect(await outcomeWith('/fifth.json', [...four, bare(nameless)], nameless)).toBe('200 tokens');
    expect(await outcomeWith('/sixth.json', [...five, bare(nameless)], nameless)).toBe('401 invalid_client');
    const named = five.map((key, kid) => Object.assign(key, { kid: `${kid}` }));
    expect(await outcomeWith('/named.json', [...named, nameless.jwk], nameless)).toBe('200 tokens');
  });

  it('holds the keys of today: one that was taken away signs nothing from the next look on', async () => {
    const jwks_uri = publisher.at('/swapped.json');
    let keys = [signer.jwk];
    publisher.on('/swapped.json', (response) => {
      response.writeHead(200).end(JSON.stringify({ keys }));
    });
    const { client_id: id } = await stack.register({ ...proving, jwks_uri });
    expect(await redeem(await codeFor(id), form(await signer.sign(id)))).toBe('200 tokens');
    keys = [thief.jwk];
    stack.advance(11 * 60_000);
    const now = Math.floor(stack.now() / 1000);
    const current = { iat: now, exp: now + 60 };
    expect(await redeem(await codeFor(id), form(await signer.sign(id, current)))).toBe('401 invalid_client');
  });
});

describe('a name that leads inward', () => {
  beforeAll(async () => {
    await stack.auth.close();
    // The policy of the server itself; only names are looked up here.
    const named = { issuer: voucher, jwks_uri: publisher.at('/inside.json'), allow_private_ips: true };
    await start(publisher.fetch({}), { registration: { software_statements: [named] } });
  });

  it.each(['127.0.0.1', '10.0.0.1', '169.254.169.254', '100.64.0.1'])(
    'to %s is not dialled, and nobody is told where it leads',
    async (address) => {
      const path = `/inward-${address}.json`;
      publisher.names.set('app.example.com', address);
      publisher.on(path, (response) => {
        response.writeHead(200).end(JSON.stringify({ keys: [signer.jwk] }));
      });
      const { client_id: id } = await stack.register({ ...proving, jwks_uri: publisher.at(path) });
      const response = await stack.token({ ...(await codeFor(id)), ...form(await signer.sign(id)) });
      expect(response.status).toBe(503);
      expect(await response.text()).not.toContain(address);
      expect(publisher.count(path)).toBe(0);
    },
  );

  it('is the operator’s alone to name: whoever names it too neither gets its keys nor holds it up', async () => {
    const inside = await newStatementSigner();
    publisher.on('/inside.json', (response) => {
      response.writeHead(200).end(JSON.stringify({ keys: [inside.jwk, signer.jwk] }));
    });
    const { client_id: id } = await stack.register({ ...proving, jwks_uri: publisher.at('/inside.json') });
    const parameters = await codeFor(id);
    const proof = async (): Promise<string> => redeem(parameters, form(await signer.sign(id)));
    expect(await proof()).toBe('503 temporarily_unavailable');
    const { status } = await post({ software_statement: await inside.sign() });
    expect(status).toBe(201);
    expect(publisher.count('/inside.json')).toBe(1);
    expect(await proof()).toBe('503 temporarily_unavailable');
    stack.advance(60_000);
    expect(await proof()).toBe('503 temporarily_unavailable');
    expect(publisher.count('/inside.json')).toBe(1);
  });
});
