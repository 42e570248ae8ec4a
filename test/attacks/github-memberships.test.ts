/**
 * The answer about organizations decides who gets in, so it must be GitHub's own word, about this user, today: no
 * redirect, nobody else's list, no name of yesterday, and a failure is never a yes.
 */
import { afterEach, describe, expect, it } from 'vitest';
import type { GithubScene } from '../access-rules/github-scene.ts';
import { startGithubScene } from '../access-rules/github-scene.ts';
import type { Route } from '../fixtures/hostile-server.ts';
import { json, raw } from '../fixtures/hostile-server.ts';
import { pkce } from '../fixtures/stack.ts';

/** The simulator's Alice, whose id no double can hold. */
const aliceId = '9007199254740993';
const day = 86_400_000;
const scenes: GithubScene[] = [];

afterEach(async () => {
  for (const made of scenes.splice(0)) await made.close();
});

async function scene(routes: Readonly<Record<string, Route>>): Promise<GithubScene> {
  const here = await startGithubScene([{ name: 'company', github_organizations: ['acme'] }], {
    ownApi: true,
  });
  scenes.push(here);
  here.api.on('/user/teams', json([]));
  for (const [path, route] of Object.entries(routes)) here.api.on(path, route);
  return here;
}

const orgs = '/user/memberships/orgs';

/** Written by hand, because JSON of JavaScript would round the id. */
function list(...items: readonly { org: string; state?: string; id?: string }[]): Route {
  const texts = items.map(
    ({ org, state = 'active', id = aliceId }) =>
      `{"state":"${state}","organization":{"login":"${org}","id":1},"user":{"login":"alice","id":${id}}}`,
  );
  return raw(`[${texts.join()}]`, { 'content-type': 'application/json' });
}

async function signIn({ stack }: GithubScene): Promise<Response> {
  const { client_id } = await stack.register();
  const browser = stack.browser();
  const back = await stack.signInUpstream(browser, { client_id, code_challenge: pkce().challenge });
  return browser.get(back);
}

function letIn(response: Response): boolean {
  return new URL(response.headers.get('location') ?? 'https://nowhere.example').searchParams.has('code');
}

describe('an answer about organizations', () => {
  it('lets in when it is what it should be', async () => {
    expect(letIn(await signIn(await scene({ [orgs]: list({ org: 'Acme' }) })))).toBe(true);
  });

  it.each([
    [
      'is a redirect on the same host',
      { [orgs]: raw('', { location: '/other' }, 302), '/other': list({ org: 'acme' }) },
    ],
    ['is about another user', { [orgs]: list({ org: 'acme', id: '9007199254740992' }) }],
    ['is about another user, after the right one', { [orgs]: list({ org: 'x' }, { org: 'acme', id: '7' }) }],
    ['is pending', { [orgs]: list({ org: 'acme', state: 'pending' }) }],
    ['has a state that is none', { [orgs]: list({ org: 'acme', state: 'ACTIVE' }) }],
    ['tells the new name of what was renamed', { [orgs]: list({ org: 'acme-inc' }) }],
    ['names an organization that begins so', { [orgs]: list({ org: 'acme-evil' }) }],
    ['names it with letters that look so', { [orgs]: list({ org: 'аcme' }) }],
    ['tells no user', { [orgs]: json([{ state: 'active', organization: { login: 'acme' } }]) }],
    ['is an object', { [orgs]: json({ 0: { state: 'active' }, length: 1 }) }],
    ['is no JSON', { [orgs]: raw('acme') }],
    ['is an error', { [orgs]: raw('[]', {}, 500) }],
    ['is a rate limit', { [orgs]: raw('{}', { 'x-ratelimit-remaining': '0' }, 403) }],
    ['is forbidden', { [orgs]: raw('{}', {}, 403) }],
    ['is not there', {}],
    ['does not take the token', { [orgs]: raw('{}', {}, 401) }],
    ['is too long', { [orgs]: raw(`[${'0,'.repeat(1_000_000)}0]`) }],
  ] satisfies readonly (readonly [string, Readonly<Record<string, Route>>])[])(
    'lets nobody in when it %s',
    async (_, routes) => {
      const response = await signIn(await scene(routes));
      expect(letIn(response)).toBe(false);
    },
  );

  it('takes no address from it: neither a next page elsewhere nor a redirect is followed with the token', async () => {
    const here = await scene({});
    const elsewhere = await scene({ [orgs]: list({ org: 'acme' }), '/next': list({ org: 'acme' }) });
    const link = `<${elsewhere.api.origin}/next>; rel="next"`;
    here.api.on(orgs, raw('[]', { link }));
    expect(letIn(await signIn(here))).toBe(false);
    here.api.on(orgs, raw('', { location: `${elsewhere.api.origin}${orgs}` }, 307));
    expect(letIn(await signIn(here))).toBe(false);
    expect(elsewhere.api.received).toEqual([]);
    // Pages that never end are not read for ever.
    expect(here.api.received.filter(({ url }) => url.startsWith(orgs)).length).toBeLessThanOrEqual(11);
  });
});

describe('a user who is signed in', () => {
  it.each([
    ['an error', raw('[]', {}, 502)],
    ['a rate limit', raw('{}', { 'retry-after': '60' }, 403)],
    ['a redirect', raw('', { location: '/other' }, 302)],
    ['another user’s list', list({ org: 'acme', id: '7' })],
  ])('neither stays on old evidence nor loses the grant over %s', async (_, failure) => {
    const here = await scene({ [orgs]: list({ org: 'acme' }) });
    const first = await here.stack.signIn();
    here.stack.advance(day + 1000);
    here.api.on(orgs, failure);
    const during = await here.stack.refresh(first.clientId, first.refresh_token);
    expect([during.status, during.headers.has('retry-after')]).toEqual([503, true]);
    here.api.on(orgs, list({ org: 'acme' }));
    here.stack.advance(120_000);
    expect((await here.stack.refresh(first.clientId, first.refresh_token)).status).toBe(200);
  });

  it('loses the grant when the membership is over', async () => {
    const here = await scene({ [orgs]: list({ org: 'acme' }) });
    const first = await here.stack.signIn();
    here.stack.advance(day + 1000);
    here.api.on(orgs, list({ org: 'acme', state: 'pending' }));
    const refused = await here.stack.refresh(first.clientId, first.refresh_token);
    expect(await refused.json()).toMatchObject({ error: 'invalid_grant' });
    here.api.on(orgs, list({ org: 'acme' }));
    expect((await here.stack.refresh(first.clientId, first.refresh_token)).status).toBe(400);
  });
});
