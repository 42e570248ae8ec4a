/**
 * Another address than the one that the client registered, in every disguise, at each of the three doors that take one. RFC 9700
 * §2.1 and §4.1, RFC 8252 §7.3 and §8.3; CVE-2025-4143 (not checked at authorize), GHSA-wx5f-576r-gpcx, GHSA-7hwf-488h-59x8,
 * fastmcp PR3066, PR3098, PR3963 (dot segments), workers 0.0.7 to 0.0.13 (dangerous schemes).
 * What the parser says of one text is in test/redirect-uri; here it is what the server then does.
 */
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Stack } from '../fixtures/stack.ts';
import { issuer, pkce, redirectUri, startStack } from '../fixtures/stack.ts';
import { codeFor, outcome, shown } from './login-steps.ts';

const web = 'https://app.example.com/cb?tenant=1';
const app = 'cursor://anysphere.cursor-mcp/oauth/callback';

let stack: Stack;
/** A client with each class of address, and one static client. */
let ids: { readonly loopback: string; readonly web: string; readonly app: string; readonly static: string };
beforeAll(async () => {
  stack = await startStack({
    clients: [{ client_id: 'static', redirect_uris: [web, redirectUri] }],
  });
  const register = async (uri: string): Promise<string> =>
    (await stack.register({ redirect_uris: [uri] })).client_id;
  ids = {
    loopback: await register(redirectUri),
    web: await register(web),
    app: await register(app),
    static: 'static',
  };
});
afterAll(() => stack.close());

/** What an authorization request with this address gets: a page that goes nowhere, unless it is the client's. */
const asked = async (client_id: string, redirect_uri: string): Promise<string> => {
  const url = stack.authorizeUrl({ client_id, redirect_uri, code_challenge: pkce().challenge, state: 's' });
  return shown(await stack.call(url));
};

const refused = '400 page';

/** Disguises of an https address; each is another one for some browser. */
const disguises: readonly (readonly [string, string])[] = [
  ['another host', 'https://evil.example/cb?tenant=1'],
  ['the host as user name', 'https://app.example.com@evil.example/cb?tenant=1'],
  ['the host as user name and password', 'https://app.example.com:443@evil.example/cb?tenant=1'],
  ['an empty user name', 'https://@app.example.com/cb?tenant=1'],
  ['a user name', 'https://me@app.example.com/cb?tenant=1'],
  ['an encoded at sign', 'https://app.example.com%40evil.example/cb?tenant=1'],
  ['a backslash that ends the host', 'https://evil.example\\.app.example.com/cb?tenant=1'],
  ['a backslash and at sign', 'https://evil.example\\@app.example.com/cb?tenant=1'],
  ['backslashes for slashes', 'https:\\\\app.example.com\\cb?tenant=1'],
  ['an encoded backslash', 'https://app.example.com%5C@evil.example/cb?tenant=1'],
  ['an encoded slash in the host', 'https://app.example.com%2F@evil.example/cb?tenant=1'],
  ['a semicolon in the host', 'https://app.example.com;evil.example/cb?tenant=1'],
  ['a longer host', 'https://app.example.com.evil.example/cb?tenant=1'],
  ['a shorter host', 'https://example.com/cb?tenant=1'],
  ['a host below', 'https://x.app.example.com/cb?tenant=1'],
  ['a host that ends the same', 'https://evilapp.example.com/cb?tenant=1'],
  ['a trailing dot', 'https://app.example.com./cb?tenant=1'],
  ['the host in capitals', 'https://APP.example.com/cb?tenant=1'],
  ['the scheme in capitals', 'HTTPS://app.example.com/cb?tenant=1'],
  ['the path in capitals', 'https://app.example.com/CB?tenant=1'],
  ['the default port', 'https://app.example.com:443/cb?tenant=1'],
  ['another port', 'https://app.example.com:8443/cb?tenant=1'],
  ['an empty port', 'https://app.example.com:/cb?tenant=1'],
  ['http', 'http://app.example.com/cb?tenant=1'],
  ['a cyrillic letter', 'https://аpp.example.com/cb?tenant=1'],
  ['the same in punycode', 'https://xn--pp-6kc.example.com/cb?tenant=1'],
  ['a full-width letter', 'https://ａpp.example.com/cb?tenant=1'],
  ['an ideographic full stop', 'https://app。example.com/cb?tenant=1'],
  ['a soft hyphen', 'https://a\u00adpp.example.com/cb?tenant=1'],
  ['a zero-width joiner', 'https://a\u200dpp.example.com/cb?tenant=1'],
  ['an encoded letter in the host', 'https://%61pp.example.com/cb?tenant=1'],
  ['an encoded letter in the path', 'https://app.example.com/%63b?tenant=1'],
  ['dot segments', 'https://app.example.com/x/../cb?tenant=1'],
  ['dot segments behind', 'https://app.example.com/cb/../evil?tenant=1'],
  ['encoded dot segments', 'https://app.example.com/cb/%2e%2e/evil?tenant=1'],
  ['a single dot', 'https://app.example.com/./cb?tenant=1'],
  ['dot segments behind an encoded slash', 'https://app.example.com/cb/..%2fevil?tenant=1'],
  ['a semicolon segment', 'https://app.example.com/cb/..;/evil?tenant=1'],
  ['a double slash', 'https://app.example.com//cb?tenant=1'],
  ['a trailing slash', 'https://app.example.com/cb/?tenant=1'],
  ['a longer path', 'https://app.example.com/cb/evil?tenant=1'],
  ['a path that begins the same', 'https://app.example.com/cbevil?tenant=1'],
  ['an added parameter', 'https://app.example.com/cb?tenant=1&next=https://evil.example'],
  ['another value', 'https://app.example.com/cb?tenant=2'],
  ['the same parameter twice', 'https://app.example.com/cb?tenant=1&tenant=2'],
  ['no query', 'https://app.example.com/cb'],
  ['an empty query more', 'https://app.example.com/cb?tenant=1&'],
  ['a fragment', 'https://app.example.com/cb?tenant=1#x'],
  ['an empty fragment', 'https://app.example.com/cb?tenant=1#'],
  ['an encoded fragment', 'https://app.example.com/cb?tenant=1%23'],
  ['a space before', ' https://app.example.com/cb?tenant=1'],
  ['a space behind', 'https://app.example.com/cb?tenant=1 '],
  ['a tab inside', 'https://app.exa\tmple.com/cb?tenant=1'],
  ['a line break inside', 'https://app.exa\nmple.com/cb?tenant=1'],
  ['a line break and a header', 'https://app.example.com/cb?tenant=1\r\nset-cookie: a=b'],
  ['an encoded line break', 'https://app.example.com/cb?tenant=1%0d%0aset-cookie:%20a=b'],
  ['no scheme', '//app.example.com/cb?tenant=1'],
  ['a path alone', '/cb?tenant=1'],
  ['a list', 'https://app.example.com/cb?tenant=1,https://evil.example/'],
  ['two in one', 'https://app.example.com/cb?tenant=1 https://evil.example/'],
  ['javascript', 'javascript:alert(1)//https://app.example.com/cb?tenant=1'],
  ['javascript with a line break', 'java\nscript:alert(1)'],
  ['data', 'data:text/html,<script>alert(1)</script>'],
  ['vbscript', 'vbscript:msgbox(1)'],
  ['a wildcard', 'https://*.example.com/cb?tenant=1'],
  ['a percent sign alone', 'https://app.example.com/cb?tenant=1%'],
];

describe('at the authorization endpoint', () => {
  it('the registered address, and no other, leads on', async () => {
    expect(await asked(ids.web, web)).toBe('200 page');
    expect(await asked(ids.static, web)).toBe('200 page');
    expect(await asked(ids.app, app)).toBe('200 page');
    expect(await asked(ids.loopback, redirectUri)).toBe('200 page');
    expect(await asked(ids.loopback, web)).toBe(refused);
    expect(await asked(ids.web, app)).toBe(refused);
  });

  it.each(disguises)('%s is another address', async (_, uri) => {
    expect(await asked(ids.web, uri)).toBe(refused);
    expect(await asked(ids.static, uri)).toBe(refused);
  });

  it.each([
    ['another loopback address', 'http://127.0.0.2:33418/callback'],
    ['the name for the address', 'http://localhost:33418/callback'],
    ['the address of version 6', 'http://[::1]:33418/callback'],
    ['a mapped address', 'http://[::ffff:127.0.0.1]:33418/callback'],
    ['the address as a number', 'http://2130706433:33418/callback'],
    ['the address in short', 'http://127.1:33418/callback'],
    ['the address in octal', 'http://0177.0.0.1:33418/callback'],
    ['a host that begins with the address', 'http://127.0.0.1.evil.example:33418/callback'],
    ['the address as user name', 'http://127.0.0.1:33418@evil.example/callback'],
    ['the address as user name without port', 'http://127.0.0.1@evil.example:33418/callback'],
    ['a port that is none', 'http://127.0.0.1:33418evil.example/callback'],
    ['a port that is too large', 'http://127.0.0.1:65536/callback'],
    ['an empty port', 'http://127.0.0.1:/callback'],
    ['https', 'https://127.0.0.1:33418/callback'],
    ['another path', 'http://127.0.0.1:33418/callback2'],
    ['a longer path', 'http://127.0.0.1:33418/callback/x'],
    ['a query', 'http://127.0.0.1:33418/callback?x=1'],
    ['a fragment', 'http://127.0.0.1:33418/callback#x'],
    ['dot segments', 'http://127.0.0.1:33418/x/../callback'],
    ['a backslash', 'http://evil.example\\@127.0.0.1:33418/callback'],
    ['any address', 'http://0.0.0.0:33418/callback'],
    ['an address of the network', 'http://192.168.0.1:33418/callback'],
  ])('a loopback address is not %s', async (_, uri) => {
    expect(await asked(ids.loopback, uri)).toBe(refused);
  });

  it('a loopback address may have any port, and the code goes to that one', async () => {
    for (const port of ['1', '1024', '65535']) {
      const uri = redirectUri.replace('33418', port);
      const { form } = await codeFor(stack, ids.loopback, { redirect_uri: uri });
      expect(await outcome(await stack.token({ ...form, redirect_uri: redirectUri }))).toBe(
        '400 invalid_grant',
      );
      expect(await outcome(await stack.token({ ...form, redirect_uri: uri }))).toBe('200');
    }
  });

  it.each([
    ['another path', 'cursor://anysphere.cursor-mcp/oauth/callback2'],
    ['another host', 'cursor://evil/oauth/callback'],
    ['a port', 'cursor://anysphere.cursor-mcp:1/oauth/callback'],
    ['the scheme in capitals', 'CURSOR://anysphere.cursor-mcp/oauth/callback'],
    ['one slash', 'cursor:/anysphere.cursor-mcp/oauth/callback'],
    ['a query', `${app}?x=1`],
  ])('an app’s address is not one with %s', async (_, uri) => {
    expect(await asked(ids.app, uri)).toBe(refused);
  });

  it.each([
    ['the good one first', [web, 'https://evil.example/']],
    ['the good one last', ['https://evil.example/', web]],
    ['the same twice', [web, web]],
  ])('two addresses are none: %s', async (_, uris) => {
    const url = new URL(
      stack.authorizeUrl({ client_id: ids.web, redirect_uri: undefined, code_challenge: pkce().challenge }),
    );
    for (const uri of uris) url.searchParams.append('redirect_uri', uri);
    expect(await shown(await stack.call(url.href))).toBe(refused);
    for (const name of ['redirect_uri[]', 'redirect_uri%5B%5D', 'Redirect_uri', 'redirect_uri%00']) {
      const other = `${stack.authorizeUrl({ client_id: ids.web, redirect_uri: web, code_challenge: pkce().challenge })}&${name}=https://evil.example/`;
      const answer = await shown(await stack.call(other));
      expect(answer.startsWith('200') || answer === refused).toBe(true);
    }
  });

  it('no address is the only one, and never a choice among several', async () => {
    const url = (client_id: string, more = {}): string =>
      stack.authorizeUrl({ client_id, redirect_uri: undefined, code_challenge: pkce().challenge, ...more });
    expect(await shown(await stack.call(url(ids.web)))).toBe('200 page');
    expect(await shown(await stack.call(url(ids.static)))).toBe(refused);
    expect(await shown(await stack.call(url(ids.web, { scope: 'openid' })))).toBe(refused);
  });

  it('a changed address is another address, whatever the change', async () => {
    const pieces = '. / \\ @ : ? # %2e %2f %00 %0a ; & = x .. // \u200b é [ ]'.split(' ');
    const piece = fc.constantFrom(...pieces, ' ', '\t');
    const place = fc.nat({ max: web.length });
    const changed = fc.oneof(
      fc.tuple(place, piece).map(([at, text]) => web.slice(0, at) + text + web.slice(at)),
      fc.tuple(place, piece).map(([at, text]) => web.slice(0, at) + text + web.slice(at + 1)),
      place.map((at) => web.slice(0, at) + web.slice(at + 1)),
      place.map((at) => web.slice(0, at) + web.slice(at, at + 1).toUpperCase() + web.slice(at + 1)),
    );
    await fc.assert(
      fc.asyncProperty(
        changed.filter((uri) => uri !== web && uri !== ''),
        async (uri) => {
          expect(await asked(ids.web, uri)).toBe(refused);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('where the browser goes, as a browser reads it', () => {
  it('is the host of the registered address, whatever passes registration', async () => {
    const letters = 'a b . / \\ @ : ? # %2e %2f %5c ; & - [ ] 1 127 * xn-- é'.split(' ');
    const letter = fc.constantFrom(...letters, ' ', '\t');
    const tail = fc.array(letter, { maxLength: 8 }).map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('https://', 'http://', 'http://127.0.0.1', 'https://good.example'),
        tail,
        async (head, text) => {
          const uri = head + text;
          const body = JSON.stringify({ redirect_uris: [uri] });
          const headers = { 'content-type': 'application/json' };
          const registered = await stack.call('/oauth/register', { method: 'POST', body, headers });
          if (registered.status !== 201) return;
          const { client_id } = (await registered.json()) as { client_id: string };
          const url = stack.authorizeUrl({ client_id, redirect_uri: uri, code_challenge: pkce().challenge });
          const html = await (await stack.call(url)).text();
          // The page names the host that the answer will go to, in the form in which a browser's address bar shows it.
          expect(html).toContain(new URL(uri).host);
          // Two parsers agree on it: the URL Standard's, and the plain reading of RFC 3986.
          const [, authority] = /^https?:\/\/([^/?#]*)/u.exec(uri) ?? [];
          expect(authority?.toLowerCase().replace(uri.startsWith('https') ? /:443$/u : /:80$/u, '')).toBe(
            new URL(uri).host,
          );
        },
      ),
      { numRuns: 400 },
    );
  });
});

describe('at registration', () => {
  const register = (uris: unknown): Promise<Response> =>
    stack.call('/oauth/register', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ redirect_uris: uris }),
    });

  it.each([
    ['javascript:alert(document.domain)'],
    ['JAVASCRIPT://app.example.com/%0aalert(1)'],
    ['data:text/html;base64,PHNjcmlwdD4='],
    ['vbscript:msgbox(1)'],
    ['file:///etc/passwd'],
    ['blob:https://app.example.com/x'],
    ['about:blank'],
    ['intent://x#Intent;end'],
    ['http://app.example.com/cb'],
    ['http://localhost.evil.example/cb'],
    ['https://user@app.example.com/cb'],
    ['https://app.example.com/cb#x'],
    ['https://app.example.com/../cb'],
    ['https://app.example.com\\@evil.example/'],
    ['https://аpp.example.com/cb'],
    ['https://app.example.com./cb'],
    ['https://0x7f.1/cb'],
    ['//app.example.com/cb'],
    [`${issuer}/cb`.replace('https', 'ftp')],
  ])('%s is refused, also among good ones, and the answer says which it was', async (uri) => {
    for (const uris of [[uri], [web, uri], [uri, web]]) {
      const answer = await register(uris);
      const { error, error_description } = (await answer.clone().json()) as Record<string, string>;
      expect([answer.status, error]).toEqual([400, 'invalid_redirect_uri']);
      // In the letters that a description may have (RFC 6749 §5.2).
      expect(error_description).toContain(uri.replaceAll(/[^\x20-\x5b\x5d-\x7e]/gu, '?'));
    }
  });

  it.each([
    ['a text', web],
    ['an object', { 0: web }],
    ['a number', 1],
    ['nothing', []],
    ['null', null],
    ['a list in a list', [[web]]],
    ['eleven', Array.from({ length: 11 }, (_, index) => `${web}${index}`)],
  ])('anything but a list of one to ten texts is refused: %s', async (_, uris) => {
    expect(await outcome(await register(uris))).toBe('400 invalid_redirect_uri');
  });
});

describe('at the token endpoint', () => {
  it.each(disguises.slice(0, 24))('%s gets no tokens and burns no code', async (_, uri) => {
    const { form } = await codeFor(stack, ids.web, { redirect_uri: web });
    const answer = await outcome(await stack.token({ ...form, redirect_uri: uri }));
    expect(answer).toMatch(/^400 invalid_(?:grant|request)$/u);
    expect((await stack.token({ ...form, redirect_uri: web })).status).toBe(200);
  });
});
