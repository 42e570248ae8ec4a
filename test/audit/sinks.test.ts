import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { mkdtemp, open, readFile, rename, rm, stat, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AuditEvent } from '../../src/observe/audit/event.ts';
import { nameLabel } from '../../src/observe/audit/labels.ts';
import type { Stack } from '../fixtures/stack.ts';
import { startStack } from '../fixtures/stack.ts';

let directory: string;
let file: string;
let stack: Stack | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sallyport-audit-'));
  file = join(directory, 'audit.jsonl');
});

afterEach(async () => {
  await stack?.close();
  stack = undefined;
  await rm(directory, { recursive: true });
});

const start = async (audit: unknown): Promise<Stack> => (stack = await startStack({ observe: { audit } }));
const told = async (path: string): Promise<readonly string[]> =>
  (await readFile(path, 'utf8'))
    .split('\n')
    .slice(0, -1)
    .map((line) => (JSON.parse(line) as AuditEvent).event);
const untilTold = (path: string, event: string): Promise<void> =>
  vi.waitFor(async () => expect(await told(path)).toContain(event), { timeout: 5000 });

describe('observe.audit with a file', () => {
  it('writes one event a line, into a file for its owner only, and everything before it closes', async () => {
    const running = await start({ file });
    await running.signIn();
    await running.close();
    expect(await told(file)).toEqual([
      'started',
      'client_registered',
      'consent_allowed',
      'login_succeeded',
      'code_issued',
      'token_issued',
      'stopped',
    ]);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it('appends to what is there', async () => {
    await writeFile(file, '{"event":"kept"}\n');
    await (await start({ file })).close();
    expect(await told(file)).toEqual(['kept', 'started', 'stopped']);
  });

  it('does not wait to be closed', async () => {
    await (await start({ file })).register();
    await vi.waitFor(async () => expect(await told(file)).toContain('client_registered'));
  });

  it('begins a new file when told that a log rotation moved the old one', async () => {
    const running = await start({ file });
    await untilTold(file, 'started');
    await rename(file, `${file}.1`);
    running.auth.observer.reopen();
    await running.register();
    await untilTold(file, 'client_registered');
    expect(await told(`${file}.1`)).toEqual(['started']);
  });

  it.each(['moved', 'deleted'])('finds out by itself that the file was %s', async (how) => {
    const running = await start({ file });
    await untilTold(file, 'started');
    await (how === 'moved' ? rename(file, `${file}.1`) : unlink(file));
    running.advance(2000);
    await running.register();
    await untilTold(file, 'client_registered');
    expect(await told(file)).toEqual(['client_registered']);
  });

  it('refuses to start when the file cannot be opened, and says which setting it is', async () => {
    const impossible = start({ file: join(directory, 'missing', 'audit.jsonl') });
    await expect(impossible).rejects.toMatchObject({
      code: 'config_invalid',
      message: expect.stringContaining('observe.audit'),
    });
  });
});

describe('a disk that is full', () => {
  /** What every Linux has for this: each write fails as on a full disk. */
  const full = '/dev/full';

  it('stops nobody from signing in, and says so in readiness, the log and the numbers', async () => {
    const running = await start({ file: full });
    await running.signIn();
    await vi.waitFor(async () => {
      const { ready, warnings } = await running.auth.readiness();
      expect(ready).toBe(true);
      expect(warnings.join()).toMatch(/audit: \/dev\/full: .*ENOSPC/);
    });
    const { clientId, refresh_token } = await running.signIn();
    expect((await running.refresh(clientId, refresh_token)).status).toBe(200);
    const errors = running.log.filter(({ message }) => message.includes('audit events cannot be written'));
    expect(errors).toMatchObject([{ level: 'error', fields: { target: full } }]);
    expect(await running.auth.metrics()).toContain('sallyport_audit_healthy 0\n');
    await running.close();
    const lost = running.log.find(({ message }) => message === 'audit events were lost');
    expect(Number(lost?.fields['lost'])).toBeGreaterThan(10);
  });

  it('loses nothing that fits in memory until there is room again', async () => {
    await symlink(full, file);
    const running = await start({ file });
    await running.signIn();
    await vi.waitFor(async () =>
      expect((await running.auth.readiness()).warnings.join()).toContain('ENOSPC'),
    );
    await unlink(file);
    running.auth.observer.reopen();
    await untilTold(file, 'token_issued');
    expect((await told(file)).slice(0, 2)).toEqual(['started', 'client_registered']);
    expect((await running.auth.readiness()).warnings.join()).not.toContain('audit');
    expect(running.log.map(({ message }) => message)).toContain('audit events are written again');
  });

  it('counts what does not fit, keeps memory bounded, and tells the number later', async () => {
    await symlink(full, file);
    const running = await start({ file });
    const { audit } = running.auth.observer;
    await vi.waitFor(async () =>
      expect((await running.auth.readiness()).warnings.join()).toContain('ENOSPC'),
    );
    const paths = Array.from({ length: 100 }, () => nameLabel('x'.repeat(400)));
    for (let count = 0; count < 200; count += 1) audit.record('configuration_applied', () => ({ paths }));
    await unlink(file);
    running.auth.observer.reopen();
    await untilTold(file, 'events_lost');
    const events = await told(file);
    const lines = (await readFile(file, 'utf8')).split('\n');
    const line = lines.find((text) => text.includes('events_lost')) ?? '';
    const { count, outcome } = JSON.parse(line) as { count: number; outcome: string };
    const kept = events.filter((event) => event === 'configuration_applied').length;
    expect(outcome).toBe('failure');
    expect(kept + count).toBe(200);
    expect(kept * 40_000).toBeLessThan(4_194_304);
  });
});

describe('a named pipe', () => {
  const pipe = async (): Promise<void> => void (await promisify(execFile)('mkfifo', [file]));

  it('refuses to start when nobody reads it, instead of waiting', async () => {
    await pipe();
    await expect(start({ file })).rejects.toMatchObject({ code: 'config_invalid' });
  });

  it('holds up nobody when its reader stops reading, not even the end', async () => {
    await pipe();
    const reader = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const running = await start({ file });
    const { audit } = running.auth.observer;
    const paths = Array.from({ length: 100 }, () => nameLabel('x'.repeat(400)));
    for (let count = 0; count < 5; count += 1) audit.record('configuration_applied', () => ({ paths }));
    const { clientId, refresh_token } = await running.signIn();
    expect((await running.refresh(clientId, refresh_token)).status).toBe(200);
    await running.close();
    // A pipe that is full for a while is no failure to tell anybody.
    expect(running.log.filter(({ message }) => message.includes('cannot be written'))).toEqual([]);
    const lost = running.log.find(({ message }) => message === 'audit events were lost');
    expect(Number(lost?.fields['lost'])).toBeGreaterThan(0);
    await reader.close();
  });
});

describe('a host program that listens', () => {
  it.each([
    [
      'throws',
      (): void => {
        throw new Error('a bug of the host');
      },
    ],
    ['rejects', (): Promise<void> => Promise.reject(new Error('a bug of the host'))],
  ])('changes nothing when it %s, for anybody', async (_how, audit) => {
    const options = { collaborators: { audit } };
    stack = await startStack({ observe: { audit: { file } } }, options);
    const { clientId, refresh_token } = await stack.signIn();
    expect((await stack.refresh(clientId, refresh_token)).status).toBe(200);
    await untilTold(file, 'refreshed');
    const complaint = { level: 'error', fields: { event: 'refreshed', reason: 'a bug of the host' } };
    expect(stack.log).toContainEqual({ ...complaint, message: 'an audit event could not be told' });
  });

  it('hears events beside a file, and is all there is with off', async () => {
    const heard: string[] = [];
    const collaborators = { audit: ({ event }: AuditEvent): void => void heard.push(event) };
    stack = await startStack({ observe: { audit: 'off' } }, { collaborators });
    await stack.register();
    expect(heard).toEqual(['started', 'client_registered']);
  });
});
