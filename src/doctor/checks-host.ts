import { constants } from 'node:fs';
import { access, open, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { holdsSecret } from '../clients/public-keys.ts';
import type { Config } from '../config/config.ts';
import { fail, finding, warn } from './finding.ts';
import type { Finding, Problem } from './finding.ts';

/** Bits of a file's mode that let others than its owner read or write. */
const others = 0o077;

/** Files that the configuration names: keys and secrets must be their owner's alone. */
export async function examineFiles(files: ReadonlyMap<string, Uint8Array>): Promise<readonly Finding[]> {
  const secret = [...files].filter(([, bytes]) => !isPublic(bytes));
  return Promise.all(
    secret.map(async ([path]) => {
      const { mode } = await stat(path);
      return finding('secret-file', openTo(mode, path) ?? `${path} is its owner's alone`);
    }),
  );
}

/** Everybody may read a certificate, and a set of public keys; a file that also holds the key is a secret. */
function isPublic(bytes: Uint8Array): boolean {
  const text = Buffer.from(bytes).toString();
  const isCertificate = text.includes('-----BEGIN CERTIFICATE-----') && !text.includes('PRIVATE KEY-----');
  return isCertificate || isPublicKeySet(text);
}

function isPublicKeySet(text: string): boolean {
  try {
    const set: unknown = JSON.parse(text);
    const keys: unknown = typeof set === 'object' && set !== null && 'keys' in set ? set.keys : null;
    return (
      Array.isArray(keys) &&
      keys.every((key) => typeof key === 'object' && key !== null && 'kty' in key && !holdsSecret(key))
    );
  } catch {
    return false;
  }
}

/** Mounted Kubernetes secrets are readable for a group, which is how a container's user gets them. */
function openTo(mode: number, path: string): Problem | null {
  const shown = (mode & 0o777).toString(8).padStart(3, '0');
  if ((mode & 0o007) !== 0) return fail(`${path} is open to everybody (mode ${shown})`, `chmod 600 ${path}`);
  return (mode & others) === 0
    ? null
    : warn(`${path} is open to its group (mode ${shown})`, `chmod 600 ${path}`);
}

/** The state directory and the database, as far as they are there already. */
export async function examineState(config: Config, stateDir: string): Promise<readonly Finding[]> {
  const { storage, signingKeys, hmacSecrets } = config;
  const complete = signingKeys !== null && hmacSecrets.length > 0 && storage !== null;
  const database =
    storage === null ? join(stateDir, 'sallyport.db') : storage.type === 'sqlite' ? storage.path : null;
  const kept =
    database === null
      ? warn('sessions are kept in memory: a restart ends them all', 'choose sqlite in the storage section')
      : await databaseProblem(database);
  const state = complete
    ? []
    : [finding('state-dir', (await directoryProblem(stateDir)) ?? `${stateDir} can be used`)];
  return [...state, finding('database', kept ?? `${String(database)} can be used`)];
}

async function directoryProblem(path: string): Promise<Problem | null> {
  try {
    const found = await stat(path);
    if (!found.isDirectory()) return fail(`${path} is no directory`, 'name another with --state-dir');
    if ((found.mode & others) !== 0)
      return fail(
        `${path} is open to others (mode ${(found.mode & 0o777).toString(8)})`,
        `chmod 700 ${path}`,
      );
    await access(path, constants.W_OK | constants.X_OK);
    return null;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    return fail(
      `${path} cannot be used (${codeOf(error)})`,
      'make it writable for this user, or name another',
    );
  }
}

async function databaseProblem(path: string): Promise<Problem | null> {
  try {
    await access(path, constants.R_OK | constants.W_OK);
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(16), 0, 16, 0);
      const mark = buffer.toString('latin1', 0, bytesRead);
      if (bytesRead > 0 && mark !== 'SQLite format 3\0')
        return fail(`${path} is no SQLite database`, 'name another file, or restore it from a backup');
      return openTo((await file.stat()).mode, path);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    return fail(
      `${path} cannot be read and written (${codeOf(error)})`,
      'give it to the user that runs the gateway',
    );
  }
}

/** Whether the addresses are free. Taken is right while the gateway runs, which `issuer` tells. */
export async function examinePorts({ listen, admin }: Config): Promise<readonly Finding[]> {
  const places = [
    { ...listen, setting: 'listen' },
    ...(admin === null ? [] : [{ host: admin.host, port: admin.port, setting: 'admin.listen' }]),
  ];
  return Promise.all(places.map((place) => examinePort(place)));
}

async function examinePort({
  host,
  port,
  setting,
}: {
  readonly host: string;
  readonly port: number;
  readonly setting: string;
}): Promise<Finding> {
  const code = await tryListening(host, port);
  if (code === null) return finding('port', `${host}:${port} is free`);
  const told =
    code === 'EADDRINUSE'
      ? warn(
          `${host}:${port} is in use`,
          `right if it is the running gateway; else choose another ${setting}.port`,
        )
      : fail(
          `nobody can listen on ${host}:${port} (${code})`,
          `choose another ${setting}.host or ${setting}.port`,
        );
  return finding('port', told);
}

function tryListening(host: string, port: number): Promise<string | null> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', (error) => resolve(codeOf(error)));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(null)));
  });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
}
