import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { chooseCores } from '../process/cores.ts';
import { startProcess } from '../process/remote.ts';
import type { Remote, Usage } from '../process/remote.ts';
import type { BenchOptions, BenchResult } from '../report/result.ts';
import { median } from '../report/statistics.ts';

const million = 1_000_000;

/** Openings of the filled database. */
const openings = 5;

/** What one grant takes, in bytes. */
interface Size {
  /** Beside an earlier one of the same user. */
  readonly grant: number;
  /** With its user, identity and upstream tokens. */
  readonly login: number;
}

/**
 * A million grants, two for each user. What a grant takes is the difference to a store of as many users with one each.
 */
export async function grantsBench({ scale }: BenchOptions): Promise<BenchResult> {
  const users = Math.max(10, Math.round((million / 2) * scale));
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-bench-'));
  try {
    const memory = await sizeOf(users, (grantsPerUser) => liveBytes({ users, grantsPerUser }));
    const file = join(folder, 'two.db');
    const disk = await sizeOf(users, (grantsPerUser) =>
      fileBytes(grantsPerUser === 2 ? file : join(folder, 'one.db'), { users, grantsPerUser }),
    );
    const start = median(disk.starts);
    return {
      name: 'grants',
      title: `${users * 2} live grants, two for each user, each rotated once`,
      columns: ['store', 'bytes/grant', 'bytes/login with identity and upstream tokens'],
      rows: [
        ['memory (heap after collection)', Math.round(memory.grant), Math.round(memory.login)],
        ['SQLite (file)', Math.round(disk.grant), Math.round(disk.login)],
      ],
      verdicts: [
        {
          budget: 'live grant ≤ 500 B in memory',
          measured: `${Math.round(memory.grant)} B`,
          met: memory.grant <= 500,
        },
        {
          budget: 'live grant ≤ 1 KiB in SQLite',
          measured: `${Math.round(disk.grant)} B`,
          met: disk.grant <= 1024,
        },
        {
          budget: 'start-up with them in SQLite < 1 s',
          measured: `${Math.round(start)} ms`,
          met: start < 1000,
        },
      ],
      notes: [`sealed payload of a login: ${sealedBytes} B, part of the last column`],
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

const sealedBytes = 530;

async function sizeOf(
  users: number,
  measure: (grantsPerUser: number) => Promise<{ readonly bytes: number; readonly starts: readonly number[] }>,
): Promise<Size & { readonly starts: readonly number[] }> {
  const one = await measure(1);
  const two = await measure(2);
  return { grant: (two.bytes - one.bytes) / users, login: one.bytes / users, starts: two.starts };
}

interface Amount {
  readonly users: number;
  readonly grantsPerUser: number;
}

async function liveBytes(amount: Amount): Promise<{ bytes: number; starts: readonly number[] }> {
  return inProcess('memory', async (remote) => {
    // What a first login allocates for good is not the grants'.
    await remote.ask('fill', { users: 10, grantsPerUser: 1 });
    const before = await remote.ask<Usage>('usage', 'collect');
    await remote.ask('fill', amount);
    const after = await remote.ask<Usage>('usage', 'collect');
    return { bytes: after.live - before.live, starts: [] };
  });
}

async function fileBytes(
  file: string,
  amount: Amount,
): Promise<{ bytes: number; starts: readonly number[] }> {
  const last = await inProcess(file, async (remote) => {
    const key = await remote.ask('fill', amount);
    await remote.ask('close');
    return key;
  });
  const bytes = usedBytes(file);
  const starts: number[] = [];
  for (let opening = 0; opening < openings; opening += 1)
    starts.push(await inProcess(file, (remote) => remote.ask<number>('firstAnswer', last)));
  return { bytes, starts };
}

/** Of a closed database, without what logins under way took. */
function usedBytes(file: string): number {
  const database = new DatabaseSync(file);
  try {
    database.exec('DELETE FROM pending');
    const read = (name: string): number => Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
    return (read('page_count') - read('freelist_count')) * read('page_size');
  } finally {
    database.close();
  }
}

async function inProcess<T>(path: string, work: (remote: Remote) => Promise<T>): Promise<T> {
  const core = path === 'memory' ? (chooseCores()?.server ?? null) : null;
  const file = new URL('../servers/filled-store.ts', import.meta.url);
  const execArgv = ['--expose-gc', '--max-old-space-size=8192'];
  const remote = await startProcess(file, { core, args: [path], execArgv });
  try {
    return await work(remote);
  } finally {
    await remote.stop();
  }
}
