/**
 * A link to us that leads elsewhere. RFC 9700 §4.11.2 (the authorization server as open redirector), RFC 6749 §4.1.2.1;
 * CVE-2025-4143 and workers-oauth-provider 0.0.12, opik PR6905 (the refusal used an unchecked address). Anybody may register here,
 * so an address being registered says nothing about whose it is.
 */
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Stack } from '../fixtures/stack.ts';
import { issuer, pkce, redirectUri, startStack } from '../fixtures/stack.ts';
import { allow, answerOf, askConsent, consentUrl, shown } from './login-steps.ts';

const evil = 'https://evil.example/cb?x=1';
const app = 'com.example.app:/callback';
const trusted = 'https://app.example.com/cb';

let stack: Stack;
let ids: { readonly evil: string; readonly app: string; readonly loopback: string };
beforeAll(async () => {
  stack = await startStack({ clients: [{ client_id: 'static', redirect_uris: [trusted] }] });
  const register = async (uri: string): Promise<string> =>
    (await stack.register({ redirect_uris: [uri] })).client_id;
  ids = { evil: await register(evil), app: await register(app), loopback: await register(redirectUri) };
});
afterAll(() => stack.close());

const ask = (parameters: Record<string, string | undefined>): string =>
  stack.authorizeUrl({ code_challenge: pkce().challenge, state: 'the state', ...parameters });

/** Where a page's way back leads. */
function linkOf(html: string): URL {
  const [, href = ''] = /<a class="button primary" href="([^"]+)"/u.exec(html) ?? [];
  return new URL(href.replaceAll('&amp;', '&'));
}

/** Every mistake that an authorization request can have behind its address. */
const mistakes: readonly (readonly [string, Record<string, string | undefined>, string])[] = [
  ['no response type', { response_type: undefined }, 'invalid_request'],
  ['another response type', { response_type: 'token' }, 'unsupported_response_type'],
  ['a fragment for the answer', { response_mode: 'fragment' }, 'invalid_request'],
  ['a form for the answer', { response_mode: 'form_post' }, 'invalid_request'],
  ['no challenge', { code_challenge: undefined }, 'invalid_request'],
  ['plain', { code_challenge_method: 'plain' }, 'invalid_request'],
  ['a request object', { request: 'x.y.z' }, 'request_not_supported'],
  ['a request by reference', { request_uri: 'https://evil.example/' }, 'request_uri_not_supported'],
  ['an unknown resource', { resource: 'https://evil.example/mcp' }, 'invalid_target'],
  ['a resource that is none', { resource: 'nonsense' }, 'invalid_target'],
  ['no interaction', { prompt: 'none' }, 'interaction_required'],
  ['an age that is none', { max_age: 'x' }, 'invalid_request'],
  ['a nonce that is too long', { nonce: 'x'.repeat(2000) }, 'invalid_request'],
];

describe('before client and address are known to be right, nothing is sent anywhere', () => {
  it.each([
    ['no client', { client_id: undefined }],
    ['an unknown client', { client_id: 'nobody' }],
    ['a client that is an address', { client_id: 'https://evil.internal/client.json' }],
    ['the address of another client', { client_id: 'static', redirect_uri: evil }],
    ['an address of nobody', { client_id: 'static', redirect_uri: 'https://evil.example/' }],
    ['an unknown client with a loopback address', { client_id: 'nobody', redirect_uri: redirectUri }],
  ])('%s', async (_, change) => {
    const known: Record<string, string | undefined> = { client_id: ids.evil, redirect_uri: evil };
    const parameters = { ...known, ...change };
    expect(await shown(await stack.call(ask(parameters)))).toBe('400 page');
    for (const [, mistake] of mistakes)
      expect(await shown(await stack.call(ask({ ...mistake, ...parameters })))).toBe('400 page');
  });

  it.each([
    'client_id=x',
    'redirect_uri=https://evil.example/',
    'state=1',
    'code_challenge=x',
    'scope=%zz',
    'x=%00',
    'x=%ff',
  ])('a request that cannot be read, even of a trusted client: %s', async (more) => {
    const parameters = { client_id: 'static', redirect_uri: trusted, scope: 'openid' };
    expect(await shown(await stack.call(`${ask(parameters)}&${more}`))).toBe('400 page');
  });

  it('says so without a link to the address that was asked for', async () => {
    const answer = await stack.call(ask({ client_id: ids.loopback, redirect_uri: 'https://evil.example/' }));
    expect(await answer.text()).not.toMatch(/href|http-equiv|<form|<script/u);
  });
});

describe('an error is sent on', () => {
  it.each(mistakes)(
    'to a trusted or a loopback app, with state and issuer: %s',
    async (_, mistake, error) => {
      for (const [client_id, redirect_uri] of [
        ['static', trusted],
        [ids.loopback, redirectUri],
      ] as const) {
        const answer = await stack.call(ask({ client_id, redirect_uri, ...mistake }));
        const location = new URL(answer.headers.get('location') ?? '');
        expect(location.href.split('?')[0]).toBe(redirect_uri);
        const { searchParams: sent } = location;
        expect([sent.get('error'), sent.get('state'), sent.get('iss')]).toEqual([error, 'the state', issuer]);
      }
    },
  );

  it.each(mistakes)('to any other app only by a click of the user: %s', async (_, mistake, error) => {
    for (const [client_id, redirect_uri] of [
      [ids.evil, evil],
      [ids.app, app],
    ] as const) {
      const answer = await stack.call(ask({ client_id, redirect_uri, ...mistake }));
      const html = await answer.clone().text();
      expect(await shown(answer)).toBe('400 page');
      const link = linkOf(html);
      expect(link.href.startsWith(redirect_uri)).toBe(true);
      const { searchParams: sent } = link;
      expect([sent.get('error'), sent.get('state'), sent.get('iss')]).toEqual([error, 'the state', issuer]);
      expect(html).not.toMatch(/http-equiv|<script/u);
    }
  });

  it('no link that somebody can make with a client of theirs leads away by itself', async () => {
    const names =
      'response_type response_mode scope state resource prompt max_age nonce code_challenge code_challenge_method'.split(
        ' ',
      );
    const value = fc.oneof(
      fc.constantFrom(
        '',
        'code',
        'token',
        'query',
        'fragment',
        'none',
        'login',
        'S256',
        'openid',
        evil,
        issuer,
        '//evil.example',
        'javascript:alert(1)',
      ),
      fc.string({ unit: 'binary', maxLength: 20 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.constantFrom(...names), value), async (changes) => {
        const url = ask({ client_id: ids.evil, redirect_uri: evil, ...changes });
        expect(await shown(await stack.call(url))).toMatch(/^(?:200|400) page$/u);
      }),
      { numRuns: 200 },
    );
  });
});

describe('a no of the user', () => {
  it.each([
    [
      'goes to a trusted app',
      () => ({ client_id: 'static', redirect_uri: trusted }),
      `303 ${trusted}?error=access_denied`,
    ],
    ['goes to a loopback app', () => ({ client_id: ids.loopback }), `303 ${redirectUri}?error=access_denied`],
    ['is a page for any other', () => ({ client_id: ids.evil, redirect_uri: evil }), '403 page'],
  ])('%s', async (_, parameters, expected) => {
    const browser = stack.browser();
    const request = await askConsent(stack, browser, { state: 's', ...parameters() });
    const answer = await shown(await browser.post(consentUrl, { request, decision: 'deny' }));
    expect(answer.startsWith(expected)).toBe(true);
  });
});

describe('the provider’s answer', () => {
  const state = async (
    parameters: Record<string, string>,
  ): Promise<readonly [ReturnType<Stack['browser']>, string]> => {
    const browser = stack.browser();
    const location = await allow(browser, await askConsent(stack, browser, { state: 's', ...parameters }));
    return [browser, new URL(location).searchParams.get('state') ?? ''];
  };
  const words = 'error_description=Call+0800+EVIL&error_uri=https://evil.example/help';

  it.each(['access_denied', 'login_required', 'invalid_scope', '<script>', 'x'.repeat(2000)])(
    'of an error goes to a trusted app in our words only: %s',
    async (error) => {
      const [browser, own] = await state({ client_id: 'static', redirect_uri: trusted });
      const url = `${issuer}/oauth/callback?error=${encodeURIComponent(error)}&${words}&state=${own}&iss=${stack.provider.issuer}`;
      const location = new URL((await browser.get(url)).headers.get('location') ?? '');
      expect(location.origin + location.pathname).toBe(trusted);
      expect(['access_denied', 'server_error']).toContain(location.searchParams.get('error'));
      expect([...location.searchParams.keys()]).toEqual(['error', 'error_description', 'state', 'iss']);
      expect(location.href).not.toMatch(/EVIL|evil|%3C|xxx/u);
    },
  );

  it.each(['server_error', 'temporarily_unavailable'])(
    'of a passing error is a page for everybody: %s',
    async (error) => {
      const [browser, own] = await state({ client_id: 'static', redirect_uri: trusted });
      const url = `${issuer}/oauth/callback?error=${error}&${words}&state=${own}&iss=${stack.provider.issuer}`;
      const answer = await browser.get(url);
      expect(await answer.clone().text()).not.toContain('EVIL');
      expect(await shown(answer)).toBe('503 page');
    },
  );

  it('of an error is a page for any other app, in our words only', async () => {
    const [browser, own] = await state({ client_id: ids.evil, redirect_uri: evil });
    const url = `${issuer}/oauth/callback?error=access_denied&${words}&state=${own}&iss=${stack.provider.issuer}`;
    const answer = await browser.get(url);
    const html = await answer.clone().text();
    expect(await shown(answer)).toBe('403 page');
    expect(html).not.toContain('EVIL');
    expect(linkOf(html).searchParams.get('error')).toBe('access_denied');
  });

  it.each([
    ['without state', `error=access_denied&redirect_uri=${evil}`],
    ['with somebody’s state', 'error=access_denied&state=AAAA'],
    [
      'with an address of its own',
      `error=access_denied&state=${encodeURIComponent(evil)}&redirect_uri=${evil}`,
    ],
  ])('of an error %s goes nowhere', async (_, query) => {
    const browser = stack.browser();
    await askConsent(stack, browser, { client_id: ids.evil, redirect_uri: evil });
    const answer = await browser.get(`${issuer}/oauth/callback?${query}`);
    const html = await answer.clone().text();
    expect(await shown(answer)).toBe('403 page');
    expect(html).not.toContain('href');
  });

  it('takes no address from the callback', async () => {
    const browser = stack.browser();
    const back = await answerOf(stack, browser, { clientId: ids.loopback });
    const answer = await browser.get(`${back}&redirect_uri=${encodeURIComponent(evil)}&next=${evil}`);
    expect(answer.headers.get('location')?.startsWith(`${redirectUri}?code=`)).toBe(true);
  });
});
