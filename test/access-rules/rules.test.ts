import { describe, expect, it } from 'vitest';
import { admits, person, whyNot } from './policy.ts';

describe('a rule for one upstream', () => {
  const rule = { upstream: 'okta', emailDomains: ['example.com'] };

  it('holds for its people alone', async () => {
    expect(await admits(rule, person('okta', {}))).toBe(true);
    expect(await admits(rule, person('google', {}))).toBe(false);
    expect(await whyNot(rule, person('google', {}))).toBe(
      'rule 1 (upstream: the person is of another upstream)',
    );
  });

  it('may say nothing else', async () => {
    expect(await admits({ upstream: 'okta' }, person('okta', {}))).toBe(true);
    expect(await admits({ upstream: 'okta' }, person('entra', {}))).toBe(false);
  });
});

describe('Google Workspace domains', () => {
  const rule = { googleHostedDomains: ['example.com', 'bücher.example'] };

  it.each([['example.com'], ['EXAMPLE.com'], ['xn--bcher-kva.example']])('hold for %s', async (hd) => {
    expect(await admits(rule, person('google', { hd }))).toBe(true);
  });

  it.each([
    [undefined, 'not there'],
    ['other.com', 'another domain'],
    ['sub.example.com', 'another domain'],
    [['example.com'], 'not there'],
  ])('do not for %j', async (hd, why) => {
    expect(await whyNot(rule, person('google', { hd }))).toContain(why);
  });
});

describe('tenants of Entra ID', () => {
  const tid = '72f988bf-86f1-41af-91ab-2d7cd011db47';

  it('hold by their id', async () => {
    expect(await admits({ entraTenants: [tid] }, person('entra', { tid }))).toBe(true);
    expect(await whyNot({ entraTenants: [tid] }, person('entra', { tid: `${tid}0` }))).toContain(
      'another tenant',
    );
  });
});

describe('groups and roles', () => {
  it('are a list or a text, in the usual claim or in another', async () => {
    expect(await admits({ groups: ['ops', 'it'] }, person('okta', { groups: ['staff', 'ops'] }))).toBe(true);
    expect(await admits({ groups: ['ops'] }, person('okta', { groups: 'ops' }))).toBe(true);
    expect(await admits({ roles: ['admin'] }, person('okta', { roles: ['admin'] }))).toBe(true);
    const nested = person('okta', { realm_access: { roles: ['admin'] }, 'cognito:groups': ['ops'] });
    expect(await admits({ roles: ['admin'], rolesClaim: 'realm_access.roles' }, nested)).toBe(true);
    expect(await admits({ groups: ['ops'], groupsClaim: 'cognito:groups' }, nested)).toBe(true);
    expect(await admits({ groups: ['ops'] }, nested)).toBe(false);
  });

  it.each([
    [undefined, 'is not there'],
    [[], 'is an empty list'],
    [['staff'], 'is a list without any of these'],
    [{ ops: true }, 'is an object'],
    [7, 'is a number'],
    [null, 'is null'],
    ['staff', 'is another text'],
  ])('%j: the log says what the claim is and not what is in it', async (groups, why) => {
    const told = await whyNot({ name: 'operators', groups: ['ops'] }, person('okta', { groups }));
    expect(told).toContain(`operators (groups: the claim groups ${why}`);
    expect(told).not.toContain('staff');
  });
});
