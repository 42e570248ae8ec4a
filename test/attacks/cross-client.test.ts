/**
 * What one client can do with what belongs to another. workers-oauth-provider 0.8.0 (any client could revoke any token, a bogus
 * code ended somebody's grant) and 0.9.0 (the registered method was not enforced), better-auth PR9576 and PR10063;
 * RFC 6749 §2.3 and §10.5, RFC 7009 §2.1, RFC 7662 §4, RFC 7591 §5.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { form } from '../client-authentication/assertions.ts';
import type { Stack, Tokens } from '../fixtures/stack.ts';
import { pkce, resource, startStack } from '../fixtures/stack.ts';
import { codeFor, outcome, shown } from './login-steps.ts';

const other = 'https://mcp.example.com/other';
const appUri = 'https://app.example.com/cb';
const secrets = {
  app: 'a'.repeat(40),
  second: 'b'.repeat(40),
  server: 'c'.repeat(40),
  elsewhere: 'd'.repeat(40),
};
type Name = keyof typeof secrets;

const basic = (id: string, secret: string): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
});

let stack: Stack;
let publicId: string;
let thiefId: string;
beforeAll(async () => {
  const names = Object.keys(secrets) as Name[];
  const files = Object.fromEntries(names.map((name) => [`/${name}`, secrets[name]]));
  const clients = [
    { client_id: 'app', client_secret_file: '/app', redirect_uris: [appUri] },
    {
      client_id: 'second',
      client_secret_file: '/second',
      redirect_uris: [appUri],
      token_endpoint_auth_method: 'client_secret_post',
    },
    { client_id: 'server', client_secret_file: '/server', introspects: [resource] },
    { client_id: 'elsewhere', client_secret_file: '/elsewhere', introspects: [other] },
    { client_id: 'open', redirect_uris: ['http://127.0.0.1/callback'] },
  ];
  const config = {
    clients,
    allowed_audiences: [resource, other],
    default_resource: resource,
    allow_confidential_client_registration: true,
  };
  stack = await startStack(config, { files });
  publicId = (await stack.register()).client_id;
  thiefId = (await stack.register({ client_name: 'Thief' })).client_id;
});
afterAll(() => stack.close());

/** A client as it proves itself: its form fields and headers. */
interface Proof {
  readonly form: Record<string, string>;
  readonly headers: Record<string, string>;
}

const others: readonly (readonly [string, () => Proof])[] = [
  ['a registered public client', () => ({ form: { client_id: thiefId }, headers: {} })],
  ['a static public client', () => ({ form: { client_id: 'open' }, headers: {} })],
  ['a confidential client', () => ({ form: {}, headers: basic('app', secrets.app) })],
  [
    'a confidential client with its secret in the form',
    () => ({ form: { client_id: 'second', client_secret: secrets.second }, headers: {} }),
  ],
  ['a resource server', () => ({ form: {}, headers: basic('server', secrets.server) })],
];

const post = (
  path: string,
  form: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<Response> => stack.call(path, { method: 'POST', body: new URLSearchParams(form), headers });

async function works(
  { access_token, refresh_token }: Tokens,
  clientId = publicId,
): Promise<readonly number[]> {
  const headers = { authorization: `Bearer ${access_token}` };
  const about = await stack.call('/oauth/userinfo', { headers });
  return [about.status, (await stack.refresh(clientId, refresh_token)).status];
}

const activeFor = async (name: Name, token: string): Promise<unknown> => {
  const answer = await post('/oauth/introspect', { token }, basic(name, secrets[name]));
  return ((await answer.json()) as { active?: unknown }).active;
};

describe.each(others)('%s', (_, proofOf) => {
  it('cannot redeem another client’s code, and burns nothing by trying', async () => {
    const { form } = await codeFor(stack, publicId);
    const { client_id: __, ...bare } = form;
    const proof = proofOf();
    const answer = await post('/oauth/token', { ...bare, ...proof.form }, proof.headers);
    expect(await outcome(answer)).toMatch(/^400 (?:invalid_grant|unauthorized_client)$/u);
    expect((await stack.token(form)).status).toBe(200);
  });

  it('cannot use another client’s refresh token, nor end its grant with an old one', async () => {
    const first = await stack.signIn({ clientId: publicId, scope: 'openid' });
    const second = (await (await stack.refresh(publicId, first.refresh_token)).json()) as Tokens;
    stack.advance(61_000);
    const proof = proofOf();
    for (const refresh_token of [first.refresh_token, second.refresh_token]) {
      const form = { grant_type: 'refresh_token', refresh_token, ...proof.form };
      const answer = await post('/oauth/token', form, proof.headers);
      expect(await outcome(answer)).toMatch(/^400 (?:invalid_grant|unauthorized_client)$/u);
    }
    expect(await works(second)).toEqual([200, 200]);
  });

  it('cannot revoke what another client was given', async () => {
    const { form } = await codeFor(stack, publicId, { scope: 'openid' });
    const tokens = (await (await stack.token(form)).json()) as Tokens;
    const proof = proofOf();
    for (const token of [form['code'] ?? '', tokens.refresh_token, tokens.access_token])
      for (const hint of ['access_token', 'refresh_token', 'authorization_code', '']) {
        const asked = { token, token_type_hint: hint, ...proof.form };
        // 200 as for any unknown token: the answer tells nothing about it (RFC 7009 §2.2).
        expect(await outcome(await post('/oauth/revoke', asked, proof.headers))).toBe('200');
      }
    expect(await works(tokens)).toEqual([200, 200]);
    const own = { client_id: publicId, token: tokens.refresh_token };
    expect(await outcome(await post('/oauth/revoke', own))).toBe('200');
    expect(await works(tokens)).toEqual([401, 400]);
  });
});

describe('introspection', () => {
  it('is for resource servers: no other client may, whatever it holds', async () => {
    const { access_token: token } = await stack.signIn({ clientId: publicId });
    for (const [, proofOf] of others.slice(0, -1)) {
      const proof = proofOf();
      const answer = await post('/oauth/introspect', { token, ...proof.form }, proof.headers);
      expect(await outcome(answer)).toBe('400 unauthorized_client');
    }
    expect(await outcome(await post('/oauth/introspect', { token }))).toBe('400 invalid_request');
    expect(await outcome(await post('/oauth/introspect', { token, client_id: 'server' }))).toBe(
      '401 invalid_client',
    );
  });

  it('tells a server about tokens for itself, and nothing about another server’s', async () => {
    const { access_token: token, refresh_token } = await stack.signIn({ clientId: publicId });
    expect(await activeFor('server', token)).toBe(true);
    const answer = await post('/oauth/introspect', { token }, basic('elsewhere', secrets.elsewhere));
    expect(await answer.json()).toEqual({ active: false });
    for (const name of ['server', 'elsewhere'] as const)
      expect(await activeFor(name, refresh_token)).toBe(false);
  });

  it('gives no resource server a token, a code or a login', async () => {
    const url = stack.authorizeUrl({ client_id: 'server', code_challenge: pkce().challenge });
    expect(await shown(await stack.call(url))).toBe('400 page');
    for (const grant_type of ['authorization_code', 'refresh_token', 'client_credentials']) {
      const form = { grant_type, code: 'x', code_verifier: 'v'.repeat(43), refresh_token: 'x' };
      const answer = await post('/oauth/token', form, basic('server', secrets.server));
      expect(await outcome(answer)).toMatch(/^400 un/u);
    }
  });
});

describe('a text that only looks like a token', () => {
  it('never ends a grant: neither at the token endpoint nor at revocation', async () => {
    const { form } = await codeFor(stack, publicId, { scope: 'openid' });
    const tokens = (await (await stack.token(form)).json()) as Tokens;
    stack.advance(11_000);
    const real = [form['code'] ?? '', tokens.refresh_token];
    const [code = '', refresh = ''] = real;
    const bogus = real.flatMap(lookalikes);
    bogus.push(code.replace('sp_ac_', 'sp_rt_'), refresh.replace('sp_rt_', 'sp_ac_'));
    for (const text of bogus) {
      expect(await outcome(await stack.token({ ...form, code: text }))).toBe('400 invalid_grant');
      expect(await outcome(await stack.refresh(publicId, text))).toBe('400 invalid_grant');
      expect(await outcome(await post('/oauth/revoke', { client_id: publicId, token: text }))).toBe('200');
    }
    expect(await works(tokens)).toEqual([200, 200]);
  });
});

/** Texts that name the same grant, with something else about them changed. */
function lookalikes(text: string): readonly string[] {
  const bytes = Buffer.from(text.slice(6), 'base64url');
  const changed = [22, 53, 54, 85].map((at) => {
    const copy = Buffer.from(bytes);
    copy[at] = (copy[at] ?? 0) ^ 1;
    return text.slice(0, 6) + copy.toString('base64url');
  });
  return changed.concat(text.slice(0, -1), `${text}A`, text.toLowerCase());
}

describe('a secret', () => {
  it('of one client is none of another, static or registered', async () => {
    const register = { redirect_uris: [appUri], token_endpoint_auth_method: 'client_secret_basic' };
    const [one, two] = [await stack.register(register), await stack.register(register)];
    expect(one['client_secret']).not.toBe(two['client_secret']);
    const probe = async (id: string, secret: unknown): Promise<string> =>
      outcome(await post('/oauth/revoke', { token: 'x' }, basic(id, String(secret))));
    expect(await probe(one.client_id, one['client_secret'])).toBe('200');
    expect(await probe('app', secrets.app)).toBe('200');
    for (const [id, secret] of [
      [one.client_id, two['client_secret']],
      [two.client_id, one['client_secret']],
      ['app', secrets.server],
      ['app', one['client_secret']],
      [one.client_id, secrets.app],
      [publicId, one['client_secret']],
      [one.client_id, one.client_id],
    ] as const)
      expect(await probe(id, secret)).toBe('401 invalid_client');
  });

  it.each([
    ['left out', { client_id: 'app' }, {}],
    ['empty', { client_id: 'app', client_secret: '' }, {}],
    ['empty in the header', {}, basic('app', '')],
    ['in the form, where the header was agreed', { client_id: 'app', client_secret: secrets.app }, {}],
    ['in the header, where the form was agreed', {}, basic('second', secrets.second)],
    ['in other letters', {}, basic('app', secrets.app.toUpperCase())],
    ['with one letter less', {}, basic('app', secrets.app.slice(1))],
    ['with one letter more', {}, basic('app', `${secrets.app}a`)],
    ['of a client in other letters', {}, basic('APP', secrets.app)],
    ['given by a public client', { client_id: 'open', client_secret: secrets.app }, {}],
    ['given by a public client in the header', {}, basic('open', secrets.app)],
    ['an assertion of nobody’s', { client_id: 'app', ...form('x.y.z') }, {}],
  ])('that is %s opens nothing', async (_, form, headers) => {
    for (const path of ['/oauth/revoke', '/oauth/introspect'])
      expect(await outcome(await post(path, { token: 'x', ...form }, headers))).toBe('401 invalid_client');
    const grant = { grant_type: 'refresh_token', refresh_token: 'x', ...form };
    expect(await outcome(await post('/oauth/token', grant, headers))).toBe('401 invalid_client');
  });

  it('given twice, or to two clients at once, is no proof', async () => {
    for (const [form, headers] of [
      [{ client_id: 'app', client_secret: secrets.app }, basic('app', secrets.app)],
      [{ client_id: 'open' }, basic('app', secrets.app)],
      [{ client_id: 'app' }, basic('second', secrets.second)],
    ] as const)
      expect(await outcome(await post('/oauth/revoke', { token: 'x', ...form }, headers))).toBe(
        '400 invalid_request',
      );
  });
});

describe('a client id', () => {
  const at = (id: string): Promise<Response> =>
    stack.call(stack.authorizeUrl({ client_id: id, code_challenge: pkce().challenge }));

  it('that was changed anywhere is nobody’s', async () => {
    expect(await shown(await at(publicId))).toBe('200 page');
    const bytes = Buffer.from(publicId.slice(6), 'base64url');
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: bytes.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        async (index, bits) => {
          const copy = Buffer.from(bytes);
          copy[index] = (copy[index] ?? 0) ^ bits;
          const forged = `sp_c1_${copy.toString('base64url')}`;
          expect(await shown(await at(forged))).toBe('400 page');
          const answer = await post('/oauth/revoke', { client_id: forged, token: 'x' });
          expect(await outcome(answer)).toBe('401 invalid_client');
        },
      ),
      { numRuns: 60 },
    );
  });

  it('with an address of the attacker’s written into it is nobody’s', async () => {
    const bytes = Buffer.from(publicId.slice(6), 'base64url');
    const text = inflateRawSync(bytes.subarray(16)).toString();
    const changed = text.replace('http://127.0.0.1/callback', 'https://thief.example/cb');
    expect(changed).not.toBe(text);
    const packed = deflateRawSync(changed, { level: 9 });
    for (const tag of [bytes.subarray(0, 16), Buffer.alloc(16), Buffer.alloc(0)]) {
      const forged = `sp_c1_${Buffer.concat([tag, packed]).toString('base64url')}`;
      expect(await shown(await at(forged))).toBe('400 page');
    }
  });

  it.each([
    ['padded', (id: string) => `${id}=`],
    ['with a space', (id: string) => `${id} `],
    ['in other letters', (id: string) => id.toUpperCase()],
    ['twice', (id: string) => id + id],
    ['cut', (id: string) => id.slice(0, -1)],
    ['with another version', (id: string) => id.replace('sp_c1_', 'sp_c2_')],
    ['of a property', () => '__proto__'],
    ['of another property', () => 'constructor'],
    ['of another server', () => 'sp_c1_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
  ])('%s is nobody’s', async (_, change) => {
    expect(await shown(await at(change(publicId)))).toBe('400 page');
  });

  it('of a confidential client opens nothing to whoever knows only the id', async () => {
    const { client_id } = await stack.register({
      redirect_uris: [appUri],
      token_endpoint_auth_method: 'client_secret_post',
    });
    const { form } = await codeFor(stack, client_id, { redirect_uri: appUri });
    expect(await outcome(await stack.token(form))).toBe('401 invalid_client');
    const empty = { ...form, client_secret: '' };
    expect(await outcome(await stack.token(empty))).toBe('401 invalid_client');
  });
});
