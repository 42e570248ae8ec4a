import { link, mkdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import { randomBytes, randomToken } from '../crypto/random.ts';
import { generateSigningKeyPem } from '../crypto/signing-key.ts';
import { SallyportError } from '../types/error.ts';
import { Secret } from '../types/secret.ts';

/**
 * Fills in what the configuration leaves out with keys that are made once and kept in the state directory (mode 0700,
 * files 0600), so that a restart loses nothing.
 * @throws {SallyportError} `storage_failed` when the directory cannot be used
 */
export async function withStateDir(config: Config, stateDir: string): Promise<Config> {
  const complete = config.signingKeys !== null && config.hmacSecrets.length > 0 && config.storage !== null;
  // Nothing to keep: a read-only file system is fine.
  if (complete) return config;
  try {
    await mkdir(stateDir, { recursive: true, mode: 0o700 });
    const keyFile = join(stateDir, 'signing-key.pem');
    const secretFile = join(stateDir, 'hmac-secret');
    const signingKeys = config.signingKeys ?? {
      signing: { pem: new Secret((await keep(keyFile, generateSigningKeyPem)).toString()), origin: keyFile },
      fallbacks: [],
    };
    const hmacSecrets =
      config.hmacSecrets.length > 0
        ? config.hmacSecrets
        : [new Secret<Uint8Array>(await keep(secretFile, () => randomBytes(32)))];
    const storage = config.storage ?? { type: 'sqlite' as const, path: join(stateDir, 'sallyport.db') };
    return { ...config, signingKeys, hmacSecrets, storage };
  } catch (error) {
    throw new SallyportError('storage_failed', `the state directory ${stateDir} cannot be used`, {
      cause: error,
    });
  }
}

/**
 * Reads a file, or makes it. The content appears under its name whole or not at all, and of two starters the first wins.
 */
async function keep(path: string, make: () => string | Uint8Array): Promise<Buffer> {
  const known = await readIfThere(path);
  if (known) return known;
  const draft = `${path}.${randomToken(6)}`;
  await writeFile(draft, make(), { mode: 0o600, flag: 'wx', flush: true });
  try {
    await link(draft, path);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  } finally {
    await unlink(draft);
  }
  return readFile(path);
}

async function readIfThere(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
