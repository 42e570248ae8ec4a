import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readExpression } from '../../src/config/access-expression.ts';
import { createAccessPolicy } from '../../src/upstream/access/policy.ts';
import { admits, person, upstreams, whyNot } from './policy.ts';

const claims = {
  groups: ['staff', 'ops'],
  level: 3,
  ratio: 1.5,
  admin: true,
  realm_access: { roles: ['admin'] },
  'https://example.com/tier': 'gold',
  nothing: null,
};

describe('an expression', () => {
  it.each([
    'user.subject == "00u1"',
    'user.email == "alice@example.com"',
    'user.email_domain == "example.com" && "ops" in claims.groups',
    'user.name.startsWith("Al")',
    'claims.groups.exists(g, g.endsWith("ps"))',
    'claims.groups.all(g, size(g) > 2)',
    'claims.groups.exists_one(g, g == "ops")',
    'claims.groups.filter(g, g.contains("f")).size() == 1',
    'claims.level == 3 && claims.level > 2.5 && claims.ratio < 2.0',
    'claims.admin',
    'claims["https://example.com/tier"] == "gold"',
    '"admin" in claims.realm_access.roles',
    'has(claims.realm_access.roles) && !has(claims.other)',
    'claims.nothing == null',
    'upstream == "okta" && client.id == "https://app.example/client" && client.name == "App"',
    'resource == "https://mcp.example.com/mcp"',
    'claims.missing == 1 || upstream == "okta"',
    'has(claims.missing) ? claims.missing == 1 : true',
    'type(claims.level) == int',
  ])('%s holds', async (expression) => {
    expect(await admits({ expression }, person('okta', claims))).toBe(true);
  });

  it.each([
    ['claims.level == "3"', 'it is false'],
    ['claims.missing == 1', 'no such key at character 8'],
    ['claims.level', 'neither true nor false'],
    ['claims.nothing', 'neither true nor false'],
    ['"ops" in claims.level', 'no such overload'],
    ['claims.groups.exists(g, g > 1)', 'no such overload'],
    ['has(claims.a.b)', 'no such key'],
  ])('%s is a refusal, and the log says why', async (expression, why) => {
    expect(await whyNot({ name: 'ops only', expression }, person('okta', claims))).toContain(why);
    expect(await whyNot({ name: 'ops only', expression }, person('okta', claims))).toMatch(/^ops only \(/u);
  });

  it('knows only verified addresses', async () => {
    const unverified = person('okta', claims, { emailVerified: false });
    expect(await admits({ expression: 'user.email == "alice@example.com"' }, unverified)).toBe(false);
    expect(await admits({ expression: 'user.email == "" && user.email_domain == ""' }, unverified)).toBe(
      true,
    );
  });

  it('tells no value of a claim when it fails', async () => {
    const secret = { key: 'alice-secret', flag: 'alice-secret' };
    for (const expression of ['claims[claims.key] == 1', 'bool(claims.flag)', 'int(claims.flag) == 1'])
      expect(await whyNot({ expression }, person('okta', secret))).not.toContain('alice');
  });
});

describe('an expression that is not taken', () => {
  it.each([
    ['user.emial == "x"', /emial/u, 6],
    ['foo == 1', /Unknown variable: foo/u, 1],
    ['(', /EOF/u, 2],
    ['"open', /Unterminated/u, 1],
    ['1 + 1', /its type is int/u, null],
    ['user', /its type is user/u, null],
    ['user.name + 1 == "x"', /no such overload/u, 1],
    ['claims.name.matches("(a+)+$")', /matches\(\)/u, 1],
    ['claims.groups.map(g, g) == []', /map\(\)/u, 1],
    ['cel.bind(a, 1, a == 1)', /bind\(\)/u, 1],
    ['claims.groups.exists(g, claims.groups.exists(h, h == g))', /within another loop/u, 25],
    ['claims.name.lowerAscii() == "x"', /lowerAscii\(\)/u, 1],
    ['"a".split("") == []', /split\(\)/u, null],
    [`${'('.repeat(200)}true${')'.repeat(200)}`, /depth/iu, null],
    [`true${' || true'.repeat(600)}`, /longer|nodes/iu, null],
  ])('%.40s tells what is wrong and where', async (text, problem, at) => {
    const read = await readExpression(text);
    expect(read).toMatchObject({ r: 'wrong', problem: expect.stringMatching(problem) as string });
    if (at !== null && read.r === 'wrong') expect(read.at).toBe(at);
  });
});

describe('an expression and hostile claims', () => {
  const names = fc.oneof(
    fc.constantFrom(
      '__proto__',
      'constructor',
      'toString',
      'hasOwnProperty',
      'groups',
      'level',
      'then',
      'valueOf',
    ),
    fc.string(),
  );
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.string(),
      fc.integer(),
      fc.double(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('value'), { maxLength: 5 }),
      fc.dictionary(names, tie('value'), { maxKeys: 5 }),
    ),
  }));
  const expressions = [
    '"admin" in claims.groups',
    'claims.groups.exists(g, g == "admin")',
    'claims.groups.all(g, g.startsWith("admin"))',
    'claims.level > 3 || claims.constructor == claims.toString',
    'claims == {"a": 1} || size(claims.groups) > 7 || claims["__proto__"] == 1',
  ];

  it('never fails otherwise than with a refusal', async () => {
    const access = expressions.map((expression) => ({ expression }));
    const policy = await createAccessPolicy({ access, upstreams });
    fc.assert(
      fc.property(fc.dictionary(names, value, { maxKeys: 6 }), (claimed) => {
        const told = JSON.parse(JSON.stringify(claimed)) as Record<string, unknown>;
        const question = { identity: person('okta', told), client: { id: 'a', name: null }, resource: 'r' };
        const { rules } = policy.explain(question);
        expect(rules.flatMap(({ keys }) => keys).filter(({ why }) => /unknown failure/u.test(why))).toEqual(
          [],
        );
      }),
      { numRuns: 1000 },
    );
  });
});
