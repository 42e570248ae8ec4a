import { describe, expect, test } from 'vitest';
import type { AccessRule } from '../../src/config/config.ts';
import type { Identity } from '../../src/types/tokens.ts';
import { checkAccess } from '../../src/upstream/access.ts';

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

function admits(rules: readonly AccessRule[], changes: Partial<Identity> = {}): boolean {
  return checkAccess(rules, { ...alice, ...changes }).allowed;
}

describe('without rules', () => {
  test.each(['anyone', 'unset'] as const)('"%s" admits everybody, synthetic identities too', (access) => {
    expect(checkAccess(access, alice)).toEqual({ allowed: true });
    expect(checkAccess(access, { ...alice, synthetic: true }).allowed).toBe(true);
  });

  test('an empty list admits nobody', () => {
    expect(admits([])).toBe(false);
  });

  test('a rule without keys admits nobody, and an empty list within a rule neither', () => {
    expect(admits([{}])).toBe(false);
    expect(admits([{ emails: [] }])).toBe(false);
    expect(admits([{ emailDomains: [] }])).toBe(false);
    expect(admits([{ subjects: [] }])).toBe(false);
  });
});

describe('combining', () => {
  test('one rule of several is enough', () => {
    expect(admits([{ subjects: ['other'] }, { emailDomains: ['example.com'] }])).toBe(true);
  });

  test('all keys within a rule must hold', () => {
    const both: AccessRule = { emailDomains: ['example.com'], claim: { name: 'groups', contains: 'ops' } };
    expect(admits([both])).toBe(true);
    expect(admits([both], { claims: { groups: ['staff'] } })).toBe(false);
    expect(admits([both], { email: 'a@other.com' })).toBe(false);
  });
});

describe('e-mail rules', () => {
  test('compare without case', () => {
    expect(admits([{ emails: ['ALICE@example.COM'] }])).toBe(true);
    expect(admits([{ emailDomains: ['EXAMPLE.com'] }])).toBe(true);
    expect(admits([{ emailDomains: ['@example.com'] }])).toBe(true);
  });

  test('need a verified address', () => {
    expect(admits([{ emails: ['alice@example.com'] }], { emailVerified: false })).toBe(false);
    expect(admits([{ emailDomains: ['example.com'] }], { emailVerified: false })).toBe(false);
    expect(admits([{ emailDomains: ['example.com'] }], { email: null })).toBe(false);
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
  ])('are not fooled by %j', (email) => {
    expect(admits([{ emailDomains: ['example.com'] }], { email })).toBe(false);
    expect(admits([{ emails: ['alice@example.com'] }], { email })).toBe(false);
  });

  test('look at what stands after the last @', () => {
    expect(admits([{ emailDomains: ['example.com'] }], { email: '"x@attacker.org"@example.com' })).toBe(true);
  });

  test('know both spellings of an internationalised domain', () => {
    expect(admits([{ emailDomains: ['bücher.example'] }], { email: 'a@xn--bcher-kva.example' })).toBe(true);
    expect(admits([{ emailDomains: ['xn--bcher-kva.example'] }], { email: 'a@BÜCHER.example' })).toBe(true);
    expect(admits([{ emailDomains: ['bucher.example'] }], { email: 'a@bücher.example' })).toBe(false);
  });

  test('do not take a look-alike for the letter it resembles', () => {
    // U+212A KELVIN SIGN lower-cases to k, U+0430 is a Cyrillic a.
    expect(admits([{ emails: ['kim@example.com'] }], { email: '\u212Aim@example.com' })).toBe(false);
    expect(admits([{ emails: ['alice@example.com'] }], { email: '\u0430lice@example.com' })).toBe(false);
    expect(admits([{ emailDomains: ['example.com'] }], { email: 'alice@ex\u0430mple.com' })).toBe(false);
  });

  test('do not read numbers as addresses', () => {
    expect(admits([{ emailDomains: ['127.0.0.1'] }], { email: 'a@127.1' })).toBe(false);
  });
});

describe('subject rules', () => {
  test('compare exactly', () => {
    expect(admits([{ subjects: ['00u1'] }])).toBe(true);
    expect(admits([{ subjects: ['00U1'] }])).toBe(false);
    expect(admits([{ subjects: ['00u'] }])).toBe(false);
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
  ])('%s contains %s: %s', (name, contains, expected) => {
    expect(admits([{ claim: { name, contains } }])).toBe(expected);
  });

  test('look at own properties only, even when a claim is called __proto__', () => {
    const claims = JSON.parse('{"__proto__":{"role":"admin"}}') as Identity['claims'];
    expect(admits([{ claim: { name: 'role', contains: 'admin' } }], { claims })).toBe(false);
    expect(admits([{ claim: { name: '__proto__.role', contains: 'admin' } }], { claims })).toBe(true);
  });

  test('survive claims of any shape', () => {
    for (const value of [null, 0, '', [], [[]], [null], { a: null }])
      expect(admits([{ claim: { name: 'x.a', contains: 'y' } }], { claims: { x: value } })).toBe(false);
  });
});

describe('what a refusal tells', () => {
  test('names the reason and no person', () => {
    const rules = [{ emailDomains: ['example.com'] }];
    const reasonFor = (identity: Identity): string => {
      const decision = checkAccess(rules, identity);
      return decision.allowed ? '' : decision.reason;
    };
    expect(reasonFor({ ...alice, emailVerified: false })).toMatch(/verified/);
    expect(reasonFor({ ...alice, email: null })).toMatch(/no e-mail/);
    expect(reasonFor({ ...alice, email: 'a@other.org' })).toBe('no access rule matches');
    expect(reasonFor({ ...alice, synthetic: true })).toMatch(/no identity/);
  });

  test('synthetic identities match no rule, whatever they hold', () => {
    const rules: AccessRule[] = [
      { subjects: ['00u1'] },
      { emails: ['alice@example.com'] },
      { claim: { name: 'groups', contains: 'ops' } },
    ];
    expect(admits(rules, { synthetic: true })).toBe(false);
  });
});
