import { afterEach, describe, expect, it } from 'vitest';
import { Several } from './world.ts';
import type { Visit } from './world.ts';

let several: Several;
afterEach(() => several.close());

const allow = { decision: 'allow' };
const asked = (name: string, request: string): number =>
  several.providers[name]?.requests.filter((one) => one === request).length ?? 0;

/** A visit with the answer of the first upstream, which was not delivered yet. */
async function answered(fields: Record<string, string>): Promise<{ visit: Visit; back: string }> {
  const visit = await several.open();
  return { visit, back: await several.signInAt(await several.press(visit, fields), 'alice') };
}

describe('a configuration that changes', () => {
  it('keeps each upstream that stays as it is, and what it knows of its provider', async () => {
    several = await Several.start(['first', 'second']);
    const visit = await several.open();
    await several.walk(visit, await several.press(visit, allow));
    const before = [asked('first', 'GET /.well-known/openid-configuration'), asked('first', 'GET /jwks')];
    expect(before).toEqual([1, 1]);
    await several.reconfigure({}, { second: { display_name: 'Another name' } });
    const again = await several.open();
    expect(again.html).toContain('Another name');
    const walked = await several.walk(again, await several.press(again, allow));
    expect(walked.end.searchParams.get('code')).toMatch(/^sp_ac_/u);
    expect([asked('first', 'GET /.well-known/openid-configuration'), asked('first', 'GET /jwks')]).toEqual(
      before,
    );
  });

  it('lets a login of two upstreams end that began before', async () => {
    several = await Several.start(['first', 'second']);
    const { visit, back } = await answered(allow);
    const second = (await visit.browser.get(back)).headers.get('location') ?? '';
    await several.reconfigure({}, { first: { display_name: 'Another name' } });
    const walked = await several.walk(visit, second);
    expect((await several.redeem(visit, walked)).refresh_token).toMatch(/^sp_rt_/u);
  });

  it('ends a login at an upstream that nobody signs in at any more, before anything is asked of it', async () => {
    several = await Several.start(['first', 'second'], { sign_in: 'choose' });
    const { visit, back } = await answered({ upstream: 'second' });
    await several.reconfigure({ sign_in: 'choose' }, { second: { when: 'later' } });
    const told = await visit.browser.get(back);
    expect(told.status).toBe(400);
    expect(await told.text()).toContain('not offered any more');
    expect(asked('second', 'POST /token')).toBe(0);
    // Sent again it does not lead there either.
    const again = await visit.browser.get(back);
    expect([again.status, again.headers.get('location')]).toEqual([400, null]);
  });

  it('ends a login when another upstream is the first of the chain now: it would be another user', async () => {
    several = await Several.start(['first', 'second']);
    const { visit, back } = await answered(allow);
    await several.reconfigure({}, { first: { when: 'later' } });
    expect((await visit.browser.get(back)).status).toBe(400);
    expect(await several.stack.store.stats()).toMatchObject({ grants: 0, connections: 0 });
  });

  it('applies the access rules of the moment in which a login ends', async () => {
    several = await Several.start(['first', 'second']);
    const { visit, back } = await answered(allow);
    const second = (await visit.browser.get(back)).headers.get('location') ?? '';
    await several.reconfigure({ access: [{ emails: ['bob@example.com'] }] });
    const end = await visit.browser.get(await several.signInAt(second, 'bob'));
    expect(end.status).toBe(403);
    const page = await end.text();
    // About who signed in first, whoever has the account at the second.
    expect(page).toContain('alice@example.com');
    expect(page).toContain('Sign-in of first');
    expect(await several.stack.store.stats()).toMatchObject({ grants: 0, connections: 0 });
  });
});
