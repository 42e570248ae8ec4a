/**
 * Software statements (RFC 7591 §2.3, §5): forged, of nobody in particular, for somebody else, over, or brought by somebody whom
 * they are not about. RFC 8725 §2 and §3 (algorithms, keys in headers, tokens of another kind).
 */
import { Buffer } from 'node:buffer';
import { createHmac } from 'node:crypto';
import type { JWTHeaderParameters } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Publisher } from '../cimd/publisher.ts';
import type { StatementSigner } from '../client-registration/statements.ts';
import { newStatementSigner, statedClaims, vouchedUri, voucher } from '../client-registration/statements.ts';
import { startOidcProvider } from '../fixtures/oidc-provider.ts';
import type { Stack } from '../fixtures/stack.ts';
import { issuer, pkce, redirectUri, startStack, upstreamSecret } from '../fixtures/stack.ts';

const provider = await startOidcProvider({
  clients: [
    { client_id: 'sallyport', client_secret: upstreamSecret, redirect_uris: [`${issuer}/oauth/callback`] },
  ],
});
const publisher = await Publisher.start();
const published = 'https://published.example.com';
const evil = 'https://evil.example/callback';

let signer: StatementSigner;
let thief: StatementSigner;
/** Takes whoever is vouched for, and nobody else. */
let strict: Stack;
/** Takes everybody. */
let open: Stack;
let keys: unknown[];

beforeAll(async () => {
  signer = await newStatementSigner();
  thief = await newStatementSigner();
  const software_statements = [
    { issuer: voucher, jwks: { keys: [signer.jwk] } },
    { issuer: published, jwks_uri: publisher.at('/jwks.json'), algs: ['ES256'] },
  ];
  publisher.on('/jwks.json', (response) => {
    response.writeHead(200).end(JSON.stringify({ keys }));
  });
  const options = { provider, collaborators: { documentFetch: publisher.fetch() } };
  strict = await startStack({ registration: { policy: 'software_statement', software_statements } }, options);
  open = await startStack({ registration: { software_statements } }, options);
});
beforeEach(() => {
  keys = [signer.jwk];
});
afterAll(async () => {
  await strict.auth.close();
  await open.auth.close();
  await provider.close();
  await publisher.close();
});

interface Answer extends Readonly<Record<string, unknown>> {
  readonly client_id: string;
  readonly redirect_uris: readonly string[];
}

function post(stack: Stack, metadata: object): Promise<Response> {
  return stack.call('/oauth/register', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(metadata),
  });
}

async function registered(stack: Stack, metadata: object): Promise<Answer> {
  const response = await post(stack, metadata);
  expect(response.status).toBe(201);
  return (await response.json()) as Answer;
}

/** The answer to a statement, at both servers: a wrong one is never just left aside. */
async function outcome(statement: unknown, metadata: object = {}): Promise<string> {
  const answers = [strict, open].map(async (stack) => {
    const response = await post(stack, { ...metadata, software_statement: statement });
    const { error } = (await response.json()) as { error?: string };
    return `${response.status} ${error ?? 'registered'}`;
  });
  const [one, other] = await Promise.all(answers);
  expect(other).toBe(one);
  return one ?? '';
}

async function page(
  stack: Stack,
  clientId: string,
  redirect: string,
): Promise<{ status: number; html: string }> {
  const { challenge } = pkce();
  const url = stack.authorizeUrl({
    client_id: clientId,
    redirect_uri: redirect,
    code_challenge: challenge,
  });
  const response = await stack.browser().get(url);
  return { status: response.status, html: await response.text() };
}

/** Published keys serve for ten minutes. */
function forgetKeys(): void {
  for (const stack of [strict, open]) stack.advance(11 * 60_000);
}

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('a statement of somebody who is believed', () => {
  it('lets its software in, by what it says, and comes back unmodified', async () => {
    const statement = await signer.sign();
    const answer = await registered(strict, { software_statement: statement });
    expect(answer).toMatchObject({
      redirect_uris: [vouchedUri],
      client_name: 'Acme Notes',
      software_id: 'acme-notes',
      software_statement: statement,
    });
    expect(answer.client_id.length).toBeLessThan(400);
    const { status, html } = await page(strict, answer.client_id, vouchedUri);
    expect(status).toBe(200);
    expect(html).toContain('vouch.example.com');
    expect(html).toContain('vouches for it');
    expect(html).not.toContain('>unverified<');
  });

  it('counts before what the client says: nobody gets codes elsewhere by bringing it', async () => {
    const statement = await signer.sign();
    const mine = {
      redirect_uris: [evil],
      client_name: 'Mine',
      software_id: 'mine',
      software_statement: statement,
    };
    for (const stack of [strict, open]) {
      const answer = await registered(stack, mine);
      expect(answer).toMatchObject({
        redirect_uris: [vouchedUri],
        client_name: 'Acme Notes',
        software_id: 'acme-notes',
      });
      expect((await page(stack, answer.client_id, evil)).status).toBe(400);
    }
  });

  it('counts before the client’s own keys, also when both are of another form', async () => {
    const jwks_uri = 'https://app.example.com/jwks.json';
    const method = { token_endpoint_auth_method: 'private_key_jwt' };
    const statement = await signer.sign({ ...method, jwks_uri });
    const answer = await registered(open, { jwks: { keys: [thief.jwk] }, software_statement: statement });
    expect(answer).toMatchObject({ ...method, jwks_uri });
    expect(answer).not.toHaveProperty('jwks');
  });

  it('vouches for no address that it does not name, and for no name', async () => {
    const statement = await signer.sign({ redirect_uris: undefined, client_name: undefined });
    const mine = { redirect_uris: [evil], client_name: 'Acme Notes', software_statement: statement };
    const refused = await post(strict, mine);
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ error: 'unapproved_software_statement' });
    const answer = await registered(open, mine);
    expect((await page(open, answer.client_id, evil)).html).not.toContain('vouch.example.com');
    const nameless = await signer.sign({ client_name: undefined });
    const unnamed = await registered(open, { client_name: 'Bank of Examples', software_statement: nameless });
    expect(unnamed).not.toHaveProperty('client_name');
    expect((await page(open, unnamed.client_id, vouchedUri)).html).not.toContain('Bank of Examples');
  });

  it('does not make what it says right: redirect URIs and keys are judged as everybody’s', async () => {
    for (const redirect_uris of [['javascript:alert(1)'], ['http://app.example.com/cb'], [], 'x'])
      expect(await outcome(await signer.sign({ redirect_uris }))).toBe('400 invalid_redirect_uri');
    const jwks = { keys: [{ kty: 'oct', k: 'c2VjcmV0' }] };
    expect(await outcome(await signer.sign({ jwks }))).toBe('400 invalid_client_metadata');
  });

  it('says nothing about secrets, ids and other statements', async () => {
    const claims = {
      client_id: 'admin',
      client_secret: 'known',
      software_statement: 'x',
      __proto__: { a: 1 },
    };
    const statement = await signer.sign(claims);
    const answer = await registered(strict, { software_statement: statement });
    expect(answer.client_id).toMatch(/^sp_c3_/u);
    expect(answer).not.toHaveProperty('client_secret');
    expect(answer['software_statement']).toBe(statement);
  });
});

describe('a statement counts for nothing that is', () => {
  it('missing, where one is needed', async () => {
    for (const software_statement of [undefined, null]) {
      const response = await post(strict, { redirect_uris: [redirectUri], software_statement });
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ error: 'unapproved_software_statement' });
      expect((await post(open, { redirect_uris: [redirectUri], software_statement })).status).toBe(201);
    }
  });

  it('of nobody who is believed, or of a name that only looks like one', async () => {
    const names = [
      'https://other.example',
      `${voucher}/`,
      voucher.toUpperCase(),
      '',
      undefined,
      [voucher],
      7,
    ];
    for (const iss of names)
      expect(await outcome(await signer.sign({ iss }))).toMatch(
        /^400 (?:unapproved|invalid)_software_statement$/u,
      );
    expect(await outcome(await thief.sign({ iss: 'https://thief.example' }))).toBe(
      '400 unapproved_software_statement',
    );
  });

  it('signed by another key, under another’s name or kid', async () => {
    expect(await outcome(await thief.sign())).toBe('400 invalid_software_statement');
    const kids = [signer.jwk.kid ?? '', '../../dev/null', '/etc/passwd', "' OR 1=1 --", '', 'x'.repeat(5000)];
    for (const kid of kids)
      expect(await outcome(await thief.sign({}, { kid }))).toBe('400 invalid_software_statement');
  });

  it('signed by one issuer in the name of the other', async () => {
    const other = await newStatementSigner();
    keys = [other.jwk];
    forgetKeys();
    expect(await outcome(await other.sign({ iss: published }))).toBe('201 registered');
    expect(await outcome(await other.sign({ iss: voucher }))).toBe('400 invalid_software_statement');
  });

  it('unsigned, or signed with what everybody knows', async () => {
    const claims = part(statedClaims);
    expect(await outcome(`${part({ alg: 'none' })}.${claims}.`)).toBe('400 invalid_software_statement');
    expect(await outcome(`${part({ alg: 'None' })}.${claims}.`)).toBe('400 invalid_software_statement');
    for (const secret of [JSON.stringify(signer.jwk), signer.jwk.x ?? '', '']) {
      const text = `${part({ alg: 'HS256', kid: signer.jwk.kid })}.${claims}`;
      const mac = createHmac('sha256', secret).update(text).digest('base64url');
      expect(await outcome(`${text}.${mac}`)).toBe('400 invalid_software_statement');
    }
  });

  it('signed with an algorithm that its issuer does not use', async () => {
    const edwards = await newStatementSigner('EdDSA');
    keys = [edwards.jwk];
    forgetKeys();
    expect(await outcome(await edwards.sign({ iss: published }))).toBe('400 invalid_software_statement');
  });

  it.each<Partial<JWTHeaderParameters>>([
    { jku: publisher.at('/thief.json') },
    { x5u: publisher.at('/thief.json') },
    { x5c: ['MIIB'] },
    { crit: ['b64'], b64: false },
  ])('signed by a key that its header leads to: %j', async (header) => {
    const { privateKey, jwk } = thief;
    const { SignJWT } = await import('jose');
    const forged = await new SignJWT({ ...statedClaims })
      .setProtectedHeader({ alg: 'ES256', ...('crit' in header ? {} : header), jwk })
      .sign(privateKey);
    expect(await outcome(forged)).toBe('400 invalid_software_statement');
    expect(publisher.count('/thief.json')).toBe(0);
  });

  it('over, not yet begun, or of no time at all', async () => {
    const now = Math.floor(open.now() / 1000);
    for (const times of [
      { exp: now - 60 },
      { exp: 0 },
      { nbf: now + 3600 },
      { iat: now + 3600 },
      { exp: 'never' },
    ])
      expect(await outcome(await signer.sign(times))).toBe('400 invalid_software_statement');
    expect(await outcome(await signer.sign({ exp: undefined, iat: undefined }))).toBe('201 registered');
  });

  it('for other servers', async () => {
    const now = Math.floor(open.now() / 1000);
    const at = { exp: now + 600 };
    for (const aud of ['https://other.example', ['https://other.example'], [], {}])
      expect(await outcome(await signer.sign({ ...at, aud }))).toBe('400 invalid_software_statement');
    for (const aud of [issuer, ['https://other.example', issuer]])
      expect(await outcome(await signer.sign({ ...at, aud }))).toBe('201 registered');
  });

  it('a token of another kind by the same issuer', async () => {
    for (const typ of ['at+jwt', 'application/at+jwt', 'client-authentication+jwt', 'logout+jwt', 'dpop+jwt'])
      expect(await outcome(await signer.sign({}, { typ }))).toBe('400 invalid_software_statement');
  });

  it('cut short, changed, huge, or no text', async () => {
    const statement = await signer.sign();
    const [header = '', , signature = ''] = statement.split('.');
    const changed = `${header}.${part({ ...statedClaims, redirect_uris: [evil] })}.${signature}`;
    const huge = await signer.sign({ pad: 'x'.repeat(9000) });
    for (const bad of [statement.slice(0, -2), changed, huge, '', 'a.b.c', '..', 7, {}, [statement], true])
      expect(await outcome(bad)).toMatch(/^400 (?:unapproved|invalid)_software_statement$/u);
  });

  it('huge or of a stranger is never a reason to look for keys', async () => {
    forgetKeys();
    const before = publisher.count('/jwks.json');
    await outcome(await signer.sign({ iss: published, pad: 'x'.repeat(9000) }));
    await outcome(await signer.sign({ iss: published, exp: 1 }));
    await outcome(await signer.sign({ iss: published, redirect_uris: 'javascript:x' }));
    await outcome(await thief.sign({ iss: publisher.at('/jwks.json') }));
    expect(publisher.count('/jwks.json')).toBe(before);
  });
});

describe('what was registered with a statement', () => {
  it('ends when its issuer is not believed any more', async () => {
    const { client_id: id } = await registered(strict, { software_statement: await signer.sign() });
    expect((await page(strict, id, vouchedUri)).status).toBe(200);
    const { config } = strict.auth;
    const [, second] = config.registration.softwareStatements;
    await strict.auth.reload(() =>
      Promise.resolve({
        ...config,
        registration: { ...config.registration, softwareStatements: second ? [second] : [] },
      }),
    );
    const { status, html } = await page(strict, id, vouchedUri);
    expect(status).toBe(403);
    expect(html).not.toContain('name="request"');
    expect((await strict.refresh(id, 'sp_rt_x')).status).toBe(401);
    await strict.auth.reload(() => Promise.resolve(config));
    expect((await page(strict, id, vouchedUri)).status).toBe(200);
  });

  it('is shown as nobody’s where the issuer is gone and everybody may register', async () => {
    const { client_id: id } = await registered(open, { software_statement: await signer.sign() });
    const { config } = open.auth;
    await open.auth.reload(() =>
      Promise.resolve({ ...config, registration: { ...config.registration, softwareStatements: [] } }),
    );
    const { status, html } = await page(open, id, vouchedUri);
    expect([status, html.includes('vouch.example.com')]).toEqual([200, false]);
    await open.auth.reload(() => Promise.resolve(config));
  });

  it('cannot be had by an id of before, nor by a word in the metadata', async () => {
    const plain = await registered(open, { redirect_uris: [vouchedUri], voucher, vouched: true });
    expect(plain.client_id).toMatch(/^sp_c1_/u);
    expect((await page(open, plain.client_id, vouchedUri)).html).not.toContain('vouch.example.com');
    expect((await post(strict, { redirect_uris: [vouchedUri], voucher })).status).toBe(400);
  });
});

describe('where nobody is believed', () => {
  it('a statement means nothing, and is not looked at (RFC 7591 §2.3)', async () => {
    const stack = await startStack({}, { provider });
    const answer = await registered(stack, {
      redirect_uris: [redirectUri],
      software_statement: await thief.sign(),
    });
    expect(answer.redirect_uris).toEqual([redirectUri]);
    expect(answer).not.toHaveProperty('software_statement');
    await stack.auth.close();
  });
});
