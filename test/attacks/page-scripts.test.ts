/**
 * Strangers' words on our pages: the app's name, its address, scopes, the user's name at the provider, the provider's errors,
 * and whatever a request repeats. cp-oauth#35, fastmcp PR3418 and PR4419, opik PR6905, workers-oauth-provider 0.7.1 (client
 * metadata is attacker text), DevCycle PR581 (a policy that breaks the login); CWE-79, CWE-1021; Unicode TR36 §2. The pages
 * come from a running server; that a browser runs nothing on them is in page-scripts.browser.test.ts.
 */
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { startOidcProvider } from '../fixtures/oidc-provider.ts';
import type { Stack } from '../fixtures/stack.ts';
import { issuer, pkce, redirectUri, startStack, upstreamSecret } from '../fixtures/stack.ts';
import { skeletonOf, textOf } from '../pages/views.ts';
import { disguises, scripts } from './hostile-texts.ts';

const stacks: Stack[] = [];
const plain = await start();
afterAll(() => plain.close());
afterEach(async () => {
  for (const stack of stacks.splice(0)) await stack.close();
});

async function start(config: Record<string, unknown> = {}): Promise<Stack> {
  return startStack(config);
}

/** The consent page for an app of this name. */
async function consentFor(
  stack: Stack,
  metadata: Record<string, unknown>,
  more: Record<string, string> = {},
): Promise<Response> {
  const { client_id } = await stack.register(metadata);
  return stack.browser().get(stack.authorizeUrl({ client_id, code_challenge: pkce().challenge, ...more }));
}

/** What is wrong with a page; `null` for one that no text of a stranger has changed. */
async function flaw(page: Response, expected: string): Promise<string | null> {
  const html = await page.text();
  const policy = page.headers.get('content-security-policy') ?? '';
  if (!policy.startsWith("default-src 'none'") || /script|unsafe|\*/u.test(policy))
    return `policy: ${policy}`;
  if (page.headers.get('content-type') !== 'text/html; charset=utf-8') return 'content type';
  if (page.headers.get('x-content-type-options') !== 'nosniff') return 'sniffing';
  if (skeletonOf(html) !== expected) return `structure: ${skeletonOf(html)}`;
  // Attribute values are all in double quotes, and none of them holds one.
  const tags = [...html.matchAll(/<[a-z][^>]*>/giu)].map(([tag]) => tag);
  const odd = tags.find((tag) =>
    /\son\w+\s*=|javascript:/iu.test(
      tag.replaceAll(/"[^"]*"/gu, (value) => (/^"javascript:/iu.test(value) ? value : '')),
    ),
  );
  return odd ?? null;
}

const consentSkeleton = skeletonOf(await (await consentFor(plain, { client_name: 'Plain' })).text());

describe('on the consent page', () => {
  it.each(scripts)('an app named %j is text', async (client_name) => {
    const metadata = {
      client_name,
      client_uri: client_name,
      logo_uri: client_name,
      tos_uri: client_name,
      policy_uri: client_name,
      contacts: [client_name],
    };
    expect(await flaw(await consentFor(plain, metadata), consentSkeleton)).toBeNull();
  });

  it.each(disguises)('an app named %j is shown as %j', async (client_name, shown) => {
    const html = await (await consentFor(plain, { client_name })).text();
    // Left out or made a space of: either way nothing unseen is left.
    const spaceless = (text: string): string => text.replaceAll(/ /gu, '');
    expect(spaceless(textOf(html))).toContain(spaceless(`Allow “${shown}” to connect?`));
    expect(html).not.toMatch(/[\p{Cf}\p{Co}\p{Zl}\p{Zp}]/u);
  });

  it.each(['Slack” (checked by Acme) “x', 'a" is known. "b', '„x‟ «y» 「z」 ＂'])(
    'an app named %j stays within its quotation marks',
    async (client_name) => {
      const html = await (await consentFor(plain, { client_name })).text();
      const [, name = ''] = /<h1>Allow “<bdi>(.*?)<\/bdi>” to connect\?<\/h1>/u.exec(html) ?? [];
      expect(name).not.toBe('');
      expect(name.replaceAll('&#39;', "'")).not.toMatch(/["“”„‟«»「」＂]|&quot;/u);
    },
  );

  it.each(['\u200B\u202E', '   ', '\u3164', ''])('an app named %j has no name', async (client_name) => {
    expect(textOf(await (await consentFor(plain, { client_name })).text())).toContain(
      'Allow an app without a name to connect?',
    );
  });

  it('a name of a novel is cut, and takes no space from the warnings', async () => {
    const html = await (await consentFor(plain, { client_name: 'A'.repeat(256) })).text();
    expect(html).not.toContain('A'.repeat(61));
    expect(textOf(html)).toContain('Nobody has checked it');
  });

  it.each([
    ['https://xn--pple-43d.com/cb', 'xn--pple-43d.com'],
    ['https://accounts.google.com.evil.example/cb', 'accounts.google.com.evil.example'],
    [`https://${'accounts-google-com.'.repeat(9)}evil.example/cb`, 'evil.example'],
    ['https://evil.example/https://claude.ai/', 'evil.example'],
  ])('the address %s is shown by the host that gets the code, to its end', async (uri, host) => {
    const page = await consentFor(
      plain,
      { redirect_uris: [uri], client_name: 'Claude' },
      { redirect_uri: uri },
    );
    const html = await page.text();
    expect(html).toContain(host);
    expect(html).not.toContain('claude.ai/<');
  });

  it('words of the operator are text too: scopes, brand, provider', async () => {
    for (const text of scripts) {
      const stack = await start({
        consent: { name: text },
        scopes_supported: ['openid', 'tool:read'],
        scope_descriptions: { 'tool:read': text },
      }).catch((error: unknown) => String(error));
      // What cannot be configured cannot be shown.
      if (typeof stack === 'string') {
        expect(stack).not.toContain('<script>window.pwned=1</script><');
        continue;
      }
      stacks.push(stack);
      const page = await consentFor(stack, { client_name: 'Plain' }, { scope: 'openid tool:read' });
      const html = await page.clone().text();
      expect(html).not.toMatch(/<(?:script|img|svg|iframe|base|math|form action=https)/iu);
      expect(skeletonOf(html)).toBe(skeletonOf(html.replaceAll(/<bdi>.*?<\/bdi>/gu, '<bdi>x</bdi>')));
    }
  });
});

describe('on a page that says no', () => {
  const errorSkeleton = async (): Promise<string> =>
    skeletonOf(await (await plain.call('/oauth/authorize')).text());

  it.each(scripts)('%j in every parameter is text, or not there', async (text) => {
    const value = encodeURIComponent(text);
    const names = [
      'client_id',
      'redirect_uri',
      'response_type',
      'scope',
      'state',
      'prompt',
      'resource',
      'request',
      'error',
      'error_description',
      'error_uri',
      'code',
      'iss',
    ];
    const all = names.map((name) => `${name}=${value}`).join('&');
    const expected = await errorSkeleton();
    for (const path of [
      `/oauth/authorize?${all}`,
      `/oauth/authorize?${value}=1&${value}=2`,
      `/oauth/authorize?client_id=${value}`,
      `/oauth/consent?${all}`,
      `/oauth/callback?${all}`,
      `/oauth/callback?state=x&error=${value}&error_description=${value}`,
    ]) {
      const page = await plain.call(path);
      expect({ path, flaw: page.status < 400 ? 'no refusal' : await flaw(page, expected) }).toEqual({
        path,
        flaw: null,
      });
    }
  });

  it.each(scripts)('the way back to an app is a link that cannot run, with the state %j', async (state) => {
    const uri = 'https://app.example.com/cb';
    const { client_id } = await plain.register({ redirect_uris: [uri], client_name: 'App' });
    const url = plain.authorizeUrl({
      client_id,
      redirect_uri: uri,
      response_type: 'token',
      state,
      code_challenge: 'x',
    });
    const html = await (await plain.browser().get(url)).text();
    const links = [...html.matchAll(/href="([^"]*)"/gu)].map(([, href = '']) =>
      href.replaceAll('&amp;', '&'),
    );
    if (links.length === 0) expect(html).toContain('not valid');
    for (const href of links) {
      expect(new URL(href).origin).toBe('https://app.example.com');
      expect(href).not.toMatch(/[<>"'`\s]/u);
    }
  });

  it('an account that may not sign in is shown as text, whatever the provider calls it', async () => {
    const account = { name: scripts[2], email: `${scripts[0]}\u202E@evil.example`, email_verified: true };
    const client = {
      client_id: 'sallyport',
      client_secret: upstreamSecret,
      redirect_uris: [`${issuer}/oauth/callback`],
      grant_types: ['authorization_code', 'refresh_token'],
    };
    const provider = await startOidcProvider({ clients: [client], users: { mallory: account } });
    const stack = await startStack({ access: [{ emails: ['alice@example.com'] }] }, { provider });
    stacks.push(stack);
    const { client_id } = await stack.register({ client_name: scripts[0], redirect_uris: [redirectUri] });
    const browser = stack.browser();
    const back = await stack.signInUpstream(
      browser,
      { client_id, code_challenge: pkce().challenge },
      'mallory',
    );
    const page = await browser.get(back);
    expect(page.status).toBe(403);
    const html = await page.clone().text();
    expect(textOf(html)).toContain('<script>window.pwned=1</script>@evil.example');
    expect(html).not.toMatch(/<script|\u202E/iu);
  });

  it("the provider's own words about a failure are not shown at all", async () => {
    const { client_id } = await plain.register();
    const logged = plain.log.length;
    const browser = plain.browser();
    const back = new URL(
      await plain.signInUpstream(browser, { client_id, code_challenge: pkce().challenge }),
    );
    back.searchParams.delete('code');
    back.searchParams.set('error', 'access_denied');
    for (const text of scripts) back.searchParams.set('error_description', text);
    back.searchParams.set('error_uri', 'javascript:window.pwned=1');
    const answer = await browser.get(back.href);
    expect(answer.status).toBe(303);
    expect(decodeURIComponent(answer.headers.get('location') ?? '')).not.toMatch(/pwned|<script/u);
    expect(JSON.stringify(plain.log.slice(logged))).not.toContain('pwned');
  });
});
