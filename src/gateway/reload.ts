import type { Server } from 'node:http';
import { Server as HttpsServer } from 'node:https';
import { createSecureContext } from 'node:tls';
import type { Config } from '../config/config.ts';
import { isSame } from '../config/differences.ts';
import type { AuthServer } from '../server/auth-server.ts';
import { checkChangeable } from '../server/reload.ts';
import { SallyportError } from '../types/error.ts';
import { missingAccess } from '../upstream/public-upstreams.ts';
import type { RunningGateway, StartOptions } from './start.ts';
import { stateFiles, withStateDir } from './state-dir.ts';
import type { Watching } from './watch-files.ts';
import { watchFiles } from './watch-files.ts';

/** Ports are open already. */
const fixed = /^(?:listen\.(?:host|port|tls)|admin(?:\.(?:host|port))?)$/u;

/** What a configuration must have before it serves: somebody said who may sign in, keys, a certificate with its key. */
export async function complete(given: Config, stateDir: string): Promise<Config> {
  const unsaid = missingAccess(given);
  if (unsaid !== null) throw new SallyportError('config_invalid', unsaid);
  checkCertificate(given);
  return withStateDir(given, stateDir);
}

/** See {@link RunningGateway.reload}. */
export function reloader(
  auth: AuthServer,
  given: Config,
  { stateDir, source }: StartOptions,
): RunningGateway['reload'] {
  // Whoever asks while one waits for its turn is served by that one: it has read nothing yet.
  let waiting: Promise<readonly string[]> | null = null;
  const start = (config?: Config): Promise<readonly string[]> =>
    auth.reload(async () => {
      if (config === undefined) waiting = null;
      const next = await complete(config ?? (await source?.load()) ?? given, stateDir);
      checkChangeable({ before: auth.config, after: next }, fixed);
      return next;
    });
  return (config) => (config === undefined ? (waiting ??= start()) : start(config));
}

/** Reloads when a file changes. Whoever reloads has told the log and `/readyz` already when it was refused. */
export async function watchSource(
  { source, stateDir, pollEvery }: StartOptions,
  reload: RunningGateway['reload'],
): Promise<Watching | null> {
  if (!source) return null;
  const files = (): readonly string[] => [...source.files(), ...stateFiles(stateDir)];
  const onChange = async (): Promise<void> => {
    await reload().catch(() => null);
  };
  return watchFiles({ files, onChange, ...(pollEvery !== undefined && { pollEvery }) });
}

/** New connections get the new certificate; running ones go on. */
export function followCertificate(auth: AuthServer, server: Server): void {
  let current = auth.config.listen.tls;
  auth.onReload(() => {
    const next = auth.config.listen.tls;
    if (!(server instanceof HttpsServer) || next === null || isSame(current, next)) return;
    current = next;
    server.setSecureContext({ cert: next.cert, key: next.key.reveal(), minVersion: 'TLSv1.2' });
  });
}

function checkCertificate({ listen: { tls } }: Config): void {
  if (tls === null) return;
  try {
    createSecureContext({ cert: tls.cert, key: tls.key.reveal() });
  } catch (cause) {
    const message = 'listen.tls: the certificate and the key cannot be used, or are not of each other';
    throw new SallyportError('config_invalid', message, { cause });
  }
}
