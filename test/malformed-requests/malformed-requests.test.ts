import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Stack } from '../fixtures/stack.ts';
import { issuer, pkce, redirectUri, resource, startStack } from '../fixtures/stack.ts';

const names = (
  'client_id redirect_uri response_type response_mode code_challenge code_challenge_method state scope resource prompt ' +
  'max_age nonce login_hint code code_verifier iss grant_type refresh_token token client_secret request decision error ' +
  'client_assertion'
).split(' ');

const paths = ['authorize', 'consent', 'callback', 'token', 'register', 'revoke', 'introspect', 'userinfo'];

describe('whatever comes in', () => {
  let stack: Stack;
  let known: readonly string[];
  beforeAll(async () => {
    stack = await startStack();
    const { clientId, access_token, refresh_token } = await stack.signIn();
    known = [
      clientId,
      access_token,
      refresh_token,
      pkce().challenge,
      redirectUri,
      resource,
      issuer,
      'code',
      'S256',
      'authorization_code',
      'refresh_token',
      'openid email',
      'none',
      'allow',
      '__proto__',
      'constructor',
      '%00',
      '%ff',
      '%',
      'x'.repeat(9000),
    ];
  });
  afterAll(() => stack.close());

  it('is answered: no crash, no hang, no 500, and nothing in the log as an error', async () => {
    const value = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom(...known));
    const parameters = fc.array(fc.tuple(fc.constantFrom(...names), value), { maxLength: 12 });
    const target = fc.record({
      path: fc.constantFrom(...paths),
      method: fc.constantFrom('GET', 'POST'),
      encoded: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(parameters, target, async (pairs, { path, method, encoded }) => {
        const text = encoded ? encode(pairs) : pairs.map(([name, text]) => `${name}=${text}`).join('&');
        const response = await send(stack, { path, method, pairs, text });
        // The id may be the address of a document, and nobody is at home there.
        const elsewhere = path === 'authorize' && response.status === 503;
        if (!elsewhere) expect(response.status).toBeLessThan(500);
      }),
      { numRuns: 5000 },
    );
    expect(stack.log.filter((line) => line.level === 'error')).toEqual([]);
  });
});

type Pairs = readonly (readonly [string, string])[];

function encode(pairs: Pairs): string {
  return new URLSearchParams(pairs.map(([name, text]) => [name, text.toWellFormed()])).toString();
}

function send(
  stack: Stack,
  { path, method, pairs, text }: { path: string; method: string; pairs: Pairs; text: string },
): Promise<Response> {
  if (method === 'GET') return stack.call(`/oauth/${path}?${text.replaceAll(/[\s#]/gu, '')}`);
  const register = path === 'register';
  return stack.call(`/oauth/${path}`, {
    method,
    body: register ? JSON.stringify(Object.fromEntries(pairs)) : text,
    headers: {
      'content-type': register ? 'application/json' : 'application/x-www-form-urlencoded',
      authorization: (pairs[0]?.[1] ?? '').replaceAll(/[^\x20-\x7e]/gu, ''),
      origin: issuer,
    },
  });
}
