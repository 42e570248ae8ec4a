import type { Path } from './problems.ts';
import type { Resolving } from './resolving.ts';

/** Reads a file that the configuration names. `null`: it cannot be read, and a problem says so with the file's name. */
export async function loadFile(
  file: string,
  { path, io, findings }: Pick<Resolving, 'io' | 'findings'> & { readonly path: Path },
): Promise<Uint8Array | null> {
  try {
    return await io.readFile(file);
  } catch (error) {
    findings.refuse(path, {
      problem: `the file ${file} ${reasonOf(error)}`,
      fix: 'let this process read it, or write the path of another file',
    });
    return null;
  }
}

/** The text of bytes in UTF-8; `null` when they are something else. */
export function textOf(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist',
  EACCES: 'may not be read by this process',
  EPERM: 'may not be read by this process',
  EISDIR: 'is a directory',
  EFBIG: 'is larger than any file that belongs here',
  ETIMEDOUT: 'is a pipe that says nothing',
};

/** Why a file cannot be read, as the rest of a sentence about it. */
export function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return reasons[code] ?? `cannot be read${code === '' ? '' : ` (${code})`}`;
}
