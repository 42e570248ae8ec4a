import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { doctor } from '../../src/cli/doctor.ts';
import type { Report } from '../../src/doctor/finding.ts';
import type { PlainServer } from './server.ts';
import { documentWith, startPlainServer } from './server.ts';

let good: PlainServer;
let bad: PlainServer;
let directory: string;
beforeAll(async () => {
  good = await startPlainServer();
  bad = await startPlainServer(
    documentWith('/.well-known/oauth-authorization-server', () => ({
      code_challenge_methods_supported: undefined,
    })),
  );
  directory = await mkdtemp(join(tmpdir(), 'sallyport-doctor-'));
});
afterAll(async () => {
  await good.close();
  await bad.close();
  await rm(directory, { recursive: true });
});

async function run(...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const code = await doctor(args, {
    stdout: (text) => void (out += text),
    stderr: (text) => void (err += text),
    env: { SALLYPORT_STATE_DIR: directory },
  });
  return { code, out, err };
}

describe('sallyport doctor', () => {
  it('ends with 0 where nothing breaks a client, and names every client', async () => {
    const { code, out, err } = await run(good.url);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    for (const client of [
      'Claude Code',
      'ChatGPT',
      'VS Code',
      'Cursor',
      'Codex',
      'MCP Inspector 2',
      'mcp-remote',
    ])
      expect(out).toMatch(new RegExp(`^ {2}${client} +works$`, 'mu'));
    expect(out).toMatch(/nothing stands in the way\n$/u);
  });

  it('ends with 1 where something does, the failures first, each with its fix', async () => {
    const { code, out } = await run(bad.url);
    expect(code).toBe(1);
    const [, , first = '', fix = ''] = out.split('\n');
    expect(first).toMatch(/^FAIL {2}pkce-s256: /u);
    expect(fix).toMatch(/^ {6}fix: .*S256/u);
    expect(out).toMatch(/^ {2}ChatGPT +BREAKS: pkce-s256$/mu);
    expect(out).toMatch(/^ {2}SDK 1\.x, MCP 2025-03-26 +works$/mu);
  });

  it('prints the report as JSON on request', async () => {
    const { code, out } = await run('--json', bad.url);
    const told = JSON.parse(out) as Report;
    expect(code).toBe(1);
    expect(told).toMatchObject({ version: 1, mode: 'url', subject: bad.url, ok: false });
    expect(Object.keys(told)).toEqual(['version', 'mode', 'subject', 'ok', 'findings', 'clients']);
    for (const one of told.findings)
      expect(Object.keys(one)).toEqual(['check', 'level', 'message', 'fix', 'clients']);
    for (const one of told.clients) expect(Object.keys(one)).toEqual(['id', 'name', 'verdict', 'because']);
  });

  it('examines a configuration', async () => {
    const file = join(directory, 'a.yaml');
    await writeFile(file, 'issuer: 7\n');
    const { code, out } = await run('-c', file);
    expect(code).toBe(1);
    expect(out).toMatch(/^FAIL {2}config: issuer: /mu);
  });

  it.each([
    ['nothing', [], 'say either a URL or -c FILE'],
    ['a word', ['mcp.example.com'], 'the URL must be http or https'],
    ['another scheme', ['file:///etc/passwd'], 'the URL must be http or https'],
    ['credentials in the URL', ['https://user:secret@mcp.example.com/'], 'without credentials'],
    ['two URLs', ['https://a.example', 'https://b.example'], 'say one URL only'],
    ['a URL and a file', ['https://a.example', '-c', 'a.yaml'], 'say either a URL or -c FILE'],
    ['a file to register with', ['-c', 'a.yaml', '--register'], '--register is for a URL'],
    ['an unknown option', ['https://a.example', '--force'], "Unknown option '--force'"],
  ])('ends with 2 for %s, and says why', async (_what, args, problem) => {
    const { code, out, err } = await run(...args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(problem);
    expect(err).not.toContain('secret');
    expect(err).toContain('usage: sallyport doctor');
  });

  it('says what is wrong with a configuration that is not there', async () => {
    const { code, out } = await run('-c', join(directory, 'none.yaml'));
    expect(code).toBe(1);
    expect(out).toMatch(/^FAIL {2}config: .*none\.yaml: does not exist\n {6}fix: /mu);
  });

  it('explains itself', async () => {
    const { code, out } = await run('--help');
    expect(code).toBe(0);
    expect(out).toContain('usage: sallyport doctor');
  });
});
