/**
 * Two issuers, two logins or two providers taken for one another. RFC 9207, RFC 9700 §4.4; MCP 2026-07-28 (`iss` in every answer),
 * and what toolhive did: no `iss` in its answers, none looked at in those of its providers, one callback for all of them.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Browser, Stack } from '../fixtures/stack.ts';
import { issuer, pkce, redirectUri, startStack } from '../fixtures/stack.ts';
import { answerOf, askConsent, consentUrl, shown } from './login-steps.ts';

let stack: Stack;
let clientId: string;
let remote: string;
const remoteUri = 'https://remote.example/cb';
beforeAll(async () => {
  stack = await startStack();
  clientId = (await stack.register()).client_id;
  remote = (await stack.register({ redirect_uris: [remoteUri] })).client_id;
});
afterAll(() => stack.close());

const grants = async (): Promise<number> => (await stack.store.stats()).grants;
const locationOf = (answer: Response): URL => new URL(answer.headers.get('location') ?? '');
const ask = (more: Record<string, string | undefined> = {}): string =>
  stack.authorizeUrl({ client_id: clientId, code_challenge: pkce().challenge, ...more });

describe('every answer names its issuer', () => {
  it('as the metadata promise and spell it', async () => {
    const metadata = await stack.call('/.well-known/oauth-authorization-server');
    const body = (await metadata.json()) as Record<string, unknown>;
    expect(body['authorization_response_iss_parameter_supported']).toBe(true);
    expect(body['issuer']).toBe(issuer);
  });

  const answers: readonly (readonly [string, () => Promise<URL>])[] = [
    ['a code', () => stack.login({ client_id: clientId, code_challenge: pkce().challenge })],
    ['an error', async () => locationOf(await stack.call(ask({ response_type: 'token' })))],
    [
      'a no',
      async () => {
        const browser = stack.browser();
        const request = await askConsent(stack, browser, { client_id: clientId });
        return locationOf(await browser.post(consentUrl, { request, decision: 'deny' }));
      },
    ],
    [
      'an error of the provider',
      async () => {
        const browser = stack.browser();
        const back = new URL(await answerOf(stack, browser, { clientId }));
        back.searchParams.set('error', 'access_denied');
        return locationOf(await browser.get(back.href));
      },
    ],
    [
      'the link of a page',
      async () => {
        const url = ask({ client_id: remote, redirect_uri: remoteUri, response_type: 'token' });
        const html = await (await stack.call(url)).text();
        const [, href = ''] = /href="(https:\/\/remote\.example[^"]+)"/u.exec(html) ?? [];
        return new URL(href.replaceAll('&amp;', '&'));
      },
    ],
  ];

  it.each(answers)('%s, once and exactly', async (_, answer) => {
    const { searchParams } = await answer();
    expect(searchParams.getAll('iss')).toEqual([issuer]);
  });
});

describe('an answer of another provider', () => {
  const changes: readonly (readonly [string, (back: URL, own: string) => void])[] = [
    ['names another issuer', (back) => back.searchParams.set('iss', 'https://evil.example')],
    ['names us', (back) => back.searchParams.set('iss', issuer)],
    ['names none, though ours always does', (back) => back.searchParams.delete('iss')],
    ['names an empty one', (back) => back.searchParams.set('iss', '')],
    ['names ours with a slash', (back, own) => back.searchParams.set('iss', `${own}/`)],
    ['names ours in other letters', (back, own) => back.searchParams.set('iss', own.toUpperCase())],
    ['names ours and another', (back) => back.searchParams.append('iss', 'https://evil.example')],
    ['names ours twice', (back, own) => back.searchParams.append('iss', own)],
    ['brings two codes', (back) => back.searchParams.append('code', 'x')],
    ['brings a code and an error', (back) => back.searchParams.set('error', 'invalid_scope')],
    ['brings a token in the query', (back) => back.searchParams.set('response', 'eyJhbGciOiJub25lIn0.e30.')],
  ];

  it.each(changes)('that %s ends in no code, and no token request goes out', async (_, change) => {
    const browser = stack.browser();
    const back = new URL(await answerOf(stack, browser, { clientId }));
    change(back, stack.provider.issuer);
    const before = await grants();
    const asked = stack.provider.requests.filter((request) => request.startsWith('POST /token')).length;
    const location = locationOf(await browser.get(back.href));
    expect(location.href.startsWith(`${redirectUri}?error=server_error`)).toBe(true);
    expect(stack.provider.requests.filter((request) => request.startsWith('POST /token'))).toHaveLength(
      asked,
    );
    expect(await grants()).toBe(before);
  });

  it('has no door of its own: the callback of a provider that we do not have does not exist', async () => {
    const browser = stack.browser();
    const back = new URL(await answerOf(stack, browser, { clientId }));
    for (const path of [
      '/oauth/callback/demo',
      '/oauth/callback/other',
      '/oauth/callback/',
      '/oauth/callback%2f',
    ]) {
      const answer = await browser.get(`${issuer}${path}${back.search}`);
      expect([path, answer.status]).toEqual([path, 404]);
    }
    expect((await browser.get(back.href)).status).toBe(303);
  });
});

describe('two logins of one browser', () => {
  const begin = async (browser: Browser, account: string): Promise<URL> =>
    new URL(await answerOf(stack, browser, { clientId, account }));

  it('never exchange their codes: each has a nonce and a verifier of its own', async () => {
    const browser = stack.browser();
    const [one, two] = [await begin(browser, 'alice'), await begin(browser, 'bob')];
    const swapped = new URL(one);
    swapped.searchParams.set('code', two.searchParams.get('code') ?? '');
    const before = await grants();
    expect(locationOf(await browser.get(swapped.href)).searchParams.get('error')).toBe('server_error');
    expect(await grants()).toBe(before);
  });

  it('never exchange their clients: each code goes where its own login began', async () => {
    const browser = stack.browser();
    const mine = await answerOf(stack, browser, { clientId });
    const theirs = await answerOf(stack, browser, { clientId: remote, redirectUri: remoteUri });
    expect(locationOf(await browser.get(theirs)).href.startsWith(remoteUri)).toBe(true);
    expect(locationOf(await browser.get(mine)).href.startsWith(redirectUri)).toBe(true);
  });

  it('an answer to a login that was begun anew is no answer to the new one', async () => {
    const browser = stack.browser();
    const back = await begin(browser, 'alice');
    const broken = new URL(back);
    broken.searchParams.set('code', 'wrong');
    await browser.get(broken.href);
    // The same state again starts another leg, with a state, nonce and verifier of its own.
    const again = locationOf(await browser.get(back.href));
    const fresh = new URL(back);
    fresh.searchParams.set('state', again.searchParams.get('state') ?? '');
    const answer = locationOf(await browser.get(fresh.href));
    expect(answer.searchParams.get('error')).toBe('server_error');
    expect(answer.searchParams.get('code')).toBeNull();
  });
});

describe('two servers', () => {
  it('one’s code, tokens and client ids mean nothing to the other', async () => {
    const other = await startStack();
    const theirs = await other.signIn({ scope: 'openid' });
    expect(await shown(await stack.call(ask({ client_id: theirs.clientId })))).toBe('400 page');
    expect((await stack.refresh(clientId, theirs.refresh_token)).status).toBe(400);
    const headers = { authorization: `Bearer ${theirs.access_token}` };
    expect((await stack.call('/oauth/userinfo', { headers })).status).toBe(401);
    await other.close();
  });
});
