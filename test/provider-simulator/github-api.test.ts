import { describe, expect, test } from 'vitest';
import type { ProviderSimulator } from '../../src/testing/index.ts';
import { ask, authorize, login, redeem, start } from './bare-client.ts';
import type { Told } from './bare-client.ts';

describe('the API of GitHub', () => {
  async function api(simulator: ProviderSimulator, scope: string, path: string): Promise<Told> {
    const { code } = await authorize(simulator, { scope });
    const { body } = await redeem(simulator, code);
    const headers = { authorization: `token ${String(body['access_token'])}` };
    return await ask(simulator.api + path, { headers });
  }

  test.each([
    ['user:email', '/user/emails', 200],
    ['read:user', '/user/emails', 404],
    ['read:org', '/user/memberships/orgs/acme', 200],
    ['read:org', '/user/memberships/orgs/other', 404],
    ['read:user', '/user/memberships/orgs/acme', 403],
    ['read:org', '/orgs/acme/teams/platform/memberships/alice', 200],
    ['read:org', '/orgs/acme/teams/platform/memberships/bob', 404],
    ['read:org', '/orgs/acme/teams/platform/memberships/nobody', 404],
    ['read:org', '/orgs/acme/members/alice', 204],
    ['read:org', '/orgs/acme/members/bob', 404],
    ['read:user', '/orgs/acme/members/alice', 302],
    ['read:user', '/elsewhere', 404],
  ])('with %s, %s: %i', async (scope, path, status) => {
    await using simulator = await start({ preset: 'github-oauth-app' });
    expect((await api(simulator, scope, path)).status).toBe(status);
  });

  test('organisations and teams of the user, as far as the scopes go', async () => {
    await using simulator = await start({ preset: 'github-oauth-app' });
    expect(JSON.parse((await api(simulator, 'read:org', '/user/orgs')).text)).toMatchObject([
      { login: 'acme' },
    ]);
    expect(JSON.parse((await api(simulator, 'read:user', '/user/orgs')).text)).toEqual([]);
    const teams = await api(simulator, 'read:org', '/user/teams');
    expect(JSON.parse(teams.text)).toMatchObject([{ slug: 'platform', organization: { login: 'acme' } }]);
  });

  test('an invitation is pending', async () => {
    const invited = {
      id: '1',
      login: 'alice',
      pending_organizations: ['acme'],
      pending_teams: ['acme/platform'],
    };
    await using simulator = await start({ preset: 'github-oauth-app', users: [invited] });
    const paths = ['/user/memberships/orgs/acme', '/orgs/acme/teams/platform/memberships/alice'];
    for (const path of paths) expect((await api(simulator, 'read:org', path)).body['state']).toBe('pending');
  });

  test('tokens of a GitHub App have permissions, not scopes', async () => {
    await using simulator = await start({ preset: 'github-app' });
    expect((await api(simulator, '', '/user/emails')).status).toBe(200);
  });

  test('requests without a User-Agent are refused', async () => {
    await using simulator = await start({ preset: 'github-oauth-app' });
    const token = (await login(simulator, { scope: 'read:user' })).body['access_token'];
    const headers = { authorization: `Bearer ${String(token)}`, 'user-agent': '' };
    expect((await ask(simulator.endpoints.userinfo, { headers })).status).toBe(403);
  });
});
