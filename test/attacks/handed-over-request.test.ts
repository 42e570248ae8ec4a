/**
 * A request on its way from the authorization endpoint to a consent page on another origin. It is bound to no browser yet, so
 * anybody may open it anywhere: CVE-2026-27124 must be stopped all the same, and two who open one request must not meet.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Browser, Stack } from '../fixtures/stack.ts';
import { issuer, pkce, redirectUri, sealedRequest } from '../fixtures/stack.ts';
import { shown, startApart } from './login-steps.ts';

const origin = 'https://login.example.com';
const consent = `${origin}/oauth/consent`;

let stack: Stack;
let clientId: string;
beforeAll(async () => {
  stack = await startApart();
  clientId = (await stack.register()).client_id;
});
afterAll(() => stack.close());

/** The address that a request is handed over to. */
async function handedOver(): Promise<string> {
  const url = stack.authorizeUrl({ client_id: clientId, code_challenge: pkce().challenge });
  const answer = await stack.browser().get(url);
  // The authorization endpoint's origin gets no cookie: nothing there is to be bound to.
  expect(answer.headers.getSetCookie()).toEqual([]);
  return answer.headers.get('location') ?? '';
}

async function agree(browser: Browser, url: string): Promise<Response> {
  const request = sealedRequest(await (await browser.get(url)).text());
  return browser.post(consent, { request, decision: 'allow' });
}

const signIn = (answer: Response, account: string): Promise<string> =>
  stack.provider.signIn(answer.headers.get('location') ?? '', account);
const grants = async (): Promise<number> => (await stack.store.stats()).grants;

describe('a request that is handed over', () => {
  it('ends in a code in the browser that consented, so that the refusals below mean something', async () => {
    const browser = stack.browser();
    const back = await signIn(await agree(browser, await handedOver()), 'alice');
    expect(back.startsWith(`${origin}/oauth/callback?`)).toBe(true);
    expect(await shown(await browser.get(back))).toContain(`${redirectUri}?code=`);
  });

  it('is worthless in the victim’s browser after the attacker consented', async () => {
    const [attacker, victim] = [stack.browser(), stack.browser()];
    const url = await handedOver();
    const back = await signIn(await agree(attacker, url), 'victim');
    await victim.get(url);
    const before = await grants();
    expect(await shown(await victim.get(back))).toBe('403 page');
    expect(await grants()).toBe(before);
  });

  it.each([
    ['first', true],
    ['second', false],
  ])('that two open and both agree to never mixes them: the attacker comes %s', async (_, attackerFirst) => {
    const [attacker, victim] = [stack.browser(), stack.browser()];
    const url = await handedOver();
    const before = await grants();
    const order = attackerFirst ? [attacker, victim] : [victim, attacker];
    const answers = new Map<Browser, Response>();
    for (const browser of order) answers.set(browser, await agree(browser, url));
    const backOf = (browser: Browser, account: string): Promise<string> =>
      signIn(answers.get(browser) ?? Response.error(), account);
    const theirs = await backOf(victim, 'victim');
    const mine = await backOf(attacker, 'mallory');
    // Each answer is for its own browser only, and only who agreed first can get a code.
    expect(await shown(await attacker.get(theirs))).toBe('403 page');
    expect(await shown(await victim.get(mine))).toBe('403 page');
    const [loser, lost] = attackerFirst ? [victim, theirs] : [attacker, mine];
    expect(await shown(await loser.get(lost))).not.toContain('code=sp_ac_');
    expect(await grants()).toBe(before);
  });

  it('is good for ten minutes and not for longer', async () => {
    const url = await handedOver();
    stack.advance(600_000);
    expect(await shown(await stack.browser().get(url))).toBe('400 page');
  });

  it('is checked at the consent page’s own origin', async () => {
    const browser = stack.browser();
    const request = sealedRequest(await (await browser.get(await handedOver())).text());
    const answer = await browser.post(consent, { request, decision: 'allow' }, { origin: issuer });
    expect(await shown(answer)).toBe('403 page');
  });
});
