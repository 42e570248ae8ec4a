/** Whole requests to a whole server: whatever comes, the answer is one that the endpoint may give, and never a 500. */
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HttpRequest } from '../../src/http/exchange.ts';
import { startStack } from '../fixtures/stack.ts';
import type { Stack } from '../fixtures/stack.ts';
import { fuzzAsync } from './cases.ts';
import { anyText, around, fragment } from './texts.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(async () => {
  await stack.close();
});

const pages = ['/oauth/authorize', '/oauth/consent', '/oauth/callback'];
const calls = ['/oauth/token', '/oauth/register', '/oauth/revoke', '/oauth/introspect', '/oauth/userinfo'];
const documents = [
  '/.well-known/oauth-authorization-server',
  '/.well-known/openid-configuration',
  '/.well-known/jwks.json',
];

const names =
  'client_id redirect_uri response_type code_challenge code_challenge_method state scope resource';
const more = 'grant_type code code_verifier refresh_token token request prompt max_age';
const name = fc.constantFrom(...`${names} ${more}`.split(' '));
const tokens = ['sp_ac_', 'sp_rt_'].map((prefix) => prefix + 'A'.repeat(115));
const words = 'code S256 authorization_code refresh_token sp_c1_A none login 0 http://127.0.0.1:1/cb'.split(
  ' ',
);
const value = fc.oneof(fc.constantFrom(...tokens, ...words, 'https://mcp.example.com/mcp'), anyText);
const form = fc
  .array(fc.tuple(name, value), { maxLength: 8 })
  .map((pairs) => new URLSearchParams(pairs).toString());
const header = fc.record(
  {
    'content-type': fc.constantFrom(
      'application/x-www-form-urlencoded',
      'application/json',
      'multipart/form-data',
      '',
    ),
    authorization: fc.oneof(anyText, fc.constantFrom('Basic QTpC', 'Bearer a.b.c', 'Bearer', 'Basic')),
    cookie: anyText,
    origin: fc.constantFrom('null', 'https://mcp.example.com', 'https://evil.example', ''),
    accept: anyText,
  },
  { requiredKeys: [] },
);
const request = fc.record({
  method: fc.constantFrom('GET', 'POST', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'),
  path: fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom(...pages, ...calls, ...documents) },
    { weight: 1, arbitrary: fc.array(fragment).map((parts) => `/oauth/${parts.join('')}`) },
  ),
  query: around(form),
  headers: header,
  body: fc.oneof(
    around(form),
    fc.jsonValue({ maxDepth: 2 }).map((json) => JSON.stringify(json)),
  ),
});

async function ask({
  body,
  ...head
}: typeof request extends fc.Arbitrary<infer T> ? T : never): Promise<void> {
  const asked: HttpRequest = { ...head, remoteAddress: '192.0.2.1', text: () => Promise.resolve(body) };
  const { status, headers, body: answer } = await stack.auth.handle(asked);
  expect(status, `${head.method} ${head.path}`).toBeLessThan(500);
  for (const text of Object.values(headers).flat()) expect(text).toMatch(/^[\t\x20-\x7e]*$/u);
  if (!calls.includes(head.path) || head.method !== 'POST') return;
  expect(headers['content-type']).toBe('application/json');
  // RFC 6750 §3.1: who sends no token hears of no error.
  if (status >= 400 && head.path !== '/oauth/userinfo')
    expect(JSON.parse(String(answer))).toMatchObject({ error: expect.any(String) as string });
}

describe('the server', () => {
  it('answers every request as its endpoints may', async () => {
    await fuzzAsync(request, ask, 0.5);
  });

  it('never sends a browser away on the word of a request that nobody vouches for', async () => {
    const there = fc.record({ query: form, method: fc.constant('GET'), path: fc.constantFrom(...pages) });
    await fuzzAsync(
      there,
      async ({ query, method, path }) => {
        const asked = {
          method,
          path,
          query,
          headers: {},
          remoteAddress: '192.0.2.1',
          text: () => Promise.resolve(''),
        };
        const { headers } = await stack.auth.handle(asked);
        expect(headers['location']).toBeUndefined();
      },
      0.5,
    );
  });
});
