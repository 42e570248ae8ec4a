/**
 * A no is a no. Whoever pressed Allow, saw the provider's page, went back and pressed Cancel has decided; the provider's
 * answer may still come, because a session there needs no click, or because somebody uses the tab that was left behind.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SallyportError } from '../../src/types/error.ts';
import type { Audited } from '../audit/scene.ts';
import { startAudited } from '../audit/scene.ts';
import { aroundStore } from '../faults/crash.ts';
import type { Browser } from '../fixtures/stack.ts';
import { redirectUri } from '../fixtures/stack.ts';
import { allow, askConsent, consentUrl, shown } from './login-steps.ts';

/** What happens around a step of the store, once. */
interface Disturbed {
  readonly step: string;
  readonly before?: () => Promise<void>;
  readonly after?: () => Promise<void>;
}

describe('a user who pressed Allow, went back and pressed Cancel', () => {
  let audited: Audited;
  let browser: Browser;
  let request: string;
  let disturbed: Disturbed | null;

  beforeEach(async () => {
    disturbed = null;
    audited = await startAudited(
      {},
      {
        wrapStore: (store) =>
          aroundStore(store, async (name, call) => {
            const here = name === disturbed?.step ? disturbed : null;
            if (here) disturbed = null;
            await here?.before?.();
            const result = await call();
            await here?.after?.();
            return result;
          }),
      },
    );
    const { stack } = audited;
    browser = stack.browser();
    const { client_id } = await stack.register();
    request = await askConsent(stack, browser, { client_id, state: 's' });
    audited.forget();
  });
  afterEach(() => audited.close());

  const cancel = async (): Promise<string> =>
    shown(await browser.post(consentUrl, { request, decision: 'deny' }));
  /** From Allow to the address that the provider sends the browser back to. */
  const allowed = async (): Promise<string> =>
    audited.stack.provider.signIn(await allow(browser, request), 'alice');
  const told = /^303 http:\/\/127\.0\.0\.1:33418\/callback\?error=access_denied&/u;
  const events = (): readonly string[] => audited.events.map(({ event }) => event);

  it('is not signed in by the answer that comes later, and the app hears only the no', async () => {
    const back = await allowed();
    expect(await cancel()).toMatch(told);
    const late = await browser.get(back);
    expect(await late.clone().text()).toContain('You cancelled this sign-in');
    expect(await shown(late)).toBe('403 page');
    expect(await shown(await browser.get(back))).toBe('403 page');
    expect(await audited.stack.store.stats()).toMatchObject({ grants: 0, connections: 0 });
    expect(events()).toEqual(['consent_allowed', 'consent_declined']);
    const [yes, no] = [audited.first('consent_allowed'), audited.first('consent_declined')];
    expect(no).toMatchObject({ outcome: 'denied', correlationId: yes['correlationId'] });
  });

  it('is not signed in by the answer of a leg that had started again', async () => {
    const failing = await allowed();
    await audited.stack.provider.pause();
    expect(await shown(await browser.get(failing))).toBe('503 page');
    await audited.stack.provider.resume();
    const again = (await browser.get(failing)).headers.get('location') ?? '';
    const back = await audited.stack.provider.signIn(again, 'alice');
    expect(await cancel()).toMatch(told);
    expect(await shown(await browser.get(back))).toBe('403 page');
    expect((await audited.stack.store.stats()).grants).toBe(0);
  });

  it('cannot be taken back to the provider by the same page: a new one must be asked for', async () => {
    await allowed();
    await cancel();
    const again = await browser.post(consentUrl, { request, decision: 'allow' });
    expect(await shown(again)).toBe('403 page');
    expect((await audited.stack.store.stats()).pending).toBe(1);
  });

  it('is not signed in although Allow arrives after Cancel, as two tabs or a slow line may have it', async () => {
    expect(await cancel()).toMatch(told);
    expect(await shown(await browser.post(consentUrl, { request, decision: 'allow' }))).toBe('403 page');
    expect(events()).toEqual(['consent_declined']);
  });

  it('wins when the no arrives while the provider’s answer is on its way through us', async () => {
    const back = await allowed();
    let answer = '';
    disturbed = { step: 'commitLogin', before: async () => void (answer = await cancel()) };
    expect(await shown(await browser.get(back))).toBe('403 page');
    expect(answer).toMatch(told);
    expect(await audited.stack.store.stats()).toMatchObject({ grants: 0, connections: 0 });
    expect(events()).toEqual(['consent_allowed', 'consent_declined']);
  });

  it('is told that it is too late, and the app nothing else, when the code was made before', async () => {
    const back = await allowed();
    let answer = '';
    disturbed = { step: 'commitLogin', after: async () => void (answer = await cancel()) };
    expect(await shown(await browser.get(back))).toMatch(`303 ${redirectUri}?code=sp_ac_`);
    expect(answer).toBe('409 page');
    expect(await cancel()).toBe('409 page');
    expect((await audited.stack.store.stats()).grants).toBe(1);
    expect(events()).toEqual(['consent_allowed', 'login_succeeded', 'code_issued']);
  });

  it('gets exactly one of the two when both arrive at once', async () => {
    const back = await allowed();
    const [late, answer] = await Promise.all([browser.get(back), cancel()]);
    const { grants } = await audited.stack.store.stats();
    expect([await shown(late), answer, grants]).toEqual(
      grants === 0
        ? ['403 page', expect.stringMatching(told), 0]
        : [expect.stringMatching(/^303 .*\?code=/u), '409 page', 1],
    );
  });

  it.each(['before', 'after'] as const)('is not told no when the store fails %s the step', async (when) => {
    const back = await allowed();
    const fail = (): Promise<never> => Promise.reject(new SallyportError('storage_failed', 'gone'));
    disturbed = { step: 'denyPending', [when]: fail };
    expect(await cancel()).toBe('503 page');
    expect(events()).toEqual(['consent_allowed']);
    expect(await cancel()).toMatch(told);
    expect(await shown(await browser.get(back))).toBe('403 page');
    expect(events()).toEqual(['consent_allowed', 'consent_declined']);
  });

  it('cannot be cancelled for by another browser, nor by another site', async () => {
    const back = await allowed();
    const stranger = audited.stack.browser();
    await askConsent(audited.stack, stranger, { client_id: (await audited.stack.register()).client_id });
    const deny = { request, decision: 'deny' };
    expect(await shown(await stranger.post(consentUrl, deny))).toBe('403 page');
    const elsewhere = { origin: 'https://evil.example' };
    expect(await shown(await browser.post(consentUrl, deny, elsewhere))).toBe('403 page');
    expect(await shown(await browser.get(back))).toMatch(`303 ${redirectUri}?code=sp_ac_`);
  });
});
