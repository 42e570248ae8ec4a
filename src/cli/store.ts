import { withAudit } from './audit.ts';
import type { Command, Given } from './command.ts';
import { noWords, runCommand, textOption } from './command.ts';
import { UsageError } from './command-io.ts';
import type { CommandIo } from './command-io.ts';
import { configuredOptions, databaseOf, loadConfigured } from './configured.ts';
import { plainJson, plainText, renderBytes, renderMoment, renderTable } from './table.ts';

const usage = `usage: sallyport store stats  -c FILE [--state-dir DIR] [--json]       count what is stored
       sallyport store check  -c FILE [--state-dir DIR]                look for damage
       sallyport store backup -c FILE [--state-dir DIR] --to FILE      copy the database while gateways use it
       sallyport store purge  -c FILE [--state-dir DIR] [--dry-run] [--vacuum]
                                                                       drop what is over, which gateways do anyway

--from DATABASE instead of -c FILE works without a configuration.

To restore a backup: stop every gateway, copy it over the database, remove DATABASE-wal and DATABASE-shm, start.
`;

const place = { ...configuredOptions, from: { type: 'string' } } as const;

const command: Command = {
  usage,
  actions: {
    stats: { options: { ...place, json: { type: 'boolean' } }, run: stats },
    check: { options: place, run: check },
    backup: { options: { ...place, to: { type: 'string' } }, run: backup },
    purge: {
      options: { ...place, 'dry-run': { type: 'boolean' }, vacuum: { type: 'boolean' } },
      run: purge,
    },
  },
};

/** `sallyport store …`; SQLite is loaded by those that need it. @returns the exit code */
export function runStoreCommand(args: readonly string[], io: CommandIo): Promise<number> {
  return runCommand(command, args, io);
}

/** Node 22 and 24 warn that their own SQLite is experimental, which is no news for whoever runs this command. */
async function loadMaintenance() {
  const warn = process.emitWarning.bind(process);
  process.emitWarning = (warning: string | Error, ...rest: unknown[]): void => {
    if (!String(warning).includes('SQLite')) Reflect.apply(warn, process, [warning, ...rest]);
  };
  try {
    return await import('../store/sqlite-maintenance.ts');
  } finally {
    process.emitWarning = warn;
  }
}

async function databaseFor(given: Given, io: CommandIo): Promise<string> {
  noWords(given);
  const from = textOption(given, 'from');
  if (from !== undefined && textOption(given, 'config') !== undefined)
    throw new UsageError('say -c FILE or --from DATABASE, not both');
  return from ?? databaseOf(await loadConfigured(given, io));
}

async function stats(given: Given, io: CommandIo): Promise<number> {
  const path = await databaseFor(given, io);
  const { readDatabaseStats } = await loadMaintenance();
  const found = readDatabaseStats(path, io.clock());
  if (given.options['json'] === true) {
    io.stdout(plainJson({ path, ...found }));
    return 0;
  }
  const { grants, connections } = found;
  const lines: readonly (readonly [string, string])[] = [
    ['database', path],
    ['schema', String(found.schema)],
    ['size', `${renderBytes(found.bytes)}, ${renderBytes(found.freeBytes)} of it free`],
    ['write-ahead log', renderBytes(found.walBytes)],
    ['grants', `${grants.active} active, ${grants.code} with a code, ${grants.revoked} revoked`],
    ['logins under way', String(found.pending)],
    ['registrations', String(found.registrations)],
    ['over, not yet dropped', String(found.expired)],
    ['users', String(found.users)],
    ['connections', `${connections.alive} alive, ${connections.dead} dead`],
    ['oldest grant', renderMoment(found.oldestGrant)],
    ['newest grant', renderMoment(found.newestGrant)],
  ];
  io.stdout(renderTable(lines));
  return 0;
}

async function check(given: Given, io: CommandIo): Promise<number> {
  const path = await databaseFor(given, io);
  const { findDamage } = await loadMaintenance();
  const damage = findDamage(path);
  if (damage.length === 0) {
    io.stdout(`${path} is whole\n`);
    return 0;
  }
  io.stderr(`${path} is damaged: stop every gateway and restore a backup\n`);
  io.stdout(damage.map((line) => `${plainText(line)}\n`).join(''));
  return 1;
}

async function backup(given: Given, io: CommandIo): Promise<number> {
  const to = textOption(given, 'to');
  if (to === undefined) throw new UsageError('say where the copy goes: --to FILE');
  const path = await databaseFor(given, io);
  const { backUpDatabase } = await loadMaintenance();
  const { bytes } = backUpDatabase(path, to);
  await tellStoreChange(given, io, { action: 'backed_up', schema: null, rows: null });
  io.stdout(`${to} holds a checked copy (${renderBytes(bytes)})\n`);
  io.stderr('it opens only with the HMAC secrets of the gateway: keep a copy of them too, elsewhere\n');
  return 0;
}

async function purge(given: Given, io: CommandIo): Promise<number> {
  const path = await databaseFor(given, io);
  const { countExpired, purgeDatabase } = await loadMaintenance();
  const now = io.clock();
  if (given.options['dry-run'] === true) {
    io.stdout(`${countExpired(path, now)} rows would be dropped\n`);
    return 0;
  }
  const rows = purgeDatabase(path, { now, vacuum: given.options['vacuum'] === true });
  await tellStoreChange(given, io, { action: 'purged', schema: null, rows });
  io.stdout(`${rows} rows dropped\n`);
  return 0;
}

/** Only where a configuration says where audit events go. */
async function tellStoreChange(
  given: Given,
  io: CommandIo,
  details: {
    readonly action: 'backed_up' | 'purged';
    readonly schema: number | null;
    readonly rows: number | null;
  },
): Promise<void> {
  if (textOption(given, 'config') === undefined) return;
  await withAudit(await loadConfigured(given, io), io, (audit) =>
    audit.record('store_changed', () => details),
  );
}
