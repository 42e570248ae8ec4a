import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runAccessCommand } from '../../src/cli/access.ts';
import { createEmbeddedAuthServer } from '../../src/server/create.ts';
import { run } from './scene.ts';
import type { Outcome } from './scene.ts';

const folder = mkdtempSync(join(tmpdir(), 'sallyport-access-'));
const config = join(folder, 'sallyport.json');

const runConfig = {
  issuer: 'https://mcp.example.com',
  allowed_audiences: ['https://mcp.example.com/mcp', 'https://mcp.example.com/other'],
  default_resource: 'https://mcp.example.com/mcp',
  upstreams: [
    { name: 'okta', type: 'oidc', oidc_config: { issuer_url: 'https://corp.okta.com', client_id: 'x' } },
  ],
  access: [
    { name: 'staff', email_domains: ['example.com'], groups: ['staff'] },
    { expression: 'client.id == "robot" && resource == "https://mcp.example.com/other"' },
  ],
};

function test(claims: unknown, ...more: readonly string[]): Promise<Outcome> {
  const file = join(folder, 'claims.json');
  writeFileSync(file, typeof claims === 'string' ? claims : JSON.stringify(claims));
  return run(runAccessCommand, ['test', '-c', config, '--claims', file, ...more]);
}

const alice = { sub: '1', email: 'alice@example.com', email_verified: true, groups: ['staff'] };

beforeAll(() => writeFileSync(config, JSON.stringify(runConfig)));
afterAll(() => rmSync(folder, { recursive: true }));

describe('sallyport access test', () => {
  it('says that somebody is let in, by which rule', async () => {
    const { code, out, err } = await test(alice);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain(
      'allowed\n  1 of okta, alice@example.com (verified), for https://mcp.example.com/mcp\n',
    );
    expect(out).toContain('staff: holds\n    yes email_domains\n    yes groups\n  rule 2: does not hold\n');
  });

  it('says of every key why it does not hold', async () => {
    const { code, out } = await test({ ...alice, email_verified: 'true', groups: 'staffing' });
    expect(code).toBe(1);
    expect(out).toContain('refused: no access rule matches\n');
    expect(out).toContain('no  email_domains: the upstream does not call the e-mail verified\n');
    expect(out).toContain('no  groups: the claim groups is another text\n');
  });

  it('reads client and resource', async () => {
    expect((await test({ sub: '2' }, '--client', 'robot')).code).toBe(1);
    const other = ['--client', 'robot', '--resource', 'https://mcp.example.com/other'];
    expect((await test({ sub: '2' }, ...other)).code).toBe(0);
  });

  it('speaks JSON', async () => {
    const { code, out } = await test({ sub: '3' }, '--json', '--upstream', 'okta');
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      allowed: false,
      reason: 'no access rule matches',
      rules: [
        { rule: 'staff', held: false, keys: [{ key: 'email_domains' }, { key: 'groups', held: false }] },
        { rule: 'rule 2', held: false, keys: [{ key: 'expression', why: 'it is false' }] },
      ],
      asked: { upstream: 'okta', subject: '3', client: '', resource: 'https://mcp.example.com/mcp' },
    });
  });

  it.each([
    ['no claims', 'nonsense', []],
    ['a list', [], []],
    ['claims without a subject', { email: 'a@example.com' }, []],
    ['an upstream that is not there', alice, ['--upstream', 'entra']],
    ['a word too many', alice, ['what']],
  ])('takes %s for no refusal', async (_, claims, more) => {
    const { code, out, err } = await test(claims, ...more);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain('sallyport: ');
  });

  it('needs claims and a configuration', async () => {
    expect((await run(runAccessCommand, ['test', '-c', config])).code).toBe(2);
    expect((await run(runAccessCommand, ['test', '--claims', config])).code).toBe(2);
    expect((await run(runAccessCommand, ['test', '-c', join(folder, 'none'), '--claims', config])).code).toBe(
      2,
    );
  });

  it('lets no claim write on the terminal', async () => {
    expect((await test({ sub: 'a\u001B[2Jb\nallowed' })).out).toContain('a�[2Jb�allowed of okta');
  });

  it('says the same as the library', async () => {
    await using auth = await createEmbeddedAuthServer(runConfig);
    expect((await auth.checkAccess({ claims: alice })).decision.allowed).toBe(true);
    expect(await auth.checkAccess({ claims: { sub: '3' } })).toMatchObject({
      decision: { allowed: false, reason: 'no access rule matches' },
      identity: { subject: '3' },
    });
  });
});
