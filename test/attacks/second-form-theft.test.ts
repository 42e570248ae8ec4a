/**
 * Who began a login, and handed it over before the sign-in, knows its request and the first `state`. With these they must not get
 * at the page that asks after the sign-in: its click would be theirs, and the account somebody else's (CVE-2026-27124 once more).
 */
import { afterEach, describe, expect, it } from 'vitest';
import {
  ask,
  consentUrl,
  locationOf,
  opened,
  redeem,
  secondForm,
  shownAs,
  startRemembering,
} from '../consent/scene.ts';
import { startOidcProvider } from '../fixtures/oidc-provider.ts';
import type { Browser, Stack } from '../fixtures/stack.ts';
import { issuer, pkce, sealedRequest, upstreamSecret } from '../fixtures/stack.ts';

const desktopUri = 'http://127.0.0.1/callback';
const stateOf = (url: string): string => new URL(url).searchParams.get('state') ?? '';

let close: () => Promise<void>;
afterEach(() => close());

/** What an attacker holds of a login that they began, and where it leads. */
interface Begun {
  readonly request: string;
  readonly handed: string;
}

async function begin(stack: Stack, attacker: Browser): Promise<Begun> {
  const page = await ask(stack, attacker, { client: 'asked' });
  const request = sealedRequest(await page.text());
  const answer = await attacker.post(consentUrl, { request, decision: 'allow' });
  return { request, handed: locationOf(answer) };
}

/** Every way back in that an attacker has. */
const ways: readonly [string, (attacker: Browser, begun: Begun) => Promise<Response>][] = [
  [
    'the state of the beginning',
    (attacker, { handed }) => attacker.get(`${issuer}/oauth/callback?code=x&state=${stateOf(handed)}`),
  ],
  [
    'the consent of the beginning',
    (attacker, { request }) => attacker.post(consentUrl, { request, decision: 'allow' }),
  ],
];

const browsers: readonly [string, (attacker: Browser) => void][] = [
  ['with the cookie', () => undefined],
  ['without a cookie', (attacker) => attacker.cookies.clear()],
];

describe('a sign-in without a cookie that waits for a click', () => {
  for (const [way, comeBack] of ways)
    it.each(browsers)(`is not shown to whoever began it: ${way}, %s`, async (_, forget) => {
      const { stack } = await startRemembering({ consent: { without_cookies: ['asked'] } });
      close = () => stack.close();
      const [attacker, victim] = [stack.browser(), stack.browser()];
      const begun = await begin(stack, attacker);
      const page = await victim.get(await stack.provider.signIn(begun.handed, 'victim'));
      expect(await shownAs(stack, page)).toBe('second');
      forget(attacker);
      const stolen = await comeBack(attacker, begun);
      expect(await shownAs(stack, stolen)).toBe('403 error');
      expect(await stolen.text()).not.toContain('victim');
      // Whom it is of goes on undisturbed.
      const second = secondForm(await page.text());
      const end = await victim.post(consentUrl, { second, decision: 'allow' });
      expect((await redeem(stack, end, 'asked')).scope).toBe('openid email');
    });
});

describe('a request that was handed over to the consent page’s origin', () => {
  const callback = 'https://login.example.com/oauth/callback';
  const consent = 'https://login.example.com/oauth/consent';

  it('and that two agreed to asks only the one who signed in', async () => {
    const clients = [{ client_id: 'sallyport', client_secret: upstreamSecret, redirect_uris: [callback] }];
    const provider = await startOidcProvider({ clients });
    const oidc_config = {
      issuer_url: provider.issuer,
      client_id: 'sallyport',
      client_secret_env_var: 'UPSTREAM_SECRET',
      redirect_uri: callback,
    };
    const upstreams = [{ name: 'demo', type: 'oidc', oidc_config }];
    const { stack } = await startRemembering({ upstreams }, { provider });
    close = () => stack.close();
    const link = async (client_id: string): Promise<string> => {
      const more = { redirect_uri: desktopUri, scope: 'openid email', code_challenge: pkce().challenge };
      return locationOf(await stack.browser().get(stack.authorizeUrl({ client_id, ...more })));
    };
    const agree = async (browser: Browser, url: string, more = {}): Promise<string> => {
      const request = sealedRequest(await (await browser.get(url, opened)).text());
      return locationOf(await browser.post(consent, { request, decision: 'allow', ...more }));
    };
    const [victim, attacker] = [stack.browser(), stack.browser()];
    // The victim's browser is known to be of somebody: another account makes the page appear.
    const known = await agree(victim, await link('desktop'), { remember: 'on' });
    await victim.get(await provider.signIn(known, 'alice'));
    const url = await link('asked');
    const theirs = await agree(victim, url);
    const mine = await agree(attacker, url);
    const page = await victim.get(await provider.signIn(theirs, 'bob'));
    expect(await shownAs(stack, page)).toBe('second');
    const stolen = await attacker.get(`${callback}?code=x&state=${stateOf(mine)}`);
    expect(await shownAs(stack, stolen)).toBe('403 error');
    expect(await stolen.text()).not.toContain('bob');
    const end = await victim.post(consent, { second: secondForm(await page.text()), decision: 'allow' });
    expect(locationOf(end)).toContain('code=');
  });
});
