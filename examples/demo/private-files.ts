import { randomUUID } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Makes a directory that only its owner may enter, whatever the umask and whoever made it before. */
export async function makePrivateDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  await chmod(path, 0o700);
}

/** Writes a file that only its owner may read. It is there whole or not at all, also when the process dies meanwhile. */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  const half = `${path}.${randomUUID()}.tmp`;
  await writeFile(half, text, { mode: 0o600, flag: 'wx' });
  await rename(half, path);
}

/** What the file holds; when there is none, `make` makes it and the file keeps it. */
export async function readOrMake(path: string, make: () => string | Promise<string>): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
  const made = await make();
  await makePrivateDirectory(dirname(path));
  await writePrivateFile(path, made);
  return made;
}
