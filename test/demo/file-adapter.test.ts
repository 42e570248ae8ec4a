import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AdapterFactory } from 'oidc-provider';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openFileAdapters } from '../../examples/demo/file-adapter.ts';
import { makePrivateDirectory, readOrMake, writePrivateFile } from '../../examples/demo/private-files.ts';

let directory: string;
let now: number;

function open(): Promise<AdapterFactory> {
  return openFileAdapters({ directory: join(directory, 'grants'), now: () => now });
}

async function mode(path: string): Promise<number> {
  return (await stat(path)).mode & 0o777;
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sallyport-demo-'));
  now = Date.UTC(2026, 0, 1);
});

afterEach(() => rm(directory, { recursive: true }));

describe('the files of the demo provider', () => {
  it('bring everything back after a restart', async () => {
    const before = await open();
    await before('RefreshToken').upsert('rt', { grantId: 'g', kind: 'RefreshToken' }, 60);
    await before('Session').upsert('s', { uid: 'u', accountId: 'alice' }, 60);
    const after = await open();
    expect(await after('RefreshToken').find('rt')).toEqual({ grantId: 'g', kind: 'RefreshToken' });
    expect(await after('Session').findByUid('u')).toEqual({ uid: 'u', accountId: 'alice' });
  });

  it('can be read by nobody else', async () => {
    const adapters = await open();
    await adapters('Session').upsert('s', { uid: 'u' }, 60);
    const folder = join(directory, 'grants');
    const [name = ''] = await readdir(folder);
    expect(await mode(folder)).toBe(0o700);
    expect(await mode(join(folder, name))).toBe(0o600);
  });

  it('do not tell an id by their names', async () => {
    const adapters = await open();
    await adapters('AccessToken').upsert('very-secret', {}, 60);
    expect((await readdir(join(directory, 'grants'))).join()).not.toContain('very-secret');
  });

  it('keep models apart', async () => {
    const adapters = await open();
    await adapters('AccessToken').upsert('x', { kind: 'AccessToken' }, 60);
    expect(await adapters('RefreshToken').find('x')).toBeUndefined();
  });

  it('forget what ended, at once and on disk at the next start', async () => {
    const adapters = await open();
    await adapters('AccessToken').upsert('short', {}, 60);
    await adapters('Grant').upsert('forever', { accountId: 'alice' });
    now += 60_000;
    expect(await adapters('AccessToken').find('short')).toBeUndefined();
    const again = await open();
    expect(await again('Grant').find('forever')).toEqual({ accountId: 'alice' });
    expect(await readdir(join(directory, 'grants'))).toHaveLength(1);
  });

  it('remember that a code was used', async () => {
    const adapters = await open();
    await adapters('AuthorizationCode').upsert('c', { grantId: 'g' }, 60);
    await adapters('AuthorizationCode').consume('c');
    const again = await open();
    expect(await again('AuthorizationCode').find('c')).toEqual({ grantId: 'g', consumed: now / 1000 });
    await expect(again('AuthorizationCode').consume('unknown')).resolves.toBeUndefined();
  });

  it('end all tokens of a grant, and no others', async () => {
    const adapters = await open();
    await adapters('AccessToken').upsert('a', { grantId: 'g' }, 60);
    await adapters('RefreshToken').upsert('r', { grantId: 'g' }, 60);
    await adapters('RefreshToken').upsert('other', { grantId: 'h' }, 60);
    await adapters('RefreshToken').revokeByGrantId('g');
    const again = await open();
    expect(await again('AccessToken').find('a')).toBeUndefined();
    expect(await again('RefreshToken').find('r')).toBeUndefined();
    expect(await again('RefreshToken').find('other')).toEqual({ grantId: 'h' });
  });

  it('are gone when destroyed', async () => {
    const adapters = await open();
    await adapters('Session').upsert('s', { uid: 'u' }, 60);
    await adapters('Session').destroy('s');
    expect(await adapters('Session').find('s')).toBeUndefined();
    expect(await readdir(join(directory, 'grants'))).toEqual([]);
  });

  it('hold the last of many writes to one entry', async () => {
    const adapters = await open();
    const writes = Array.from({ length: 30 }, (_none, n) =>
      adapters('Session').upsert('s', { uid: `u${n}` }, 60),
    );
    await Promise.all(writes);
    const again = await open();
    expect(await again('Session').find('s')).toEqual({ uid: 'u29' });
  });

  it('survive what an interrupted write left behind', async () => {
    const adapters = await open();
    await adapters('Session').upsert('s', { uid: 'u' }, 60);
    await writeFile(join(directory, 'grants', 'x.json.1.tmp'), '{"half":');
    await writeFile(join(directory, 'grants', 'y.json'), '{"half":');
    const again = await open();
    expect(await again('Session').find('s')).toEqual({ uid: 'u' });
    expect(await readdir(join(directory, 'grants'))).toHaveLength(1);
  });

  it('hand out copies: a caller cannot change what is kept', async () => {
    const adapters = await open();
    await adapters('Session').upsert('s', { uid: 'u' }, 60);
    const found = await adapters('Session').find('s');
    if (found) found.uid = 'changed';
    expect(await adapters('Session').find('s')).toEqual({ uid: 'u' });
  });
});

describe('a private file', () => {
  it('is made once and read from then on', async () => {
    const path = join(directory, 'new', 'secret');
    expect(await readOrMake(path, () => 'first')).toBe('first');
    expect(await readOrMake(path, () => 'second')).toBe('first');
    expect(await mode(path)).toBe(0o600);
    expect(await mode(join(directory, 'new'))).toBe(0o700);
  });

  it('replaces an older one whole', async () => {
    const path = join(directory, 'file');
    await writePrivateFile(path, 'a long text');
    await writePrivateFile(path, 'short');
    expect(await readFile(path, 'utf8')).toBe('short');
    expect(await readdir(directory)).toEqual(['file']);
  });

  it('does not hide other trouble than a missing file', async () => {
    await expect(readOrMake(directory, () => 'never')).rejects.toThrow('EISDIR');
  });

  it('lives in a directory that is closed to others even if it was open before', async () => {
    const open = await mkdtemp(join(directory, 'open-'));
    await makePrivateDirectory(open);
    expect(await mode(open)).toBe(0o700);
  });
});
