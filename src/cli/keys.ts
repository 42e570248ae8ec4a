import { unlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { randomBytes } from '../crypto/random.ts';
import { generateSigningKeyPem, parseSigningKey } from '../crypto/signing-key.ts';
import type { SigningAlg } from '../crypto/signing-key.ts';
import { dropSigningKeys, listRetired, rotateHmacSecret, rotateSigningKey } from '../gateway/state-dir.ts';
import type { RetiredFile } from '../gateway/state-dir.ts';
import { nameLabel } from '../observe/audit/labels.ts';
import { SallyportError } from '../types/error.ts';
import { withAudit } from './audit.ts';
import type { Command, Given } from './command.ts';
import { noWords, runCommand, textOption } from './command.ts';
import { UsageError } from './command-io.ts';
import type { CommandIo } from './command-io.ts';
import { configuredOptions, loadWritten, stateDirOf } from './configured.ts';
import { listKeys } from './key-list.ts';

const algs: readonly SigningAlg[] = ['ES256', 'ES384', 'ES512', 'RS256', 'EdDSA'];

const usage = `usage: sallyport keys generate [--alg ${algs.join('|')}] [--hmac] [--out FILE]
       sallyport keys list   -c FILE [--state-dir DIR] [--json]
       sallyport keys rotate -c FILE [--state-dir DIR] [--alg ALG] [--hmac | --leaked]
       sallyport keys prune  -c FILE [--state-dir DIR] [--yes]

rotate replaces what signs and keeps the former one for verifying; a running gateway takes it up by itself. For keys
that the configuration names it writes a new file and says what to change. With --leaked no former signing key is
kept: access tokens are worthless as soon as gateways notice, and clients refresh. prune removes what nothing needs any
more.
`;

const alg = { alg: { type: 'string' }, hmac: { type: 'boolean' } } as const;

const command: Command = {
  usage,
  actions: {
    generate: { options: { ...alg, out: { type: 'string' } }, run: generate },
    list: { options: { ...configuredOptions, json: { type: 'boolean' } }, run: listKeys },
    rotate: { options: { ...configuredOptions, ...alg, leaked: { type: 'boolean' } }, run: rotate },
    prune: { options: { ...configuredOptions, yes: { type: 'boolean' } }, run: prune },
  },
};

/** `sallyport keys …`. @returns the exit code */
export function runKeysCommand(args: readonly string[], io: CommandIo): Promise<number> {
  return runCommand(command, args, io);
}

async function generate(given: Given, io: CommandIo): Promise<number> {
  noWords(given);
  const out = textOption(given, 'out');
  const hmac = given.options['hmac'] === true;
  if (hmac && out === undefined)
    throw new UsageError('an HMAC secret is 32 random bytes, which no terminal shows: --out FILE');
  const content = hmac ? randomBytes(32) : generateSigningKeyPem(algOf(given));
  if (out === undefined) {
    io.stdout(content.toString());
    return 0;
  }
  await writePrivate(out, content);
  io.stdout(`${out} holds ${describe(content, out, hmac)}\n`);
  return 0;
}

async function rotate(given: Given, io: CommandIo): Promise<number> {
  noWords(given);
  const hmac = given.options['hmac'] === true;
  if (hmac && textOption(given, 'alg') !== undefined) throw new UsageError('--alg is for signing keys');
  // Without the former secret nobody could open the rings that the store keeps.
  if (hmac && isLeaked(given)) throw new UsageError('--leaked is for signing keys');
  const written = await loadWritten(given, io);
  if (hmac) {
    if (written.hmacSecrets.length > 0) return explainSecrets(io);
    return rotateOwn(given, io, { kind: 'HMAC secret', turn: rotateHmacSecret });
  }
  if (written.signingKeys) return writeNext(given, io, written.signingKeys.signing.origin);
  const pem = generateSigningKeyPem(algOf(given));
  if (isLeaked(given)) return replaceLeaked(given, io, pem);
  return rotateOwn(given, io, { kind: 'signing key', turn: (stateDir) => rotateSigningKey(stateDir, pem) });
}

function isLeaked({ options: { leaked } }: Given): boolean {
  return leaked === true;
}

/** What nobody configured is in the state directory, and ours to replace. */
async function rotateOwn(
  given: Given,
  io: CommandIo,
  {
    kind,
    turn,
  }: { readonly kind: RetiredFile['kind']; readonly turn: (stateDir: string) => Promise<string> },
): Promise<number> {
  const retired = await turn(stateDirOf(given, io));
  await tell(given, io, { kind, path: retired });
  io.stdout(`there is a new ${kind}; the former one goes on verifying as ${retired}\n`);
  return 0;
}

/** Nothing of what was in the state directory is kept. */
async function replaceLeaked(given: Given, io: CommandIo, pem: string): Promise<number> {
  const former = await dropSigningKeys(stateDirOf(given, io), pem);
  for (const path of former) await tell(given, io, { kind: 'signing key', path });
  const whom = former.length === 1 ? 'the former one is' : `the ${former.length} former ones are`;
  io.stdout(`there is a new signing key; ${whom} gone: access tokens made before are worthless\n`);
  return 0;
}

/** Files that the operator named are the operator's: only a new one is written. */
async function writeNext(given: Given, io: CommandIo, origin: string): Promise<number> {
  const pem = generateSigningKeyPem(algOf(given));
  const path = join(dirname(origin), `signing-key-${parseSigningKey(pem, 'new').kid.slice(0, 12)}.pem`);
  await writePrivate(path, pem);
  io.stdout(
    `${path} holds ${describe(pem, path, false)}\n` +
      (isLeaked(given)
        ? `now name it in signing_key_config.signing_key_file, and ${origin} nowhere any more\n`
        : `now name it in signing_key_config.signing_key_file, and ${origin} first in fallback_key_files\n`),
  );
  return 0;
}

function explainSecrets(io: CommandIo): number {
  io.stderr(
    'the configuration names its HMAC secrets: make one with "sallyport keys generate --hmac --out FILE", and put its name\n' +
      'before the others in hmac_secret_files, which stay until their refresh tokens are gone\n',
  );
  return 1;
}

async function prune(given: Given, io: CommandIo): Promise<number> {
  noWords(given);
  const { lifespans, keyActivationDelay } = await loadWritten(given, io);
  const now = io.clock();
  const old = (await listRetired(stateDirOf(given, io))).filter(({ kind, since }) => {
    const needed = kind === 'signing key' ? lifespans.accessToken : lifespans.session;
    // It signs on until the delay of its successor is over.
    return now - since > keyActivationDelay + needed + margin;
  });
  if (old.length === 0) io.stdout('nothing is old enough: every retired key may still be needed\n');
  for (const file of old) {
    if (given.options['yes'] === true) {
      await unlink(file.path);
      await tell(given, io, file);
    }
    io.stdout(`${file.path} (${file.kind}) ${given.options['yes'] === true ? 'is gone' : 'can go'}\n`);
  }
  if (old.length > 0 && given.options['yes'] !== true) io.stderr('add --yes to remove them\n');
  return 0;
}

/** Tokens of the last moment before a rotation, and clocks that differ. Milliseconds. */
const margin = 3_600_000;

async function tell(
  given: Given,
  io: CommandIo,
  { kind, path }: { readonly kind: RetiredFile['kind']; readonly path: string },
): Promise<void> {
  const ring = kind === 'signing key' ? 'signing' : 'hmac';
  await withAudit(await loadWritten(given, io), io, (audit) =>
    audit.record('key_changed', () => ({ ring, key: nameLabel(basename(path)), change: 'retired' })),
  );
}

function algOf(given: Given): SigningAlg {
  const wanted = textOption(given, 'alg') ?? 'ES256';
  const known = algs.find((one) => one === wanted);
  if (!known) throw new UsageError(`--alg is one of ${algs.join(', ')}`);
  return known;
}

function describe(content: string | Uint8Array, origin: string, hmac: boolean): string {
  if (hmac) return 'a new HMAC secret';
  const { alg: name, kid } = parseSigningKey(content.toString(), origin);
  return `a new ${name} key with the kid ${kid}`;
}

async function writePrivate(path: string, content: string | Uint8Array): Promise<void> {
  try {
    await writeFile(path, content, { mode: 0o600, flag: 'wx', flush: true });
  } catch (error) {
    const there = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    const problem = there ? 'is there already: choose another name' : 'cannot be written';
    throw new SallyportError('storage_failed', `${path} ${problem}`, { cause: error });
  }
}
