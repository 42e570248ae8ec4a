import { describe, expect, test } from 'vitest';
import type { AccessConfig, AccessRule } from '../../src/config/config.ts';
import type { Identity } from '../../src/types/tokens.ts';
import { tellRefusals } from '../../src/upstream/access/decision.ts';
import type { AccessDecision } from '../../src/upstream/access/decision.ts';
import { createAccessPolicy } from '../../src/upstream/access/policy.ts';
import { oidcConfig } from '../fixtures/upstream.ts';

const alice: Identity = {
  upstream: 'corp',
  subject: '00u1',
  name: 'Alice',
  email: 'Alice@Example.com',
  emailVerified: true,
  synthetic: false,
  claims: {
    groups: ['staff', 'ops'],
    hd: 'example.com',
    realm_access: { roles: ['admin'] },
    'https://example.com/roles': ['editor'],
    level: 3,
  },
};

const upstreams = [oidcConfig('https://corp.okta.com', { name: 'corp' })];

async function decide(access: AccessConfig, identity: Identity): Promise<AccessDecision> {
  const policy = await createAccessPolicy({ access, upstreams });
  return policy.decide({
    identity,
    client: { id: 'app', name: 'App' },
    resource: 'https://mcp.example.com/mcp',
  });
}

async function admits(rules: readonly AccessRule[], changes: Partial<Identity> = {}): Promise<boolean> {
  return (await decide(rules, { ...alice, ...changes })).allowed;
}

describe('without rules', () => {
  test.each(['anyone', 'unset'] as const)(
    '"%s" admits everybody, synthetic identities too',
    async (access) => {
      expect(await decide(access, alice)).toEqual({ allowed: true, rules: [] });
      expect((await decide(access, { ...alice, synthetic: true })).allowed).toBe(true);
    },
  );

  test('an empty list admits nobody', async () => {
    expect(await admits([])).toBe(false);
  });

  test('a rule without keys admits nobody, and an empty list within a rule neither', async () => {
    expect(await admits([{}])).toBe(false);
    expect(await admits([{ emails: [] }])).toBe(false);
    expect(await admits([{ emailDomains: [] }])).toBe(false);
    expect(await admits([{ subjects: [] }])).toBe(false);
  });
});

describe('combining', () => {
  test('one rule of several is enough', async () => {
    expect(await admits([{ subjects: ['other'] }, { emailDomains: ['example.com'] }])).toBe(true);
  });

  test('all keys within a rule must hold', async () => {
    const both: AccessRule = { emailDomains: ['example.com'], claim: { name: 'groups', contains: 'ops' } };
    expect(await admits([both])).toBe(true);
    expect(await admits([both], { claims: { groups: ['staff'] } })).toBe(false);
    expect(await admits([both], { email: 'a@other.com' })).toBe(false);
  });
});

describe('e-mail rules', () => {
  test('compare without case', async () => {
    expect(await admits([{ emails: ['ALICE@example.COM'] }])).toBe(true);
    expect(await admits([{ emailDomains: ['EXAMPLE.com'] }])).toBe(true);
    expect(await admits([{ emailDomains: ['@example.com'] }])).toBe(true);
  });

  test('need a verified address', async () => {
    expect(await admits([{ emails: ['alice@example.com'] }], { emailVerified: false })).toBe(false);
    expect(await admits([{ emailDomains: ['example.com'] }], { emailVerified: false })).toBe(false);
    expect(await admits([{ emailDomains: ['example.com'] }], { email: null })).toBe(false);
  });

  test.each([
    'alice@sub.example.com',
    'alice@notexample.com',
    'alice@example.com.attacker.org',
    'alice@example.comm',
    'alice@example.com.',
    'alice@example.com@attacker.org',
    '"alice@example.com"@attacker.org',
    'alice@attacker.org#@example.co',
    'alice@exa%6dple.com',
    'alice@example.com/x',
    'alice@example.com:443',
    'alice@example.com\n',
    'alice@example.com\u0000',
    'alice@',
    '@example.com',
    'example.com',
    '',
  ])('are not fooled by %j', async (email) => {
    expect(await admits([{ emailDomains: ['example.com'] }], { email })).toBe(false);
    expect(await admits([{ emails: ['alice@example.com'] }], { email })).toBe(false);
  });

  test('look at what stands after the last @', async () => {
    expect(await admits([{ emailDomains: ['example.com'] }], { email: '"x@attacker.org"@example.com' })).toBe(
      true,
    );
  });

  test('know both spellings of an internationalised domain', async () => {
    expect(await admits([{ emailDomains: ['bücher.example'] }], { email: 'a@xn--bcher-kva.example' })).toBe(
      true,
    );
    expect(await admits([{ emailDomains: ['xn--bcher-kva.example'] }], { email: 'a@BÜCHER.example' })).toBe(
      true,
    );
    expect(await admits([{ emailDomains: ['bucher.example'] }], { email: 'a@bücher.example' })).toBe(false);
  });

  test('do not take a look-alike for the letter it resembles', async () => {
    // U+212A KELVIN SIGN lower-cases to k, U+0430 is a Cyrillic a.
    expect(await admits([{ emails: ['kim@example.com'] }], { email: '\u212Aim@example.com' })).toBe(false);
    expect(await admits([{ emails: ['alice@example.com'] }], { email: '\u0430lice@example.com' })).toBe(
      false,
    );
    expect(await admits([{ emailDomains: ['example.com'] }], { email: 'alice@ex\u0430mple.com' })).toBe(
      false,
    );
  });

  test('do not read numbers as addresses', async () => {
    expect(await admits([{ emailDomains: ['127.0.0.1'] }], { email: 'a@127.1' })).toBe(false);
  });
});

describe('subject rules', () => {
  test('compare exactly', async () => {
    expect(await admits([{ subjects: ['00u1'] }])).toBe(true);
    expect(await admits([{ subjects: ['00U1'] }])).toBe(false);
    expect(await admits([{ subjects: ['00u'] }])).toBe(false);
  });
});

describe('claim rules', () => {
  test.each([
    ['groups', 'ops', true],
    ['groups', 'op', false],
    ['groups', 'OPS', false],
    ['hd', 'example.com', true],
    ['hd', 'example', false],
    ['realm_access.roles', 'admin', true],
    ['realm_access.roles', 'user', false],
    ['realm_access', 'roles', false],
    ['https://example.com/roles', 'editor', true],
    ['level', '3', false],
    ['missing', 'x', false],
    ['missing.deeper', 'x', false],
    ['groups.0', 'staff', false],
    ['groups.length', '2', false],
    ['constructor.name', 'Object', false],
    ['__proto__', 'x', false],
    ['toString', 'x', false],
    ['', '', false],
  ])('%s contains %s: %s', async (name, contains, expected) => {
    expect(await admits([{ claim: { name, contains } }])).toBe(expected);
  });

  test('look at own properties only, even when a claim is called __proto__', async () => {
    const claims = JSON.parse('{"__proto__":{"role":"admin"}}') as Identity['claims'];
    expect(await admits([{ claim: { name: 'role', contains: 'admin' } }], { claims })).toBe(false);
    expect(await admits([{ claim: { name: '__proto__.role', contains: 'admin' } }], { claims })).toBe(true);
  });

  test('survive claims of any shape', async () => {
    for (const value of [null, 0, '', [], [[]], [null], { a: null }])
      expect(await admits([{ claim: { name: 'x.a', contains: 'y' } }], { claims: { x: value } })).toBe(false);
  });
});

describe('what a refusal tells', () => {
  test('names the reason and no person', async () => {
    const rules = [{ emailDomains: ['example.com'] }];
    const reasonFor = async (identity: Identity): Promise<string> => {
      const decision = await decide(rules, identity);
      return decision.allowed ? '' : [decision.reason, ...tellRefusals(decision.rules)].join(': ');
    };
    expect(await reasonFor({ ...alice, emailVerified: false })).toMatch(/verified/);
    expect(await reasonFor({ ...alice, email: null })).toMatch(/no e-mail/);
    expect(await reasonFor({ ...alice, email: 'a@other.org' })).toBe(
      'no access rule matches: rule 1 (email_domains: the e-mail is another one)',
    );
    expect(await reasonFor({ ...alice, synthetic: true })).toMatch(/no identity/);
  });

  test('synthetic identities match no rule, whatever they hold', async () => {
    const rules: AccessRule[] = [
      { subjects: ['00u1'] },
      { emails: ['alice@example.com'] },
      { claim: { name: 'groups', contains: 'ops' } },
    ];
    expect(await admits(rules, { synthetic: true })).toBe(false);
  });
});
