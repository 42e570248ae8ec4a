import { describe, expect, it } from 'vitest';
import { missingAccess } from '../../src/upstream/public-upstreams.ts';
import { complaints, oidcConfig, resolve, runConfig } from './fixture.ts';
import type { Json } from './fixture.ts';

const okta: Json = {
  name: 'okta',
  type: 'oidc',
  oidc_config: { ...oidcConfig, issuer_url: 'https://corp.okta.com' },
};
const google: Json = {
  name: 'google',
  type: 'oidc',
  oidc_config: { ...oidcConfig, issuer_url: 'https://accounts.google.com' },
};
const nameless: Json = {
  name: 'files',
  type: 'oauth2',
  oauth2_config: {
    authorization_endpoint: 'https://files.example.com/authorize',
    token_endpoint: 'https://files.example.com/token',
    client_id: 'x',
  },
};
const later = (upstream: Json): Json => ({ ...upstream, when: 'later' });

const several = (upstreams: readonly Json[], more: Json = {}): Json => runConfig({ upstreams, ...more });

describe('several upstreams', () => {
  it('make a chain, in the order of the file, unless people choose', async () => {
    const config = await resolve(several([okta, google]));
    expect(config.signIn).toBe('chain');
    expect(config.upstreams.map(({ name, when }) => [name, when])).toEqual([
      ['okta', 'sign_in'],
      ['google', 'sign_in'],
    ]);
    expect((await resolve(several([okta, google], { sign_in: 'choose' }))).signIn).toBe('choose');
    expect(await complaints(several([okta, google], { sign_in: 'either' }))).toHaveLength(1);
  });

  it('have a callback address each; a single one keeps the short one', async () => {
    const { upstreams } = await resolve(several([okta, google], { issuer: 'https://mcp.example.com/t1' }));
    expect(upstreams.map(({ redirectUri }) => redirectUri)).toEqual([
      'https://mcp.example.com/t1/oauth/callback/okta',
      'https://mcp.example.com/t1/oauth/callback/google',
    ]);
    const [only] = (await resolve(several([okta]))).upstreams;
    expect(only?.redirectUri).toBe('https://mcp.example.com/oauth/callback');
  });

  it('may share one that is written down, with a warning, and have none on another origin', async () => {
    const at = (upstream: Json, redirect_uri: string): Json => ({
      ...upstream,
      oidc_config: { ...(upstream['oidc_config'] as Json), redirect_uri },
    });
    const shared = 'https://mcp.example.com/oauth/callback';
    const { warnings } = await resolve(several([at(okta, shared), at(google, shared)]));
    expect(warnings.join('\n')).toContain('one redirect URI for okta and google');
    const apart = several([at(okta, shared), at(google, 'https://login.example.com/oauth/callback')]);
    expect((await complaints(apart)).join('\n')).toContain('redirect URIs on several origins');
  });

  it.each([
    [[{ ...okta, name: undefined }, google], 'upstreams[0].name: is missing'],
    [[{ ...okta, name: 'default' }, google], 'upstreams[0].name: is reserved'],
    [[okta, { ...google, name: 'okta' }], 'upstreams[1].name: is the name of another upstream'],
    [[later(okta), later(google)], 'upstreams[0].when: is later'],
    [[{ ...okta, icon: 'http://example.com/i.png' }, google], 'upstreams[0].icon: '],
    [[{ ...okta, icon: 'javascript:alert(1)' }, google], 'upstreams[0].icon: '],
    [[{ ...okta, icon: 'data:text/html,<script>' }, google], 'upstreams[0].icon: '],
  ])('are refused where they cannot work: %#', async (upstreams, complaint) => {
    expect((await complaints(several(upstreams))).join('\n')).toContain(complaint);
  });

  it('are no more than a login can lead through', async () => {
    const many = Array.from({ length: 16 }, (_, index) => ({ ...okta, name: `u${index}` }));
    expect((await complaints(several(many))).join('\n')).toContain('more than 15');
    expect(await complaints(several([...many.slice(1), later({ ...okta, name: 'u0' })]))).toEqual([]);
  });

  it('give a proxy the token of the first, or of the one that it names', async () => {
    const proxy = [
      { path: '/a', target: 'http://127.0.0.1:9000' },
      { path: '/b', target: 'http://127.0.0.1:9001', upstream: 'google' },
    ];
    const own = { proxy, allowed_audiences: undefined };
    const { proxies, warnings } = await resolve(several([okta, google], own));
    expect(proxies.map(({ upstream }) => upstream)).toEqual(['okta', 'google']);
    const ofProxies = (all: readonly string[]): readonly string[] =>
      all.filter((one) => one.startsWith('proxy'));
    expect(ofProxies(warnings)).toEqual([]);
    // Who chooses another one has no connection there.
    const choosing = await resolve(several([okta, google], { ...own, sign_in: 'choose' }));
    expect(ofProxies(choosing.warnings)).toEqual([expect.stringContaining('proxy[0].upstream: is not set')]);
  });
});

describe('access rules over several upstreams', () => {
  it('are about those alone who say who somebody is: the first of a chain, each that may be chosen', async () => {
    const access = [{ upstream: 'google', google_hosted_domains: ['example.com'] }];
    expect(await complaints(several([google, okta], { access }))).toEqual([]);
    expect(await complaints(several([okta, google], { access, sign_in: 'choose' }))).toEqual([]);
    const never = 'access[0].upstream: can never hold: that upstream does not say who somebody is';
    expect(await complaints(several([okta, google], { access }))).toEqual([never]);
    expect(await complaints(several([okta, later(google)], { access, sign_in: 'choose' }))).toEqual([never]);
  });

  it('need no identity of an upstream that only lends tokens', async () => {
    const access = [{ email_domains: ['example.com'] }];
    expect(await complaints(several([okta, nameless], { access }))).toEqual([]);
    expect(await complaints(several([okta, later(nameless)], { access, sign_in: 'choose' }))).toEqual([]);
    expect(await complaints(several([okta, nameless], { access, sign_in: 'choose' }))).toHaveLength(1);
  });

  it.each([
    { subjects: ['1'] },
    { groups: ['admins'] },
    { roles: ['admin'] },
    { claim: { name: 'a', contains: 'b' } },
  ])('say whose words they are, where people choose: %j', async (rule) => {
    const config = (rules: Json): Json => several([okta, google], { access: [rules], sign_in: 'choose' });
    expect((await complaints(config(rule))).join('\n')).toContain('does not say whose');
    expect(await complaints(config({ ...rule, upstream: 'okta' }))).toEqual([]);
    expect(await complaints(several([okta, google], { access: [rule] }))).toEqual([]);
  });

  it('must be there where anybody can sign in, which an upstream that only lends tokens lets nobody', async () => {
    const unsaid = { access: undefined, listen: {} };
    expect(missingAccess(await resolve(several([okta, google], unsaid)))).toBeNull();
    expect(
      missingAccess(await resolve(several([okta, later(google)], { ...unsaid, sign_in: 'choose' }))),
    ).toBeNull();
    expect(missingAccess(await resolve(several([google, okta], unsaid)))).toContain('Google');
    expect(missingAccess(await resolve(several([okta, google], { ...unsaid, sign_in: 'choose' })))).toContain(
      'Google',
    );
  });
});
