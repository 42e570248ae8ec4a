/** The apps that act for a user, on the page where the user can sign them out. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { browserName, seenBrowser } from '../../src/server/seen-browser.ts';
import { decodeGrantData, encodeGrantData } from '../../src/server/grant-data.ts';
import { knownLabel, readTrace, traceOf } from '../../src/server/login-trace.ts';
import type { Browser } from '../fixtures/stack.ts';
import { pkce } from '../fixtures/stack.ts';
import { textOf } from '../pages/views.ts';
import type { Providers } from './scene.ts';
import { Scene, formOf, page, startProviders } from './scene.ts';

let providers: Providers;
let scene: Scene;

beforeAll(async () => {
  providers = await startProviders();
});
beforeEach(async () => {
  const scope_descriptions = { openid: 'Know who you are at Acme' };
  scene = await Scene.start({ scope_descriptions }, { providers });
});
afterEach(() => scene.close());
afterAll(() => providers.close());

const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0';
const read = async (browser: Browser): Promise<string> => (await browser.get(page)).text();
const apps = (html: string): string => {
  const from = html.indexOf('Apps that act for you');
  return from < 0 ? '' : textOf(html.slice(from));
};

/** An app signs in from a browser that says what it is. */
async function useApp(name: string, redirectUri: string, userAgent = firefox, account = 'alice') {
  const { client_id } = await scene.stack.register({ client_name: name, redirect_uris: [redirectUri] });
  const { verifier, challenge } = pkce();
  const browser = scene.stack.browser();
  const asked = { client_id, redirect_uri: redirectUri, code_challenge: challenge };
  const back = await scene.stack.signInUpstream(browser, asked, account);
  const answered = await browser.get(back, { 'user-agent': userAgent });
  const location = answered.headers.get('location');
  if (location === null) throw new Error(`callback: ${answered.status} ${await answered.text()}`);
  const code = new URL(location).searchParams.get('code') ?? '';
  const response = await scene.stack.token({
    grant_type: 'authorization_code',
    client_id,
    code,
    redirect_uri: redirectUri,
    code_verifier: verifier,
  });
  const { refresh_token } = (await response.json()) as { refresh_token: string };
  return { clientId: client_id, refreshToken: refresh_token };
}

const refresh = async ({ clientId, refreshToken }: Awaited<ReturnType<typeof useApp>>): Promise<number> =>
  (await scene.stack.refresh(clientId, refreshToken)).status;

describe('apps that act for somebody', () => {
  it('are told apart by name, by where codes went, by browser, and by when they were used', async () => {
    await useApp('Editor', 'http://127.0.0.1:8080/callback');
    scene.stack.advance(60_000);
    await useApp('Chat', 'https://chat.example/callback', 'curl/8');
    scene.stack.advance(60_000);
    await useApp('Pad', 'com.example.pad:/callback');
    const text = apps(await read(await scene.signedIn()));
    expect(text).toMatch(
      /Pad An app on a device, opened by com\.example\.pad: \. Signed in with Firefox on Linux \d/u,
    );
    expect(text).toMatch(/Chat At chat\.example \. Signed in \d/u);
    expect(text).toMatch(/Editor An app on a computer\. Signed in with Firefox on Linux/u);
    // Who was used last comes first.
    expect(text.indexOf('Pad')).toBeLessThan(text.indexOf('Chat'));
    expect(text.indexOf('Chat')).toBeLessThan(text.indexOf('Editor'));
    expect(text).toContain('May use https://mcp.example.com/mcp');
    expect(text).toContain('Know who you are at Acme openid');
  });

  it('come first again when they were used since', async () => {
    const editor = await useApp('Editor', 'http://127.0.0.1:8080/callback');
    scene.stack.advance(60_000);
    await useApp('Chat', 'https://chat.example/callback');
    scene.stack.advance(60_000);
    expect(await refresh(editor)).toBe(200);
    const text = apps(await read(await scene.signedIn()));
    expect(text.indexOf('Editor')).toBeLessThan(text.indexOf('Chat'));
  });

  it('are signed out one by one, and the others stay', async () => {
    const editor = await useApp('Editor', 'http://127.0.0.1:8080/callback');
    const chat = await useApp('Chat', 'https://chat.example/callback');
    const browser = await scene.signedIn();
    const html = await read(browser);
    const row = html.slice(html.indexOf('<bdi>Editor</bdi>'));
    const done = await browser.post(page, { request: formOf(row, 'Sign this app out') });
    expect([done.status, done.headers.get('location')]).toEqual([303, page]);
    expect(await refresh(editor)).toBe(400);
    expect(await refresh(chat)).toBe(200);
    const after = apps(await read(browser));
    expect(after).not.toContain('Editor');
    expect(after).toContain('Chat');
    const ended = scene.events.filter(({ event }) => event === 'revoked');
    expect(ended).toMatchObject([{ by: 'user', what: 'grant', why: 'user_revoked' }]);
  });

  it('are signed out together, with codes that nobody has redeemed', async () => {
    const editor = await useApp('Editor', 'http://127.0.0.1:8080/callback');
    const chat = await useApp('Chat', 'https://chat.example/callback');
    const { client_id } = await scene.stack.register();
    const { verifier, challenge } = pkce();
    const location = await scene.stack.login({ client_id, code_challenge: challenge });
    const browser = await scene.signedIn();
    const done = await scene.press(browser, 'Sign all out now');
    expect(textOf(await done.text())).toContain('The apps are signed out as well.');
    expect([await refresh(editor), await refresh(chat)]).toEqual([400, 400]);
    const late = await scene.stack.token({
      grant_type: 'authorization_code',
      client_id,
      code: location.searchParams.get('code') ?? '',
      code_verifier: verifier,
    });
    expect(late.status).toBe(400);
    expect(textOf(await read(browser))).toContain('Sign in with Demo');
  });

  it('come with no button for all when there is one', async () => {
    await useApp('Editor', 'http://127.0.0.1:8080/callback');
    expect(await read(await scene.signedIn())).not.toContain('Sign all');
  });
});

describe('what a browser says it is', () => {
  it.each([
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
      'Chrome on Windows',
    ],
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0',
      'Edge on Windows',
    ],
    [
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15',
      'Safari on a Mac',
    ],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
      'Safari on an iPhone or iPad',
    ],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/142.0.0.0 Mobile/15E148 Safari/604.1',
      'Chrome on an iPhone or iPad',
    ],
    [
      'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36',
      'Samsung Internet on Android',
    ],
    [
      'Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
      'Chrome on ChromeOS',
    ],
    [
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 OPR/124.0.0.0',
      'Opera on Linux',
    ],
    [firefox, 'Firefox on Linux'],
    ['Mozilla/5.0 (Windows NT 10.0) Something/1', 'a browser on Windows'],
    ['curl/8.14.1', null],
    ['<script>alert(1)</script>', null],
    [`${'x'.repeat(100_000)} Firefox/1 Linux`, null],
    ['', null],
    [undefined, null],
  ])('%s', (userAgent, words) => {
    const seen = seenBrowser(userAgent);
    expect(seen).toHaveLength(2);
    expect(browserName(seen)).toBe(words);
  });
});

describe('what a grant keeps of its login', () => {
  const request = { headers: { 'user-agent': firefox } };
  it.each([
    ['http://localhost:53211/callback', null, { target: '', host: '' }],
    ['http://127.0.0.1:1/cb', 'vscode.dev', { target: '', host: 'vscode.dev' }],
    ['https://claude.ai/api/callback', 'claude.ai', { target: 'claude.ai', host: '' }],
    ['https://app.example:8443/cb', 'other.example', { target: 'app.example:8443', host: 'other.example' }],
    ['cursor://anysphere.cursor/cb', null, { target: 'cursor:', host: '' }],
  ])('%s described by %s', (redirectUri, host, expected) => {
    const client = { id: 'x', source: 'cimd', name: null, softwareId: null, host } as const;
    const trace = traceOf(client, { request, redirectUri });
    expect(readTrace(trace)).toEqual({ browser: 'FL', knownAs: null, ...expected });
  });

  it('is the well-known client that its own was taken for, and how sure that is', () => {
    const own = { source: 'dcr', name: 'Claude', softwareId: null, host: null } as const;
    const taken = (redirectUri: string): string | null => {
      const trace = readTrace(traceOf({ ...own, id: 'x' }, { request, redirectUri }));
      return trace && knownLabel(trace);
    };
    expect(taken('https://claude.ai/api/mcp/auth_callback')).toMatch(/^Claude/u);
    expect(taken('https://evil.example/cb')).toMatch(/^calls itself Claude.*, but uses another address$/u);
    expect(taken('http://localhost:1/whatever')).toMatch(/unverified|another address/u);
  });

  it('is nothing for a grant of an earlier version', () => {
    const older = decodeGrantData('["openid",null,1,"App"]');
    expect(older).toMatchObject({ scopes: ['openid'], refused: [], proven: false, trace: '' });
    expect(readTrace(older.trace)).toBeNull();
    const whole = { ...older, refused: ['email'], proven: true, trace: 'FLclaude.ai' };
    for (const more of [{}, { softwareId: 'soft' }, { voucher: 'https://vouch.example' }])
      expect(decodeGrantData(encodeGrantData({ ...whole, ...more }))).toEqual({ ...whole, ...more });
  });
});
