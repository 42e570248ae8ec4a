/**
 * Oversized, repeated and malformed input on every endpoint that takes some. tutor-mcp#117 (no cap on registrations), CWE-20,
 * CWE-235 (repeated parameters), CWE-400, CWE-409 (compression), CWE-1321 (prototype pollution); RFC 6749 §3.1 and §3.2
 * (a parameter comes once), RFC 7591 §3.2.2. Arbitrary input is in test/malformed-requests; here are the shapes that attackers
 * know, over real sockets: each is refused as the client's mistake, in the endpoint's own form, and nothing is kept of it.
 */
import { request as send } from 'node:http';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { issuer, pkce, redirectUri } from '../fixtures/stack.ts';
import { Endpoint } from '../proxy/endpoint.ts';

let endpoint: Endpoint;
let clientId: string;

beforeAll(async () => {
  endpoint = await Endpoint.start();
  clientId = (await endpoint.stack.register()).client_id;
});
afterAll(() => endpoint.close());

const form = 'application/x-www-form-urlencoded';
const forms = ['/oauth/token', '/oauth/revoke', '/oauth/introspect', '/oauth/consent'] as const;
const json = ['/oauth/register'] as const;

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

interface Input {
  readonly body: string | Uint8Array;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sends no length, so that only counting helps. */
  readonly chunked?: boolean;
}

/** One request as it is; a server that answers early and hangs up has answered. */
function post(path: string, { body, type = form, headers = {}, chunked = false }: Input): Promise<Answer> {
  const url = new URL(path, endpoint.url);
  const length: Record<string, string> = chunked
    ? { 'transfer-encoding': 'chunked' }
    : { 'content-length': String(Buffer.byteLength(body)) };
  return new Promise((resolve, reject) => {
    const request = send(url, {
      method: 'POST',
      headers: {
        'content-type': type,
        origin: issuer,
        'sec-fetch-site': 'same-origin',
        ...length,
        ...headers,
      },
    });
    request.on('response', (response) => {
      let text = '';
      const done = (): void => {
        const type = String(response.headers['content-type']);
        resolve({ status: response.statusCode ?? 0, type, body: text });
        request.destroy();
      };
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', done);
      response.on('error', done);
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** What is wrong with a refusal; `null` for one that blames the client in the endpoint's own form. */
function flaw(path: string, { status, type, body }: Answer): string | null {
  if (status < 400 || status >= 500) return `status ${status}`;
  if (/<script|at \/|node:internal/u.test(body)) return body;
  if (path === '/oauth/consent') return type.includes('text/html') ? null : type;
  return Object.hasOwn(JSON.parse(body) as object, 'error') ? null : body;
}

describe('a body', () => {
  it.each([...forms, ...json])('of more than 64 KiB is refused at %s, announced or not', async (path) => {
    const type = path === '/oauth/register' ? 'application/json' : form;
    const open = type === form ? 'x=' : '{"client_name":"';
    const close = type === form ? '' : '"}';
    const sized = (size: number): string => `${open}${'x'.repeat(size - open.length - close.length)}${close}`;
    for (const chunked of [false, true]) {
      expect((await post(path, { body: sized(65_537), type, chunked })).status).toBe(413);
      const fits = await post(path, { body: sized(65_536), type, chunked });
      expect(fits.status).not.toBe(413);
      expect(flaw(path, fits)).toBeNull();
    }
    const huge = await post(path, { body: 'x', type, headers: { 'content-length': '99999999999' } });
    expect(huge.status).toBe(413);
  });

  it('is counted in bytes, not in characters', async () => {
    const body = JSON.stringify({ client_name: '€'.repeat(22_000), redirect_uris: [redirectUri] });
    expect(body.length).toBeLessThan(65_536);
    expect((await post('/oauth/register', { body, type: 'application/json' })).status).toBe(413);
  });

  const good = (): string =>
    new URLSearchParams({
      grant_type: 'refresh_token',
      client_id: clientId,
      refresh_token: 'x',
      token: 'x',
    }).toString();

  it.each([...forms, ...json])('in another wrapping is not unwrapped at %s', async (path) => {
    const text = path === '/oauth/register' ? JSON.stringify({ redirect_uris: [redirectUri] }) : good();
    const plain = path === '/oauth/register' ? 'application/json' : form;
    const boundary = `--b\r\ncontent-disposition: form-data; name="grant_type"\r\n\r\nrefresh_token\r\n--b--\r\n`;
    const inputs: readonly Input[] = [
      { body: gzipSync(text), type: plain, headers: { 'content-encoding': 'gzip' } },
      { body: brotliCompressSync(text), type: plain, headers: { 'content-encoding': 'br' } },
      { body: gzipSync(Buffer.alloc(50 << 20)), type: plain, headers: { 'content-encoding': 'gzip' } },
      { body: boundary, type: 'multipart/form-data; boundary=b' },
      { body: boundary, type: 'Multipart/Mixed' },
      { body: Buffer.from(text, 'utf16le'), type: `${plain}; charset=utf-16` },
      { body: Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')]), type: plain },
      { body: Buffer.from([0xc0, 0xaf, 0xff, 0xfe, 0xfd]), type: plain },
    ];
    for (const input of inputs) expect(flaw(path, await post(path, input))).toBeNull();
  });

  it.each(forms)('of JSON, XML or nothing is no form at %s', async (path) => {
    for (const body of [
      '{"grant_type":"refresh_token"}',
      '[]',
      ' \n{"a":1}',
      '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
      '',
      '&&&&',
      '=',
      '=&=',
      '\0',
    ])
      for (const type of [form, 'application/json', 'text/xml', ''])
        expect(flaw(path, await post(path, { body, type }))).toBeNull();
  });
});

describe('parameters', () => {
  const token = (): Record<string, string> => ({
    grant_type: 'refresh_token',
    client_id: clientId,
    refresh_token: 'x',
    token: 'x',
  });

  it.each(forms)('by the thousand are refused at %s before anything is looked at', async (path) => {
    const many = Array.from({ length: 5000 }, (_, index) => `p${index}=1`).join('&');
    // Without them a revocation would be fine: an unknown token is no mistake.
    const body = `${new URLSearchParams(token()).toString()}&${many}`;
    expect(flaw(path, await post(path, { body }))).toBeNull();
    expect(flaw(path, await post(path, { body: '&'.repeat(60_000) }))).toBeNull();
    expect(
      flaw(path, await post(path, { body: Array.from({ length: 200 }, () => 'resource=x').join('&') })),
    ).toBeNull();
  });

  it.each([
    'grant_type',
    'client_id',
    'refresh_token',
    'token',
    'client_secret',
    'scope',
    'request',
    'decision',
    'unheard_of',
  ])('%s twice is refused everywhere, equal or not, whatever the spelling', async (name) => {
    const base = new URLSearchParams(token()).toString();
    const escaped = `%${name.charCodeAt(0).toString(16)}${name.slice(1)}`;
    for (const path of forms)
      for (const twice of [
        `${name}=a&${name}=a`,
        `${name}=a&${name}=b`,
        `${name}=&${name}=a`,
        `${name}=a&${escaped}=b`,
        `${name}&${name}=a`,
      ])
        expect(
          flaw(
            path,
            await post(path, { body: base.includes(`${name}=`) ? `${base}&${name}=a` : `${base}&${twice}` }),
          ),
        ).toBeNull();
  });

  it.each([
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'hasOwnProperty',
    '__proto__[admin]',
    'constructor.prototype',
    'a[b][c]',
    'a.b',
    'grant_type[]',
    'client_id[$ne]',
    'hasOwnProperty[]',
  ])('named %s pollute nothing and mean nothing', async (name) => {
    for (const path of forms) {
      const extra = `${encodeURIComponent(name)}=polluted`;
      const answer = await post(path, { body: `${new URLSearchParams(token()).toString()}&${extra}` });
      // Unknown parameters are ignored (RFC 6749 §3.2), and whose token it is nobody learns (RFC 7009 §2.2).
      if (path === '/oauth/revoke') expect(answer.status).toBe(200);
      else expect(flaw(path, answer)).toBeNull();
    }
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
    const answer = await post('/oauth/token', { body: `${name}=refresh_token&client_id=${clientId}` });
    expect(JSON.parse(answer.body)).toMatchObject({ error: 'invalid_request' });
  });

  it.each([
    '%00',
    'a%00b',
    '%',
    '%2',
    '%zz',
    '%c0%af',
    '%ed%a0%80',
    '%ff%fe',
    '%u0041',
    'a\u0001b',
    'é',
    '%f8%88%80%80%80',
  ])('with the value %j are refused', async (value) => {
    for (const path of forms) {
      expect(
        flaw(
          path,
          await post(path, {
            body: `grant_type=refresh_token&client_id=${clientId}&refresh_token=${value}&request=${value}&token=${value}`,
          }),
        ),
      ).toBeNull();
      expect(flaw(path, await post(path, { body: `${value}=x` }))).toBeNull();
    }
  });
});

describe('the authorization request', () => {
  const ask = async (query: string): Promise<Answer> => {
    const response = await fetch(new URL(`/oauth/authorize?${query}`, endpoint.url), { redirect: 'manual' });
    return {
      status: response.status,
      type: response.headers.get('content-type') ?? '',
      body: await response.text(),
    };
  };
  const base = (): string =>
    new URL(
      endpoint.stack.authorizeUrl({ client_id: clientId, code_challenge: pkce().challenge }),
    ).search.slice(1);

  it('is fine without all of this', async () => {
    expect((await ask(base())).status).toBe(200);
  });

  it.each([
    ['client_id', 'x'],
    ['redirect_uri', encodeURIComponent(redirectUri)],
    ['redirect_uri', encodeURIComponent('https://evil.example/')],
    ['client%5Fid', 'x'],
    ['redirect%5furi', encodeURIComponent('https://evil.example/')],
  ])('with a second %s is a page and no redirect', async (name, value) => {
    for (const query of [`${base()}&${name}=${value}`, `${name}=${value}&${base()}`]) {
      const answer = await ask(query);
      expect(answer.status).toBe(400);
      expect(answer.type).toContain('text/html');
    }
  });

  it.each(['state', 'scope', 'code_challenge', 'nonce', 'prompt', 'response_type', 'response_mode'])(
    'with a second %s shows no consent',
    async (name) => {
      const answer = await ask(`${base()}&${name}=a&${name}=b`);
      expect(answer.body).not.toContain('name="decision"');
    },
  );

  it.each([
    ['a state of 5 KiB', `state=${'x'.repeat(5000)}`],
    ['a state of NUL', 'state=a%00b'],
    ['a hundred resources', Array.from({ length: 100 }, () => 'resource=https://x.example').join('&')],
    ['a scope without end', `scope=${'a+'.repeat(8000)}`],
    ['a nonce of 8 KiB', `nonce=${'x'.repeat(8200)}`],
    ['a negative max_age', 'max_age=-1'],
    ['a max_age beyond numbers', `max_age=${'9'.repeat(400)}`],
    ['a max_age with an exponent', 'max_age=1e9'],
    ['a request object', 'request=eyJhbGciOiJub25lIn0.e30.'],
    ['a request by reference', 'request_uri=http://169.254.169.254/'],
    ['a login_hint of 8 KiB', `login_hint=${'x'.repeat(8200)}`],
  ])('with %s is answered as a mistake or without it, never with a failure of ours', async (_name, more) => {
    const { status } = await ask(`${base()}&${more}`);
    expect(status).toBeLessThan(500);
  });

  it('longer than a head may be is refused by the server itself', async () => {
    expect((await ask(`${base()}&x=${'x'.repeat(40_000)}`)).status).toBe(431);
  });
});

describe('a registration', () => {
  const register = (body: string): Promise<Answer> =>
    post('/oauth/register', { body, type: 'application/json' });
  const deep = (open: string, close: string, depth: number): string =>
    `${open.repeat(depth)}1${close.repeat(depth)}`;

  it.each([
    ['an array', '[]'],
    ['a text', '"x"'],
    ['null', 'null'],
    ['a number', '1e400'],
    ['nothing', ''],
    ['two objects', '{}{}'],
    ['a comment', '/**/{}'],
    ['a trailing comma', '{"redirect_uris":["http://127.0.0.1/"],}'],
    ['single quotes', "{'redirect_uris':[]}"],
    ['a NUL', '{"a":"\0"}'],
    ['a lone surrogate', '{"redirect_uris":["\\ud800"]}'],
    ['brackets 30,000 deep', deep('[', ']', 30_000)],
    ['objects 10,000 deep', deep('{"a":', '}', 10_000)],
    ['addresses 10,000 deep', `{"redirect_uris":${deep('[', ']', 10_000)}}`],
    ['a name 10,000 deep', `{"redirect_uris":["http://127.0.0.1/"],"client_name":${deep('[', ']', 10_000)}}`],
    [
      '1,500 addresses',
      JSON.stringify({
        redirect_uris: Array.from({ length: 1500 }, (_, index) => `http://127.0.0.1/${index}`),
      }),
    ],
    [
      'an address of 60,000 characters',
      JSON.stringify({ redirect_uris: [`http://127.0.0.1/${'x'.repeat(60_000)}`] }),
    ],
    ['addresses that are no list', '{"redirect_uris":{"0":"http://127.0.0.1/","length":1}}'],
    ['addresses that are numbers', '{"redirect_uris":[1e400,-0,1]}'],
    ['addresses in a prototype', '{"__proto__":{"redirect_uris":["http://127.0.0.1/"]}}'],
    ['an address that is an object', '{"redirect_uris":[{"toString":"http://127.0.0.1/"}]}'],
    ['an address with a control', '{"redirect_uris":["http://127.0.0.1/\\u0000"]}'],
  ])('that is or has %s is refused', async (_name, body) => {
    const answer = await register(body);
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body)).toHaveProperty('error');
    expect(answer.body.length).toBeLessThan(1000);
  });

  it('with a polluted prototype beside good members is what its own members say', async () => {
    const body = `{"redirect_uris":["${redirectUri}"],"__proto__":{"client_secret":"x","token_endpoint_auth_method":"client_secret_post","polluted":true},"constructor":{"prototype":{"polluted":true}},"toString":"x","hasOwnProperty":"x"}`;
    const answer = await register(body);
    expect(answer.status).toBe(201);
    const said = JSON.parse(answer.body) as Record<string, unknown>;
    expect(said).toMatchObject({ token_endpoint_auth_method: 'none' });
    expect(answer.body).not.toContain('polluted');
    expect(Object.hasOwn(said, 'client_secret')).toBe(false);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it.each(['default_max_age', 'client_id_issued_at', 'client_secret_expires_at', 'unheard_of'])(
    'with a monstrous %s is what the rest of it says',
    async (name) => {
      for (const value of ['1e400', '-1e400', '9'.repeat(5000), '0.1e-400', '-0']) {
        const answer = await register(`{"redirect_uris":["${redirectUri}"],"${name}":${value}}`);
        expect([201, 400]).toContain(answer.status);
        expect(answer.body).not.toContain('99999');
      }
    },
  );
});

describe('after all of this', () => {
  it('nothing was kept, nothing failed, and an honest login works', async () => {
    const { stack } = endpoint;
    expect(stack.log.filter(({ level }) => level === 'error')).toEqual([]);
    expect(Object.values(await stack.store.stats()).every((count) => Number(count) === 0)).toBe(true);
    const { access_token } = await stack.signIn();
    expect((await endpoint.call(access_token)).status).toBe(200);
  });
});
