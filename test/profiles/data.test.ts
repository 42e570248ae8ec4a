/** Profiles are data that people write: everything that the types cannot say about them. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { runConfigCommand } from '../../src/cli/config.ts';
import { layerProfile } from '../../src/config/profile-layers.ts';
import { Findings } from '../../src/config/problems.ts';
import type { Profile } from '../../src/profiles/profile.ts';
import { profiles } from '../../src/profiles/profiles.ts';
import { providerPages } from '../../tools/generate-provider-pages.ts';

const all = [...profiles.values()].map((profile) => [profile.name, profile] as const);

/** Every text of a value. */
function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null
    ? Object.values(value).flatMap((one) => textsIn(one))
    : [];
}

function placeholders({ settings, variants = [] }: Profile): readonly string[] {
  const said = [settings, ...variants.map((variant) => variant.settings)];
  return said
    .flatMap((one) => textsIn(one))
    .flatMap((text) => [...text.matchAll(/\{(\w+)\}/gu)].map(([, name = '']) => name));
}

describe.each(all)('the profile %s', (name, profile) => {
  it('is in a file of its name', () => {
    expect(existsSync(`src/profiles/${name}.ts`)).toBe(true);
  });

  it('has variables with examples and defaults of their own form', () => {
    for (const [variable, { pattern, example, usual, optional }] of Object.entries(profile.variables)) {
      const whole = new RegExp(`^(?:${pattern})$`, 'u');
      expect(example, variable).toMatch(whole);
      if (usual !== undefined) expect(usual, variable).toMatch(whole);
      expect(usual !== undefined && optional, variable).not.toBe(true);
    }
  });

  it('has patterns that let nothing into an address but its own part', () => {
    for (const [variable, { pattern }] of Object.entries(profile.variables)) {
      // An API's identifier is a parameter, and never part of an address.
      if (variable === 'audience') continue;
      const whole = new RegExp(`^(?:${pattern})$`, 'u');
      for (const bad of ['', 'a b', 'a#b', 'a?b=c', 'a\nb', 'https://a.example?b', 'https://a.example#b'])
        expect(bad, variable).not.toMatch(whole);
    }
  });

  it('fills in nothing but its variables, and uses all of them', () => {
    const known = [...Object.keys(profile.variables), 'client_id', 'tenantid'];
    const used = placeholders(profile);
    for (const one of used) expect(known).toContain(one);
    const chosen = (profile.variants ?? []).flatMap(({ when }) => Object.keys(when));
    expect([...used, ...chosen]).toEqual(expect.arrayContaining(Object.keys(profile.variables)));
  });

  it('has forms that somebody can choose', () => {
    for (const { when } of profile.variants ?? []) {
      for (const [variable, wanted] of Object.entries(when)) {
        const { pattern = '' } =
          Object.entries(profile.variables).find(([one]) => one === variable)?.[1] ?? {};
        for (const word of wanted === 'given' ? [] : wanted)
          expect(word).toMatch(new RegExp(`^(?:${pattern})$`, 'u'));
      }
    }
  });

  it('asks for what brings a refresh token, and for nothing that the provider refuses', () => {
    const { scopes = [], additional_authorization_params: params = {} } = profile.settings;
    const { needs = {} } = profile.refreshTokens;
    if (needs.scopes) expect(scopes.filter((scope) => needs.scopes?.includes(scope))).not.toEqual([]);
    expect(params).toMatchObject(needs.params ?? {});
    expect(scopes.filter((scope) => profile.refusedScopes?.includes(scope))).toEqual([]);
  });

  it('says where its facts are from, and which are not settled', () => {
    expect(profile.documentation.length).toBeGreaterThan(0);
    for (const url of profile.documentation) expect(URL.parse(url)?.protocol).toBe('https:');
    for (const { what } of profile.unverified) {
      const [first = '', second] = what.split('.');
      expect(Object.keys(profile), what).toContain(first);
      if (first === 'settings') expect(settingNames, what).toContain(second);
    }
  });

  it('speaks to no provider over http, and sends no resource', () => {
    const said = [profile.settings, ...(profile.variants ?? []).map((variant) => variant.settings)];
    for (const text of said.flatMap((one) => textsIn(one))) expect(text).not.toMatch(/^http:/u);
    for (const one of said) expect(one.resource).toBeUndefined();
  });

  it('has an example on its page that config check finds nothing wrong with', async () => {
    const page = readFileSync(`docs/providers/${name}.md`, 'utf8');
    const [, yaml = ''] = /```yaml\n([\s\S]*?)```/u.exec(page) ?? [];
    expect(parse(yaml)).toMatchObject({ upstreams: [{ profile: name }] });
    let [out, err] = ['', ''];
    const code = await runConfigCommand(['check', 'sallyport.yaml'], {
      stdout: (text) => void (out += text),
      stderr: (text) => void (err += text),
      env: {},
      readFile: (path) => Promise.resolve(Buffer.from(path === 'sallyport.yaml' ? yaml : 'a secret')),
    });
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain(`${name} (${/(oidc|oauth2)/u.exec(out)?.[0] ?? ''})`);
  });
});

const settingNames =
  readFileSync('src/profiles/settings.ts', 'utf8').match(/(?<=readonly )\w+(?=\?)/gu) ?? [];

describe('AGENTS.md', () => {
  it('shows a profile that is one', async () => {
    const [, text = ''] =
      /const acme: Profile = (\{[\s\S]*?\n   \});/u.exec(readFileSync('AGENTS.md', 'utf8')) ?? [];
    const source = `export default ${text.replace(", '…'", '')}`;
    // The module that the page shows.
    const { default: acme } = (await import(`data:text/javascript,${encodeURIComponent(source)}`)) as {
      default: Profile;
    };
    const [, linear] = all.find(([name]) => name === 'linear') ?? [];
    expect(Object.keys(acme).toSorted()).toEqual(
      Object.keys(linear ?? {})
        .filter((key) => key !== 'openAccounts')
        .toSorted(),
    );
    const path = ['upstreams', 0];
    const findings = new Findings();
    const { settings } = layerProfile(acme, { profile: 'acme', tenant: 'example' }, { path, findings });
    expect(findings.problems).toEqual([]);
    expect(settings).toMatchObject({ issuer_url: 'https://example.acme.example', scope_separator: 'comma' });
    for (const name of Object.keys(settings)) expect(settingNames).toContain(name);
  });
});

describe('docs/providers', () => {
  it.each([...providerPages()])(
    '%s is what the profiles say (node tools/generate-provider-pages.ts)',
    (path, text) => {
      expect(readFileSync(path, 'utf8')).toBe(text);
    },
  );

  it('has a page for every profile, each with words of its own, and no others', () => {
    const pages = readdirSync('docs/providers').filter((file) => file !== 'README.md');
    expect(pages.toSorted()).toEqual(all.map(([name]) => `${name}.md`).toSorted());
    for (const page of pages) {
      const [own = ''] = readFileSync(`docs/providers/${page}`, 'utf8').split('<!-- made by');
      expect(own.replace(/^# .*\n/u, '').trim().length, page).toBeGreaterThan(100);
    }
  });

  it('asks for redirect URIs and secrets everywhere', () => {
    for (const [name, { setUp }] of all) expect(setUp.steps.join(' '), name).toContain('{redirect_uri}');
  });
});
