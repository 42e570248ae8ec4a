import { afterEach, describe, expect, it } from 'vitest';
import { defaultUsers } from '../../src/testing/index.ts';
import type { SimulatedUser } from '../../src/testing/index.ts';
import { pkce } from '../fixtures/stack.ts';
import type { Stack } from '../fixtures/stack.ts';
import type { GithubScene } from './github-scene.ts';
import { startGithubScene } from './github-scene.ts';

const day = 86_400_000;
const scenes: GithubScene[] = [];

async function scene(...args: Parameters<typeof startGithubScene>): Promise<GithubScene> {
  const made = await startGithubScene(...args);
  scenes.push(made);
  return made;
}

afterEach(async () => {
  for (const made of scenes.splice(0)) await made.close();
});

async function tryToSignIn(stack: Stack, account: string): Promise<Response> {
  const { client_id } = await stack.register();
  const browser = stack.browser();
  const back = await stack.signInUpstream(browser, { client_id, code_challenge: pkce().challenge }, account);
  return browser.get(back);
}

function memberships({ github }: GithubScene): number {
  return github.calls.filter(({ path }) => path.startsWith('/user/memberships')).length;
}

const [alice] = defaultUsers;

function aliceWith(changes: Partial<SimulatedUser>): SimulatedUser[] {
  if (!alice) throw new TypeError('the simulator has users');
  return [{ ...alice, ...changes }];
}

describe('GitHub organizations and teams', () => {
  it.each([
    ['an organization', { github_organizations: ['ACME'] }],
    ['a team', { github_teams: ['acme/platform'] }],
    ['one of several', { github_organizations: ['other', 'acme'] }],
  ])('let in a member of %s', async (_, rule) => {
    const { stack } = await scene([rule]);
    await expect(stack.signIn()).resolves.toMatchObject({ token_type: 'Bearer' });
  });

  it.each([
    ['who is no member', { github_organizations: ['acme'] }, 'bob'],
    ['of another organization', { github_organizations: ['acm'] }, 'alice'],
    ['of another team', { github_teams: ['acme/plat'] }, 'alice'],
    ['of a team of the same name elsewhere', { github_teams: ['other/platform'] }, 'alice'],
  ])('turn away somebody %s', async (_, rule, account) => {
    const { stack } = await scene([rule]);
    expect((await tryToSignIn(stack, account)).status).toBe(403);
  });

  it('count no invitation', async () => {
    const users = aliceWith({ organizations: [], pending_organizations: ['acme'], teams: ['acme/platform'] });
    const { stack } = await scene([{ github_organizations: ['acme'] }, { github_teams: ['acme/platform'] }], {
      users,
    });
    expect((await tryToSignIn(stack, 'alice')).status).toBe(403);
  });

  it('are found on a later page', async () => {
    const organizations = Array.from({ length: 250 }, (_, index) => `org-${index}`);
    const { stack } = await scene([{ github_organizations: ['org-249'] }], {
      users: aliceWith({ organizations }),
    });
    await expect(stack.signIn()).resolves.toBeDefined();
  });

  it('are asked once, and again when the evidence is old', async () => {
    const here = await scene([{ github_organizations: ['acme'] }]);
    const first = await here.stack.signIn();
    const asked = memberships(here);
    const second = await here.stack.refresh(first.clientId, first.refresh_token);
    expect(second.status).toBe(200);
    expect(memberships(here)).toBe(asked);
    const { refresh_token: token } = (await second.json()) as { refresh_token: string };
    here.stack.advance(day + 1000);
    expect((await here.stack.refresh(first.clientId, token)).status).toBe(200);
    expect(memberships(here)).toBe(asked + 1);
  });

  it('that are not shown say so to the operator', async () => {
    const here = await scene([{ name: 'company', github_organizations: ['acme'] }], { ownApi: true });
    here.api.on('/user/memberships/orgs', (_request, response) => void response.writeHead(403).end('{}'));
    here.api.on('/user/teams', (_request, response) => void response.writeHead(404).end('{}'));
    expect((await tryToSignIn(here.stack, 'alice')).status).toBe(403);
    const line = here.stack.log.find(({ message }) => message === 'access denied');
    expect(line?.fields['rules']).toEqual([
      'company (github_organizations: GitHub does not show memberships to this token (status 403))',
    ]);
  });
});

describe('an app with refresh tokens', () => {
  it('keeps the new tokens when the look-up after a refresh fails, and lets old evidence stand for nothing', async () => {
    const here = await scene([{ github_organizations: ['acme'] }], { preset: 'github-app' });
    const first = await here.stack.signIn();
    here.stack.advance(day + 1000);
    // The refresh and userinfo work; the API behind them does not.
    here.github.failNext('api', { status: 502 });
    const down = await here.stack.refresh(first.clientId, first.refresh_token);
    expect([down.status, down.headers.has('retry-after')]).toEqual([503, true]);
    here.stack.advance(120_000);
    expect((await here.stack.refresh(first.clientId, first.refresh_token)).status).toBe(200);
    expect(here.github.reuseDetected).toEqual([]);
  });
});

describe('rules that change while people are signed in', () => {
  it('are asked about with the next refresh', async () => {
    const here = await scene('anyone');
    const first = await here.stack.signIn();
    expect(memberships(here)).toBe(0);
    await here.change([{ github_organizations: ['acme'] }]);
    const second = await here.stack.refresh(first.clientId, first.refresh_token);
    expect(second.status).toBe(200);
    expect(memberships(here)).toBe(1);
    const { refresh_token: token } = (await second.json()) as { refresh_token: string };
    await here.change([{ github_organizations: ['other'] }]);
    const third = await here.stack.refresh(first.clientId, token);
    expect(await third.json()).toMatchObject({ error: 'invalid_grant' });
    await here.change('anyone');
    expect((await here.stack.refresh(first.clientId, token)).status).toBe(400);
  });

  it('consume nothing while GitHub cannot be asked', async () => {
    const here = await scene('anyone');
    const first = await here.stack.signIn();
    await here.change([{ github_organizations: ['acme'] }]);
    await here.github.pause();
    const down = await here.stack.refresh(first.clientId, first.refresh_token);
    expect([down.status, down.headers.has('retry-after')]).toEqual([503, true]);
    await here.github.resume();
    // Beyond the grace of a superseded token: it is still the current one.
    here.stack.advance(120_000);
    const up = await here.stack.refresh(first.clientId, first.refresh_token);
    expect(up.status).toBe(200);
  });
});
