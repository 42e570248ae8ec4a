import { describe, expect, it } from 'vitest';
import { missingAccess } from '../../src/upstream/public-upstreams.ts';
import { complaints, resolve, runConfig } from './fixture.ts';
import type { Json } from './fixture.ts';

const upstreams = {
  okta: { name: 'okta', type: 'oidc', oidc_config: { issuer_url: 'https://corp.okta.com', client_id: 'x' } },
  google: {
    name: 'google',
    type: 'oidc',
    oidc_config: { issuer_url: 'https://accounts.google.com', client_id: 'x' },
  },
  entra: {
    name: 'entra',
    type: 'oidc',
    oidc_config: { issuer_url: 'https://login.microsoftonline.com/common/v2.0', client_id: 'x' },
  },
  github: github({}),
};

function github(more: Json): Json {
  const oauth2_config = {
    authorization_endpoint: 'https://github.com/login/oauth/authorize',
    token_endpoint: 'https://github.com/login/oauth/access_token',
    client_id: 'x',
    scopes: ['read:org'],
    userinfo: { endpoint_url: 'https://api.github.com/user', field_mapping: { subject_fields: ['id'] } },
    ...more,
  };
  return { name: 'github', type: 'oauth2', oauth2_config };
}

const tenant = '72f988bf-86f1-41af-91ab-2d7cd011db47';

function at(upstream: Json, rule: Json): Json {
  return runConfig({ upstreams: [upstream], access: [rule] });
}

describe('access rules', () => {
  it.each([
    [
      upstreams.okta,
      { name: 'staff', upstream: 'okta', groups: ['a'], groups_claim: 'cognito:groups', roles: ['b'] },
    ],
    [upstreams.google, { google_hosted_domains: ['example.com'] }],
    [upstreams.entra, { entra_tenants: [tenant.toUpperCase()] }],
    [upstreams.github, { github_organizations: ['Example-Corp'], github_teams: ['Example-Corp/Platform'] }],
    [upstreams.okta, { expression: 'has(claims.groups) && "ops" in claims.groups' }],
  ])('are taken where they can hold: %#', async (upstream, rule) => {
    expect(await complaints(at(upstream, rule))).toEqual([]);
  });

  it('compare ids of tenants and names at GitHub in lower case', async () => {
    const { access } = await resolve(at(upstreams.entra, { entra_tenants: [tenant.toUpperCase()] }));
    expect(access).toEqual([{ entraTenants: [tenant] }]);
    const teams = await resolve(at(upstreams.github, { github_teams: ['Acme/Platform'] }));
    expect(teams.access).toEqual([{ githubTeams: ['acme/platform'] }]);
  });

  it.each([
    [{ google_hosted_domains: ['example.com'] }, 'access[0].google_hosted_domains: can never hold'],
    [{ entra_tenants: [tenant] }, 'access[0].entra_tenants: can never hold'],
    [{ github_organizations: ['acme'] }, 'access[0].github_organizations: can never hold'],
    [{ github_teams: ['acme/x'] }, 'access[0].github_teams: can never hold'],
    [{ upstream: 'nobody', groups: ['a'] }, 'access[0].upstream: is no upstream of this file'],
    [{ groups_claim: 'a', emails: ['a@b.c'] }, 'access[0].groups_claim: is there without groups'],
    [{ roles_claim: 'a', emails: ['a@b.c'] }, 'access[0].roles_claim: is there without roles'],
    [{ name: 'a\nb', groups: ['a'] }, 'access[0].name: is not a name'],
    [{ name: 'only a name' }, 'access[0]: is a rule without conditions'],
    [{ groups: [] }, 'access[0].groups'],
    [{ expression: 'user.emial == "x"' }, 'access[0].expression: at character 6: '],
    [{ expression: 'claims.name.matches("(a+)+")' }, 'access[0].expression: at character 1: calls matches()'],
    [{ expression: '1 + 1' }, 'access[0].expression: is not a condition'],
  ])('are refused where they cannot hold: %j', async (rule, complaint) => {
    expect((await complaints(at(upstreams.okta, rule))).join('\n')).toContain(complaint);
  });

  it.each([
    [upstreams.entra, { entra_tenants: ['example.onmicrosoft.com'] }, 'is not the id of a tenant'],
    [upstreams.github, { github_organizations: ['github.com/acme'] }, 'is not the name of an organization'],
    [upstreams.github, { github_teams: ['platform'] }, 'is not the name of a team'],
    [upstreams.google, { google_hosted_domains: ['@example.com'] }, 'is not a domain'],
  ])('are refused in a form that never matches: %#', async (upstream, rule, complaint) => {
    expect((await complaints(at(upstream, rule))).join('\n')).toContain(complaint);
  });

  it('warn when GitHub will not show memberships', async () => {
    const rule = { github_organizations: ['acme'] };
    const { warnings } = await resolve(at(github({ scopes: ['read:user'] }), rule));
    expect(warnings.join('\n')).toContain('read:org');
    expect((await resolve(at(upstreams.github, rule))).warnings.join('\n')).not.toContain('read:org');
  });

  it('need the address of an own GitHub', async () => {
    const authorization_endpoint = 'https://git.example.com/login/oauth/authorize';
    const rule = { github_organizations: ['acme'] };
    expect(await complaints(at(github({ authorization_endpoint }), rule))).toHaveLength(1);
    const github_api_url = 'https://git.example.com/api/v3/';
    const { upstreams: made } = await resolve(at(github({ authorization_endpoint, github_api_url }), rule));
    expect(made).toMatchObject([{ githubApiUrl: 'https://git.example.com/api/v3' }]);
    const bad = github({ authorization_endpoint, github_api_url: 'http://git.example.com/api' });
    expect(await complaints(at(bad, rule))).toHaveLength(1);
  });

  it('that only name an upstream where anybody can have an account let nobody start', async () => {
    const open = await resolve(at(upstreams.google, { name: 'all', upstream: 'google' }));
    expect(missingAccess(open)).toContain('access[0]: all says nothing but the upstream');
    expect(missingAccess(await resolve(at(upstreams.okta, { upstream: 'okta' })))).toBeNull();
    const said = at(upstreams.google, { upstream: 'google', google_hosted_domains: ['example.com'] });
    expect(missingAccess(await resolve(said))).toBeNull();
  });
});

describe('access_contact', () => {
  it.each(['it-help@example.com', 'https://example.com/help?topic=mcp'])('takes %s', async (contact) => {
    expect((await resolve(runConfig({ access_contact: contact }))).accessContact).toBe(contact);
  });

  it.each(['javascript:alert(1)', 'http://example.com', 'example.com', 'a@b.c?cc=x@y.z', 'a@b c.d', ''])(
    'takes no %j',
    async (contact) => {
      expect(await complaints(runConfig({ access_contact: contact }))).toHaveLength(1);
    },
  );
});
