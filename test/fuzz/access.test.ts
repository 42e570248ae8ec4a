import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readExpression } from '../../src/config/access-expression.ts';
import { createAccessPolicy } from '../../src/upstream/access/policy.ts';
import { person, upstreams } from '../access-rules/policy.ts';
import { fuzz, fuzzAsync } from './cases.ts';
import { around } from './texts.ts';

const word = fc.constantFrom(
  'claims',
  'user',
  '.email',
  '.groups',
  'upstream',
  'client.id',
  'resource',
  '"admin"',
  "'",
  '"',
  '1',
  '2.5',
  '0x',
  ' && ',
  ' || ',
  ' == ',
  ' in ',
  '!',
  '(',
  ')',
  '[',
  ']',
  '{',
  '}',
  ':',
  ',',
  '?',
  '.',
  '-',
  '%',
  '\\u0000',
  '.exists(g, ',
  '.filter(x, ',
  '.map(x, ',
  '.matches(',
  'has(',
  'size(',
  'cel.bind(a, ',
  'type(',
  'b"x"',
  'r"',
  '.constructor',
  '.__proto__',
  'toString()',
  'null',
  'true',
  'dyn(',
  'optional.of(',
  '.?x',
  '/*',
  '//',
  '\n',
);
const expression = fc.array(word, { maxLength: 12 }).map((words) => words.join(''));

describe('an expression of any text', () => {
  it('is read or refused with a reason, and when it runs it says yes, no or why not', async () => {
    const variables = {
      user: new Map([['email', 'a@example.com']]),
      claims: new Map<string, string | readonly string[]>([
        ['groups', ['admin']],
        ['role', 'admin'],
      ]),
      upstream: 'okta',
      client: new Map([['id', 'app']]),
      resource: 'https://mcp.example.com/mcp',
    };
    await fuzzAsync(
      around(expression),
      async (text) => {
        const read = await readExpression(text);
        if (read.r === 'wrong') expect(read.problem).not.toBe('');
        else expect(['yes', 'no', 'failed']).toContain(read.expression(variables).r);
      },
      0.5,
    );
  });
});

describe('rules and claims of any shape', () => {
  const tid = '72f988bf-86f1-41af-91ab-2d7cd011db47';
  const access = [
    { groups: ['admin'] },
    { roles: ['admin'], rolesClaim: 'realm_access.roles' },
    { claim: { name: 'a.b', contains: 'admin' } },
    { googleHostedDomains: ['example.com'] },
    { entraTenants: [tid] },
    { githubOrganizations: ['acme'] },
    { githubTeams: ['acme/platform'] },
    { expression: '"admin" in claims.groups || claims.a.b == "admin"' },
  ];
  const name = fc.constantFrom(
    'groups',
    'realm_access',
    'roles',
    'a',
    'b',
    'hd',
    'tid',
    'sallyport:github',
    '__proto__',
  );
  const text = fc.constantFrom('admin', 'Admin', 'admin ', 'example.com', tid, 'acme', '', '0');
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      text,
      fc.integer(),
      fc.constantFrom(null, true, {}, []),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(name, tie('value'), { maxKeys: 3 }),
    ),
  }));

  it('are decided the same way twice, and never without the word that opens', async () => {
    const policy = await createAccessPolicy({ access, upstreams });
    const upstream = fc.constantFrom('okta', 'google', 'entra', 'github', 'elsewhere');
    fuzz(
      fc.record({ claimed: fc.dictionary(name, value, { maxKeys: 4 }), upstream }),
      ({ claimed, upstream: from }) => {
        const claims = JSON.parse(JSON.stringify(claimed)) as Record<string, unknown>;
        const question = { identity: person(from, claims), client: { id: 'a', name: null }, resource: 'r' };
        const { allowed } = policy.decide(question);
        expect(policy.explain(question).allowed).toBe(allowed);
        if (allowed) expect(JSON.stringify(claims)).toMatch(/"(?:admin|example\.com|acme|72f988bf-.*)"/u);
      },
      0.5,
    );
  });
});
