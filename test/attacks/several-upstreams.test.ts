import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Several } from '../several-upstreams/world.ts';

let several: Several;
beforeEach(async () => {
  several = await Several.start(
    ['okta', 'github', 'later'],
    { sign_in: 'choose' },
    { changes: { later: { when: 'later' } } },
  );
});
afterEach(() => several.close());

/** The same answer, sent to the address of another upstream. */
function movedTo(back: string, name: string): string {
  const url = new URL(back);
  url.pathname = `/oauth/callback/${name}`;
  return url.href;
}

describe('two upstreams of which one is hostile (RFC 9700 §4.4)', () => {
  it.each([
    ['okta', 'github'],
    ['github', 'okta'],
  ])('the answer of %s is not taken at the address of %s', async (from, to) => {
    const visit = await several.open();
    const back = await several.signInAt(await several.press(visit, { upstream: from }), 'alice');
    const answer = await visit.browser.get(movedTo(back, to));
    expect(answer.status).toBe(403);
    expect(several.providers[to]?.requests).not.toContain('POST /token');
    // Nothing was spent: the honest answer still ends the login.
    expect((await visit.browser.get(back)).headers.get('location')).toContain('code=');
  });

  it('a code of one under the state of the other reaches nobody', async () => {
    const visit = await several.open();
    const okta = new URL(await several.signInAt(await several.press(visit, { upstream: 'okta' }), 'alice'));
    const github = new URL(
      await several.signInAt(await several.press(visit, { upstream: 'github' }), 'mallory'),
    );
    const mixed = new URL(okta);
    for (const name of ['code', 'iss']) mixed.searchParams.set(name, github.searchParams.get(name) ?? '');
    const answer = await visit.browser.get(mixed.href);
    expect(new URL(answer.headers.get('location') ?? '').searchParams.get('error')).toBe('server_error');
    expect(await several.stack.store.stats()).toMatchObject({ grants: 0, connections: 0 });
  });

  it('shares no secret of a login with another', async () => {
    const visit = await several.open();
    const [okta, github] = [
      new URL(await several.press(visit, { upstream: 'okta' })),
      new URL(await several.press(visit, { upstream: 'github' })),
    ];
    for (const name of ['state', 'nonce', 'code_challenge'])
      expect(okta.searchParams.get(name)).not.toBe(github.searchParams.get(name));
  });
});

describe('a page that was changed', () => {
  it.each(['later', 'nobody', '', '__proto__'])(
    'leads to no upstream that is not offered: %j',
    async (name) => {
      const visit = await several.open();
      const told = await several.press(visit, { upstream: name });
      expect(told).toMatch(/^400 |error=access_denied/u);
      expect(several.providers['later']?.requests ?? []).not.toContain('GET /auth');
    },
  );
});

describe('the answers of a chain, sent again or to another place', () => {
  const allow = { decision: 'allow' };
  const locationOf = (answer: Response): string => answer.headers.get('location') ?? '';

  /** A login whose first upstream has answered, and both answers' addresses. */
  async function halfWay() {
    await several.close();
    several = await Several.start(['first', 'second']);
    const visit = await several.open();
    const first = await several.signInAt(await several.press(visit, allow), 'alice');
    const second = await several.signInAt(locationOf(await visit.browser.get(first)), 'alice');
    return { visit, first, second };
  }

  it('each opens at the address of its own upstream alone, and spends nothing elsewhere', async () => {
    const { visit, first, second } = await halfWay();
    for (const moved of [movedTo(second, 'first'), movedTo(first, 'second')])
      expect((await visit.browser.get(moved)).status).toBe(403);
    expect(locationOf(await visit.browser.get(second))).toContain('code=sp_ac_');
  });

  it('the first one again leads on to the second, never back and never to a code', async () => {
    const { visit, first, second } = await halfWay();
    const asked = several.providers['first']?.requests.length;
    expect(several.nameOf(locationOf(await visit.browser.get(first)))).toBe('second');
    expect(several.providers['first']?.requests.length).toBe(asked);
    expect(await several.stack.store.stats()).toMatchObject({ grants: 0, connections: 0 });
    // Whoever went back in one tab goes on in the other.
    expect(locationOf(await visit.browser.get(second))).toContain('code=sp_ac_');
  });

  it('none of them, after the end, gives a second code', async () => {
    const { visit, first, second } = await halfWay();
    expect(locationOf(await visit.browser.get(second))).toContain('code=sp_ac_');
    for (const again of [first, second, second]) {
      const answer = await visit.browser.get(again);
      expect([answer.status, answer.headers.get('location')]).toEqual([200, null]);
    }
    expect((await several.stack.store.stats()).grants).toBe(1);
  });

  it('none of them goes on after a no', async () => {
    const { visit, first, second } = await halfWay();
    expect(await several.press(visit, { decision: 'deny' })).toContain('error=access_denied');
    for (const again of [first, second]) expect((await visit.browser.get(again)).status).toBe(403);
    expect(await several.stack.store.stats()).toMatchObject({ grants: 0, connections: 0 });
  });

  it('many at once end in one code', async () => {
    const { visit, second } = await halfWay();
    const answers = await Promise.all(Array.from({ length: 12 }, () => visit.browser.get(second)));
    expect(answers.filter((answer) => locationOf(answer).includes('code=sp_ac_'))).toHaveLength(1);
    expect((await several.stack.store.stats()).grants).toBe(1);
  });

  it('a page that asks says nothing for another login of the same browser', async () => {
    const { visit, first } = await halfWay();
    const other = await several.open();
    // Both logins in one browser: the answer of the one under the state of the other.
    const back = new URL(await several.signInAt(await several.press(visit, allow), 'mallory'));
    const mixed = new URL(first);
    mixed.searchParams.set('code', back.searchParams.get('code') ?? '');
    expect(several.nameOf(locationOf(await visit.browser.get(mixed.href)))).toBe('second');
    expect((await other.browser.get(back.href)).status).toBe(403);
    expect(await several.stack.store.stats()).toMatchObject({ grants: 0, connections: 0 });
  });
});

describe('a chain that somebody hands to somebody else', () => {
  it('is answered by the browser that began it, at every upstream', async () => {
    await several.close();
    several = await Several.start(['first', 'second']);
    const mallory = await several.open();
    const back = await several.signInAt(await several.press(mallory, { decision: 'allow' }), 'mallory');
    const second = (await mallory.browser.get(back)).headers.get('location') ?? '';
    // The victim follows the address that Mallory sent, and is signed in at the second upstream.
    const victim = several.stack.browser();
    const answer = await several.signInAt(second, 'victim');
    expect((await victim.get(answer)).status).toBe(403);
    expect(await several.stack.store.stats()).toMatchObject({ grants: 0, connections: 0 });
  });
});
