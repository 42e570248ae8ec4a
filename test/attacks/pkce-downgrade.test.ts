/**
 * PKCE made weaker or left out, and verifiers guessed. RFC 7636 §4.3 (a missing method means `plain`), §7.2; RFC 9700 §2.1.1
 * and §4.8.2 (downgrade); workers-oauth-provider CVE-2025-4144 (bypass) and 0.9.0 (an unknown method taken for plain),
 * better-auth PR9575 (plain). toolhive burned a code at the first wrong verifier.
 */
import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Stack } from '../fixtures/stack.ts';
import { pkce, startStack } from '../fixtures/stack.ts';
import { codeFor, outcome } from './login-steps.ts';

let stack: Stack;
let clientId: string;
beforeAll(async () => {
  const files = { '/secret': 's'.repeat(40) };
  const confidential = {
    client_id: 'confidential',
    client_secret_file: '/secret',
    redirect_uris: ['https://app.example.com/cb'],
  };
  stack = await startStack({ clients: [confidential] }, { files });
  clientId = (await stack.register()).client_id;
});
afterAll(() => stack.close());

/** The error that an authorization request gets, sent back to the client. */
async function refusal(parameters: Record<string, string | undefined>): Promise<string | null> {
  const answer = await stack.call(stack.authorizeUrl({ client_id: clientId, ...parameters }));
  const location = answer.headers.get('location');
  return location === null ? null : new URL(location).searchParams.get('error');
}

describe('an authorization request without S256', () => {
  const { verifier, challenge } = pkce();

  it('with S256 is asked for consent, so that the refusals below mean something', async () => {
    expect(await refusal({ code_challenge: challenge })).toBeNull();
  });

  it.each([
    ['no challenge', { code_challenge: undefined }],
    ['an empty challenge', { code_challenge: '' }],
    ['neither challenge nor method', { code_challenge: undefined, code_challenge_method: undefined }],
    ['no method, which would mean plain', { code_challenge: challenge, code_challenge_method: undefined }],
    ['an empty method', { code_challenge: challenge, code_challenge_method: '' }],
    ['plain', { code_challenge: verifier, code_challenge_method: 'plain' }],
    ['plain with a real challenge', { code_challenge: challenge, code_challenge_method: 'plain' }],
    ['an unknown method', { code_challenge: challenge, code_challenge_method: 'S512' }],
    ['the method in other letters', { code_challenge: challenge, code_challenge_method: 's256' }],
    ['the method with a space', { code_challenge: challenge, code_challenge_method: 'S256 ' }],
    ['two methods', { code_challenge: challenge, code_challenge_method: 'S256 plain' }],
    ['a list of methods', { code_challenge: challenge, code_challenge_method: '["S256"]' }],
    ['the name of a property', { code_challenge: challenge, code_challenge_method: '__proto__' }],
    ['a challenge that is too short', { code_challenge: challenge.slice(1) }],
    ['a challenge that is too long', { code_challenge: `${challenge}A` }],
    ['a padded challenge', { code_challenge: `${challenge}=` }],
    ['a challenge in plain base64', { code_challenge: `+/${challenge.slice(2)}` }],
    ['a challenge in hexadecimal', { code_challenge: createHash('sha256').update(verifier).digest('hex') }],
  ])('is refused before anybody signs in: %s', async (_, parameters) => {
    expect(await refusal(parameters)).toBe('invalid_request');
  });

  it('is refused for a client with a secret too', async () => {
    const redirect = { client_id: 'confidential', redirect_uri: 'https://app.example.com/cb' };
    expect(await refusal({ ...redirect, code_challenge: undefined })).toBe('invalid_request');
    expect(await refusal({ ...redirect, code_challenge: verifier, code_challenge_method: 'plain' })).toBe(
      'invalid_request',
    );
  });

  it.each(['code_challenge', 'code_challenge_method'])(
    'is not decided by which of two %s counts',
    async (name) => {
      const url = `${stack.authorizeUrl({ client_id: clientId, code_challenge: challenge })}&${name}=plain`;
      const answer = await stack.call(url);
      expect([answer.status, answer.headers.get('location')]).toEqual([400, null]);
    },
  );
});

describe('a token request', () => {
  it.each([
    ['without a verifier', {}, '400 invalid_request'],
    ['with an empty verifier', { code_verifier: '' }, '400 invalid_request'],
    ['with a verifier of 42 characters', { code_verifier: 'v'.repeat(42) }, '400 invalid_grant'],
    ['with a verifier of 129 characters', { code_verifier: 'v'.repeat(129) }, '400 invalid_grant'],
    ['with a verifier in other letters', { code_verifier: `${'v'.repeat(42)}+` }, '400 invalid_grant'],
    [
      'with a challenge and method of its own',
      { code_challenge: 'x', code_challenge_method: 'plain' },
      '400 invalid_request',
    ],
    ['with an object', { code_verifier: '[object Object]'.padEnd(43, '.') }, '400 invalid_grant'],
  ])('%s gets nothing and burns nothing', async (_, change, error) => {
    const { form } = await codeFor(stack, clientId);
    const { code_verifier: __, ...bare } = form;
    expect(await outcome(await stack.token({ ...bare, ...change }))).toBe(error);
    expect((await stack.token(form)).status).toBe(200);
  });

  it('with the challenge as its verifier is not taken for plain', async () => {
    const { form, verifier } = await codeFor(stack, clientId);
    const challenge = createHash('sha256').update(verifier).digest('base64url');
    expect(await outcome(await stack.token({ ...form, code_verifier: challenge }))).toBe('400 invalid_grant');
    expect((await stack.token(form)).status).toBe(200);
  });

  it('with a secret needs the verifier all the same', async () => {
    const redirect_uri = 'https://app.example.com/cb';
    const { form } = await codeFor(stack, 'confidential', { redirect_uri });
    const { code_verifier: _, client_id: __, ...bare } = form;
    const authorization = `Basic ${Buffer.from(`confidential:${'s'.repeat(40)}`).toString('base64')}`;
    expect(await outcome(await stack.token(bare, { authorization }))).toBe('400 invalid_request');
    const wrong = { ...bare, code_verifier: pkce().verifier };
    expect(await outcome(await stack.token(wrong, { authorization }))).toBe('400 invalid_grant');
    const right = { ...bare, code_verifier: form['code_verifier'] ?? '' };
    expect(await outcome(await stack.token(right, { authorization }))).toBe('200');
  });
});

describe('guessing', () => {
  it('five hundred verifiers neither succeeds nor burns the code', async () => {
    const { form } = await codeFor(stack, clientId);
    const answers = new Set<string>();
    for (let guess = 0; guess < 500; guess += 1)
      answers.add(await outcome(await stack.token({ ...form, code_verifier: pkce().verifier })));
    expect([...answers]).toEqual(['400 invalid_grant']);
    expect((await stack.token(form)).status).toBe(200);
  });

  it('a verifier that differs in anything, however little, is another one', async () => {
    const { form, verifier } = await codeFor(stack, clientId);
    const letter = fc.stringMatching(/^[\w.~-]$/u);
    const changed = fc.oneof(
      fc
        .tuple(fc.nat({ max: verifier.length - 1 }), letter)
        .map(([at, one]) => verifier.slice(0, at) + one + verifier.slice(at + 1)),
      letter.map((one) => verifier + one),
      letter.map((one) => one + verifier),
      fc.constantFrom(verifier.toUpperCase(), verifier.toLowerCase(), verifier + verifier),
    );
    await fc.assert(
      fc.asyncProperty(
        changed.filter((text) => text !== verifier),
        async (code_verifier) => {
          expect(await outcome(await stack.token({ ...form, code_verifier }))).toBe('400 invalid_grant');
        },
      ),
      { numRuns: 100 },
    );
    expect((await stack.token(form)).status).toBe(200);
  });
});
