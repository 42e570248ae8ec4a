import { afterEach, describe, expect, it } from 'vitest';
import { Several } from './world.ts';
import type { SignedInPrincipal } from '../../src/server/callback/chain.ts';

let several: Several;
afterEach(() => several.close());

const subjectIn = (token: string): string =>
  (JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { sub: string }).sub;

async function signIn(accounts: Record<string, string> = {}) {
  const visit = await several.open();
  const walked = await several.walk(visit, await several.press(visit, { decision: 'allow' }), accounts);
  return { visit, walked, tokens: await several.redeem(visit, walked) };
}

async function connections(token: string): Promise<string[]> {
  const [session] = (
    await several.stack.store.listGrants({
      after: '',
      user: null,
      client: null,
      upstream: null,
      state: 'active',
    })
  ).grants;
  const rows = await several.stack.store.listConnections({
    bucket: session?.bucket ?? '',
    userId: subjectIn(token),
  });
  return (rows ?? []).map(({ key }) => `${key.upstream}:${key.account}`);
}

describe('a chain of upstreams', () => {
  it('leads through each in the order of the configuration, and ends in one grant with all connections', async () => {
    several = await Several.start(['first', 'second', 'third']);
    const { walked, tokens } = await signIn({ second: 'alice-at-work' });
    expect(walked.way).toEqual(['first', 'second', 'third']);
    expect((await several.stack.store.stats()).grants).toBe(1);
    expect(await connections(tokens.access_token)).toEqual([
      'first:alice',
      'second:alice-at-work',
      'third:alice',
    ]);
  });

  it('is the same user whoever signs in at the later ones', async () => {
    several = await Several.start(['first', 'second']);
    const one = await signIn({ second: 'alice' });
    several.stack.advance(1000);
    const visit = await several.open({ prompt: 'login' });
    const walked = await several.walk(visit, await several.press(visit, { decision: 'allow' }));
    const two = await several.redeem(visit, walked);
    expect(subjectIn(two.access_token)).toBe(subjectIn(one.tokens.access_token));
  });

  it('leaves out those where the user is connected already', async () => {
    several = await Several.start(['first', 'second', 'third']);
    await signIn();
    const { walked } = await signIn();
    expect(walked.way).toEqual(['first']);
  });

  it('leads again to one whose connection has ended', async () => {
    several = await Several.start(['first', 'second']);
    const { tokens } = await signIn();
    const userId = subjectIn(tokens.access_token);
    const { grants } = await several.stack.store.listGrants({
      after: '',
      user: null,
      client: null,
      upstream: null,
      state: null,
    });
    const key = { bucket: grants[0]?.bucket ?? '', userId, upstream: 'second', account: 'alice' };
    await several.stack.store.endConnection({ ...key, why: 'user_revoked' });
    expect((await signIn()).walked.way).toEqual(['first', 'second']);
  });

  it('shows on one page what each of them is asked for', async () => {
    several = await Several.start(['first', 'second']);
    const { html } = await several.open();
    expect(html).toContain('You sign in with each of');
    expect(html).toContain('Sign-in of first');
    expect(html).toContain('Sign-in of second');
  });

  it('keeps nothing when one of them is refused', async () => {
    several = await Several.start(['first', 'second']);
    const visit = await several.open();
    const back = await several.signInAt(await several.press(visit, { decision: 'allow' }), 'alice');
    const toSecond = (await visit.browser.get(back)).headers.get('location') ?? '';
    const state = new URL(toSecond).searchParams.get('state') ?? '';
    const denied = new URL('https://mcp.example.com/oauth/callback/second');
    denied.search = new URLSearchParams({
      error: 'access_denied',
      state,
      iss: several.providers['second']?.issuer ?? '',
    }).toString();
    const answer = await visit.browser.get(denied.href);
    expect(new URL(answer.headers.get('location') ?? '').searchParams.get('error')).toBe('access_denied');
    expect(await several.stack.store.stats()).toMatchObject({ grants: 0, connections: 0 });
  });

  it('goes on after a reload in the middle, and is never in two places', async () => {
    several = await Several.start(['first', 'second']);
    const visit = await several.open();
    const back = await several.signInAt(await several.press(visit, { decision: 'allow' }), 'alice');
    await visit.browser.get(back);
    const again = await visit.browser.get(back);
    const walked = await several.walk(visit, again.headers.get('location') ?? '');
    expect(walked.way).toEqual(['second']);
    expect((await several.redeem(visit, walked)).refresh_token).toMatch(/^sp_rt_/u);
  });

  it('waits for an upstream that is down, however often the page is reloaded', async () => {
    several = await Several.start(['first', 'second']);
    await several.providers['second']?.pause();
    // Nothing is known of it any more.
    await several.reconfigure({}, { second: { display_name: 'Another sign-in' } });
    const visit = await several.open();
    const back = await several.signInAt(await several.press(visit, { decision: 'allow' }), 'alice');
    for (let reload = 0; reload < 6; reload += 1) {
      const page = await visit.browser.get(back);
      expect([page.status, page.headers.get('retry-after')]).toEqual([503, '5']);
      expect(await page.text()).toContain('Another sign-in cannot be reached');
    }
    await several.providers['second']?.resume();
    several.stack.advance(60_000);
    const walked = await several.walk(visit, (await visit.browser.get(back)).headers.get('location') ?? '');
    expect(walked.way).toEqual(['second']);
    expect((await several.redeem(visit, walked)).refresh_token).toMatch(/^sp_rt_/u);
  });

  it('goes on where it is when the consent is sent once more', async () => {
    several = await Several.start(['first', 'second']);
    const visit = await several.open();
    const back = await several.signInAt(await several.press(visit, { decision: 'allow' }), 'alice');
    await visit.browser.get(back);
    const walked = await several.walk(visit, await several.press(visit, { decision: 'allow' }));
    expect(walked.way).toEqual(['second']);
    expect((await several.redeem(visit, walked)).scope).not.toBe('');
  });

  it('asks later ones nothing of what the app asked about the person', async () => {
    several = await Several.start(['first', 'second']);
    const visit = await several.open({ login_hint: 'alice@example.com', prompt: 'login', max_age: '60' });
    const first = await several.press(visit, { decision: 'allow' });
    expect(new URL(first).searchParams.get('login_hint')).toBe('alice@example.com');
    const back = await several.signInAt(first, 'alice');
    const second = new URL((await visit.browser.get(back)).headers.get('location') ?? '');
    for (const name of ['login_hint', 'prompt', 'max_age']) expect(second.searchParams.has(name)).toBe(false);
  });

  it('leaves out upstreams that are for later', async () => {
    several = await Several.start(['first', 'second'], {}, { changes: { second: { when: 'later' } } });
    expect((await signIn()).walked.way).toEqual(['first']);
  });
});

describe('the filter of a host program', () => {
  const withFilter = (
    upstreamFilter: (who: SignedInPrincipal, others: readonly string[]) => readonly string[],
  ) => Several.start(['first', 'second', 'third'], {}, { collaborators: { upstreamFilter } });

  it('chooses the others by who signed in, without any token, in our order', async () => {
    const asked: unknown[] = [];
    several = await withFilter((who, others) => {
      asked.push(others);
      expect(Object.keys(who).toSorted()).toEqual(
        ['claims', 'email', 'emailVerified', 'name', 'subject', 'upstream', 'userId'].toSorted(),
      );
      return ['third', 'nowhere', 'second'];
    });
    expect((await signIn()).walked.way).toEqual(['first', 'second', 'third']);
    expect(asked).toEqual([['second', 'third']]);
  });

  it('may leave all others out', async () => {
    several = await withFilter(() => []);
    expect((await signIn()).walked.way).toEqual(['first']);
  });

  it('that fails ends the login, and nothing is kept', async () => {
    several = await withFilter(() => {
      throw new Error('the directory is down');
    });
    const visit = await several.open();
    const walked = await several.walk(visit, await several.press(visit, { decision: 'allow' }));
    expect(walked.end.hash).toContain('500');
    expect(walked.end.hash).not.toContain('directory');
    expect(await several.stack.store.stats()).toMatchObject({ grants: 0, connections: 0 });
  });
});
