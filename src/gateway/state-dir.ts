import { readdirSync } from 'node:fs';
import { link, mkdir, open, readdir, rename, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config, PemSource } from '../config/config.ts';
import { readFileBounded } from '../config/read-file.ts';
import { sha256 } from '../crypto/hash.ts';
import { randomBytes, randomToken } from '../crypto/random.ts';
import { generateSigningKeyPem, parseSigningKey } from '../crypto/signing-key.ts';
import { SallyportError } from '../types/error.ts';
import { Secret } from '../types/secret.ts';
import type { Milliseconds } from '../types/time.ts';

/** What signs, and the retired ones beside it: `signing-key-….pem`, `hmac-secret-…`. */
const signingKeyName = 'signing-key.pem';
const hmacSecretName = 'hmac-secret';
const retiredKey = /^signing-key-[\w-]+\.pem$/u;
const retiredSecret = /^hmac-secret-[\w-]+$/u;

/** The files that sign, whether or not they are there, and the retired ones: they change when somebody rotates or prunes. */
export function stateFiles(stateDir: string): readonly string[] {
  return [signingKeyName, hmacSecretName, ...retiredNames(stateDir)].map((name) => join(stateDir, name));
}

/** None where there is no such directory. */
function retiredNames(stateDir: string): readonly string[] {
  try {
    return readdirSync(stateDir).filter((name) => retiredKey.test(name) || retiredSecret.test(name));
  } catch {
    return [];
  }
}

/**
 * Fills in what the configuration leaves out with keys that are made once and kept in the state directory (mode 0700,
 * files 0600), so that a restart loses nothing. Retired ones that are still there go on verifying.
 * @throws {SallyportError} `storage_failed` when the directory cannot be used
 */
export async function withStateDir(config: Config, stateDir: string): Promise<Config> {
  const complete = config.signingKeys !== null && config.hmacSecrets.length > 0 && config.storage !== null;
  // Nothing to keep: a read-only file system is fine.
  if (complete) return config;
  return using(stateDir, async () => {
    await mkdir(stateDir, { recursive: true, mode: 0o700 });
    if (!config.signingKeys) await keep(join(stateDir, signingKeyName), () => generateSigningKeyPem());
    if (config.hmacSecrets.length === 0) await keep(join(stateDir, hmacSecretName), newSecret);
    const state = await readState(config, stateDir);
    return { ...state, warnings: [...state.warnings, ...(await openToEverybody(stateDir))] };
  });
}

/** The directory may have been there before us, and files may have come back from a backup: with modes of somebody else. */
async function openToEverybody(stateDir: string): Promise<readonly string[]> {
  const tell = async (
    path: string,
    { bits, fix }: { bits: number; fix: string },
  ): Promise<readonly string[]> => {
    const mode = await stat(path).then(
      (found) => found.mode,
      () => 0,
    );
    if ((mode & bits) === 0) return [];
    return [`${path} is open to everybody, who can then sign in as anybody: chmod ${fix} ${path}`];
  };
  const files = stateFiles(stateDir).map((path) => tell(path, { bits: 0o007, fix: '600' }));
  return (await Promise.all([tell(stateDir, { bits: 0o002, fix: '700' }), ...files])).flat();
}

/**
 * The configuration as `serve` completes it, for commands that look and make nothing: what is not there yet stays open.
 * @throws {SallyportError} `storage_failed` when a file cannot be read
 */
export function withExistingState(config: Config, stateDir: string): Promise<Config> {
  return using(stateDir, () => readState(config, stateDir));
}

/**
 * Makes a new signing key; the present one goes on verifying under a name of its own. Whenever this is interrupted,
 * either the old or the new key signs, and both verify.
 * @returns the file that the former key is in now
 * @throws {SallyportError} `storage_failed` when there is no key yet, or the directory cannot be written
 */
export function rotateSigningKey(stateDir: string, pem: string): Promise<string> {
  return replace(stateDir, { name: signingKeyName, next: pem }, retiredKeyName);
}

/**
 * Makes a new signing key, and removes every other: who read one of them could read them all. What they signed is worth
 * nothing once gateways have noticed, and the new one signs at once.
 * @returns the names that the former keys have or would have had
 * @throws {SallyportError} `storage_failed`
 */
export function dropSigningKeys(stateDir: string, pem: string): Promise<readonly string[]> {
  return using(stateDir, async () => {
    const path = join(stateDir, signingKeyName);
    const present = await presentFile(path);
    const retired = (await list(stateDir)).filter((name) => retiredKey.test(name));
    await writeDurably(path, pem);
    for (const name of retired) await unlink(join(stateDir, name));
    return [retiredKeyName(present), ...retired];
  });
}

function retiredKeyName(present: Buffer): string {
  return `signing-key-${parseSigningKey(present.toString(), signingKeyName).kid}.pem`;
}

/** Likewise for the HMAC secret. @throws {SallyportError} `storage_failed` */
export function rotateHmacSecret(stateDir: string): Promise<string> {
  return replace(
    stateDir,
    { name: hmacSecretName, next: newSecret() },
    (present) => `hmac-secret-${sha256(present).slice(0, 16)}`,
  );
}

function replace(
  stateDir: string,
  { name, next }: { readonly name: string; readonly next: string | Uint8Array },
  retiredName: (present: Buffer) => string,
): Promise<string> {
  return using(stateDir, async () => {
    const path = join(stateDir, name);
    const present = await presentFile(path);
    const retired = join(stateDir, retiredName(present));
    await writeDurably(retired, present);
    await writeDurably(path, next);
    return retired;
  });
}

async function presentFile(path: string): Promise<Buffer> {
  if (await isThere(path)) return readFileBounded(path);
  throw new SallyportError('storage_failed', `there is no ${path} yet: start the gateway once`);
}

async function readState(config: Config, stateDir: string): Promise<Config> {
  const names = await list(stateDir);
  const pems = (wanted: RegExp): Promise<readonly PemSource[]> =>
    Promise.all(
      names
        .filter((name) => wanted.test(name))
        .map(async (name) => {
          const origin = join(stateDir, name);
          return { pem: new Secret((await readFileBounded(origin)).toString()), origin };
        }),
    );
  const [signing] = config.signingKeys ? [] : await pems(/^signing-key\.pem$/u);
  const secretNames = config.hmacSecrets.length > 0 ? [] : names.filter((name) => name === hmacSecretName);
  const retired = secretNames.length > 0 ? names.filter((name) => retiredSecret.test(name)) : [];
  const secrets = await Promise.all(
    [...secretNames, ...retired].map((name) => readFileBounded(join(stateDir, name))),
  );
  return {
    ...config,
    signingKeys: signing ? { signing, fallbacks: await pems(retiredKey) } : config.signingKeys,
    hmacSecrets:
      secrets.length > 0 ? secrets.map((secret) => new Secret<Uint8Array>(secret)) : config.hmacSecrets,
    storage: config.storage ?? { type: 'sqlite', path: join(stateDir, 'sallyport.db') },
  };
}

/** A retired key or secret of the state directory, and since when it is retired. */
export interface RetiredFile {
  readonly path: string;
  readonly kind: 'signing key' | 'HMAC secret';
  readonly since: Milliseconds;
}

/** What {@link rotateSigningKey} and {@link rotateHmacSecret} left behind. @throws {SallyportError} `storage_failed` */
export function listRetired(stateDir: string): Promise<readonly RetiredFile[]> {
  return using(stateDir, async () => {
    const names = (await list(stateDir)).filter((name) => retiredKey.test(name) || retiredSecret.test(name));
    return Promise.all(
      names.map(async (name) => {
        const path = join(stateDir, name);
        const kind = retiredKey.test(name) ? 'signing key' : 'HMAC secret';
        // Written when it was retired, and never again.
        return { path, kind, since: (await stat(path)).mtimeMs };
      }),
    );
  });
}

function newSecret(): Uint8Array {
  return randomBytes(32);
}

/** Names in a fixed order; none when the directory is not there yet. */
async function list(stateDir: string): Promise<readonly string[]> {
  try {
    return (await readdir(stateDir)).toSorted();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

/** Makes a file unless it is there. Its content appears under its name whole or not at all, and of two starters the first wins. */
async function keep(path: string, make: () => string | Uint8Array): Promise<void> {
  if (await isThere(path)) return;
  const draft = `${path}.${randomToken(6)}`;
  await writeFile(draft, make(), { mode: 0o600, flag: 'wx', flush: true });
  try {
    await link(draft, path);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  } finally {
    await unlink(draft);
  }
}

/** The new content takes the name in one step, and both are on disk when this returns. */
async function writeDurably(path: string, content: string | Uint8Array): Promise<void> {
  const draft = `${path}.${randomToken(6)}`;
  await writeFile(draft, content, { mode: 0o600, flag: 'wx', flush: true });
  await rename(draft, path);
  const folder = await open(join(path, '..'), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    // Not opened: of a pipe that would wait for its writer.
    await stat(path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

async function using<T>(stateDir: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof SallyportError) throw error;
    const code = codeOf(error);
    const why = typeof code === 'string' ? ` (${code})` : '';
    const fix = 'let this user write there, or name another directory with --state-dir';
    throw new SallyportError(
      'storage_failed',
      `the state directory ${stateDir} cannot be used${why}: ${fix}`,
      {
        cause: error,
      },
    );
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
