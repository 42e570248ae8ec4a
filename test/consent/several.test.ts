/** Remembered consents where people sign in at several upstreams. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Browser } from '../fixtures/stack.ts';
import { Several } from '../several-upstreams/world.ts';
import { ask, consentUrl, decide, locationOf, redeem, secondForm, shownAs } from './scene.ts';

const config = {
  clients: [{ client_id: 'desktop', redirect_uris: ['http://127.0.0.1/callback'], consent: 'remember' }],
  consent: { remember: '48h' },
};

let several: Several;
afterEach(() => several.close());

/** Follows one provider's sign-in; what the browser gets then. */
async function through(browser: Browser, answer: Response, account = 'alice'): Promise<Response> {
  return browser.get(await several.signInAt(locationOf(answer), account));
}

const nameOf = (answer: Response): string => several.nameOf(locationOf(answer));

describe('with a choice', () => {
  const choose = { ...config, sign_in: 'choose' };
  const remember = { remember: 'on', decision: '' };

  it('a remembered consent leads to where it was given', async () => {
    several = await Several.start(['okta', 'github'], choose);
    const browser = several.stack.browser();
    const page = await ask(several.stack, browser);
    await through(browser, await decide(browser, page, { ...remember, upstream: 'github' }));
    const again = await ask(several.stack, browser);
    expect(nameOf(again)).toBe('github');
    expect((await redeem(several.stack, await through(browser, again))).scope).toBe('openid email');
  });

  it('another account is looked for where the known one signs in, and another place is no surprise', async () => {
    several = await Several.start(['okta', 'github'], choose);
    const browser = several.stack.browser();
    const page = await ask(several.stack, browser);
    await through(browser, await decide(browser, page, { ...remember, upstream: 'github' }));
    const asked = await ask(several.stack, browser, { scope: 'openid email profile' });
    expect(await asked.clone().text()).toContain('You go on as');
    const other = await decide(browser, asked.clone(), { decision: 'other_account' });
    expect(nameOf(other)).toBe('github');
    expect(new URL(locationOf(other)).searchParams.get('prompt')).toBe('select_account');
    const elsewhere = await decide(browser, asked, { decision: '', upstream: 'okta' });
    expect(nameOf(elsewhere)).toBe('okta');
    expect(await through(browser, elsewhere, 'bob').then((end) => locationOf(end))).toContain('code=');
  });
});

describe('with each in turn', () => {
  const chain = { ...config, sign_in: 'chain' };

  async function rememberAll(browser: Browser): Promise<void> {
    const page = await ask(several.stack, browser);
    const second = await through(browser, await decide(browser, page, { remember: 'on' }));
    expect(locationOf(await through(browser, second))).toContain('code=');
  }

  it('a remembered consent is one to all of them, and to what was asked of them', async () => {
    several = await Several.start(['okta', 'notes'], chain);
    const browser = several.stack.browser();
    await rememberAll(browser);
    expect(nameOf(await ask(several.stack, browser))).toBe('okta');
    const scopes = { scopes: ['openid', 'email', 'phone'] };
    await several.reconfigure(chain, {
      notes: {
        oidc_config: {
          issuer_url: several.providers['notes']?.issuer,
          client_id: 'sallyport-at-notes',
          client_secret_env_var: 'UPSTREAM_SECRET',
          ...scopes,
        },
      },
    });
    expect(await shownAs(several.stack, await ask(several.stack, browser))).toBe('page');
  });

  it('somebody else is asked after the first of them, before being led to the next', async () => {
    several = await Several.start(['okta', 'notes'], chain);
    const browser = several.stack.browser();
    await rememberAll(browser);
    const before = several.providers['notes']?.requests.length;
    const asked = await through(browser, await ask(several.stack, browser), 'bob');
    expect(await shownAs(several.stack, asked)).toBe('second');
    expect(several.providers['notes']?.requests.length).toBe(before);
    const second = secondForm(await asked.text());
    const next = await browser.post(consentUrl, { second, decision: 'allow' });
    expect(nameOf(next)).toBe('notes');
    const end = await through(browser, next, 'bob');
    expect((await redeem(several.stack, end)).scope).toBe('openid email');
    // The form is spent.
    expect(
      await shownAs(several.stack, await browser.post(consentUrl, { second, decision: 'allow' })),
    ).not.toBe('code');
  });
});
