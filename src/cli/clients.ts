import { userInfo } from 'node:os';
import { blockedHost } from '../config/blocked.ts';
import type { Config } from '../config/config.ts';
import { parseDuration } from '../config/duration.ts';
import { sha256 } from '../crypto/hash.ts';
import { randomToken } from '../crypto/random.ts';
import {
  correlationLabel,
  hashedClientLabel,
  outsideLabel,
  sourceLabel,
  userLabel,
} from '../observe/audit/labels.ts';
import type { Block, BlockKey } from '../store/block-contract.ts';
import type { AuthStore, GrantSummary } from '../store/contract.ts';
import { SallyportError } from '../types/error.ts';
import { withAudit } from './audit.ts';
import type { ClientSummary } from './client-summaries.ts';
import { summariseClients } from './client-summaries.ts';
import type { Command, Given, Options } from './command.ts';
import { noWords, onlyWord, runCommand, textOption } from './command.ts';
import { UsageError } from './command-io.ts';
import type { CommandIo } from './command-io.ts';
import { configuredOptions } from './configured.ts';
import { agreed, endGrants, everyGrant, grantsOf, isLiving } from './end-grants.ts';
import type { ClientFacts } from './show-client.ts';
import { clientFacts } from './show-client.ts';
import { withStore } from './stored.ts';
import { plainJson, plainText, renderMoment, renderTable } from './table.ts';

const usage = `usage: sallyport clients list -c FILE [--state-dir DIR] [--json]
       sallyport clients show ID -c FILE [--state-dir DIR] [--json]
       sallyport clients blocked -c FILE [--state-dir DIR] [--json]
       sallyport clients block -c FILE [--state-dir DIR] WHOM [--reason TEXT] [--for DURATION] [--yes]
       sallyport clients unblock -c FILE [--state-dir DIR] WHOM

WHOM is one of
  --client ID         a client: its client_id, or how lists show it; its grants end
  --host HOST         every client whose document is at this host, or that wants answers there;
                      *.example.net: every host below it; app: (with the colon): the scheme of an app
  --software-id ID    every client that registered with this software_id
  --user ID           a user: \`sub\` of tokens and log lines; the user's grants end

Who is blocked is shut out at every sign-in and refresh; a running gateway notices within five seconds.
DURATION is like 24h; without it a block is for good. Grants are seen and ended with: sallyport grants
`;

const whom: Options = {
  client: { type: 'string' },
  host: { type: 'string' },
  'software-id': { type: 'string' },
  user: { type: 'string' },
};

const command: Command = {
  usage,
  actions: {
    list: { options: { ...configuredOptions, json: { type: 'boolean' } }, run: list },
    show: { options: { ...configuredOptions, json: { type: 'boolean' } }, run: show },
    blocked: { options: { ...configuredOptions, json: { type: 'boolean' } }, run: blocked },
    block: {
      options: {
        ...configuredOptions,
        ...whom,
        reason: { type: 'string' },
        for: { type: 'string' },
        yes: { type: 'boolean' },
      },
      run: block,
    },
    unblock: { options: { ...configuredOptions, ...whom }, run: unblock },
  },
};

/** `sallyport clients …`. @returns the exit code */
export function runClientsCommand(args: readonly string[], io: CommandIo): Promise<number> {
  return runCommand(command, args, io);
}

const heading = ['CLIENT', 'CALLED', 'GRANTS', 'USERS', 'FIRST SEEN', 'LAST USED', 'BLOCKED'];

async function list(given: Given, io: CommandIo): Promise<number> {
  noWords(given);
  return withStore(given, io, async (store, config) => {
    const shut = new Set([
      ...(await store.listBlocks()).filter(({ kind }) => kind === 'client').map(({ value }) => value),
      ...config.blocked.filter(({ kind }) => kind === 'client').map(({ value }) => sha256(value)),
    ]);
    const found = await summariseClients(store, config);
    if (given.options['json'] === true)
      io.stdout(plainJson(found.map((one) => jsonOf(one, shut.has(one.client)))));
    else if (found.length === 0) io.stdout('no clients\n');
    else io.stdout(renderTable([heading, ...found.map((one) => rowOf(one, shut.has(one.client)))]));
    return 0;
  });
}

function rowOf(one: ClientSummary, isBlocked: boolean): readonly string[] {
  return [
    one.configured === null ? one.client.slice(0, 16) : plainText(one.configured),
    plainText(one.name ?? '–'),
    String(one.living),
    String(one.users.size),
    renderMoment(one.firstAt),
    renderMoment(one.lastAt),
    isBlocked ? 'yes' : '',
  ];
}

function jsonOf(one: ClientSummary, isBlocked: boolean): object {
  const iso = (moment: number): string | null => (moment === 0 ? null : new Date(moment).toISOString());
  return {
    client: one.client.slice(0, 16),
    client_id: one.configured,
    name: one.name,
    grants: one.living,
    users: one.users.size,
    first_seen_at: iso(one.firstAt),
    last_used_at: iso(one.lastAt),
    blocked: isBlocked,
  };
}

async function show(given: Given, io: CommandIo): Promise<number> {
  const id = onlyWord(given, 'which client: its whole client_id');
  return withStore(given, io, async (store, config) => {
    const facts = await clientFacts(id, { store, config });
    if (given.options['json'] === true) io.stdout(plainJson(facts));
    else io.stdout(renderTable(Object.entries(facts).map(factRow)));
    return facts['source'] === 'unknown' ? 1 : 0;
  });
}

function factRow([name, value]: readonly [string, ClientFacts[string]]): readonly string[] {
  const text = Array.isArray(value) ? value.join(' ') : String(value ?? '');
  return [name.replaceAll('_', ' '), plainText(text) || '–'];
}

/** A block of the store or of the configuration, which has no moments. */
interface Listed extends BlockKey {
  readonly reason: string;
  readonly since: number | null;
  readonly until: number;
  readonly by: 'command' | 'configuration';
}

async function blocked(given: Given, io: CommandIo): Promise<number> {
  noWords(given);
  return withStore(given, io, async (store, config) => {
    const all: readonly Listed[] = [
      ...config.blocked.map(byConfiguration),
      ...(await store.listBlocks()).map(byCommand),
    ];
    if (given.options['json'] === true) io.stdout(plainJson(all.map(blockJson)));
    else if (all.length === 0) io.stdout('nobody is blocked\n');
    else io.stdout(renderTable([['WHAT', 'WHICH', 'BY', 'SINCE', 'UNTIL', 'WHY'], ...all.map(blockRow)]));
    return 0;
  });
}

function byConfiguration({ kind, value, reason }: Config['blocked'][number]): Listed {
  return { kind, value, reason, since: null, until: 0, by: 'configuration' };
}

function byCommand({ kind, value, reason, since, until }: Block): Listed {
  return { kind, value, reason, since, until, by: 'command' };
}

function blockRow({ kind, value, by, since, until, reason }: Listed): readonly string[] {
  const end = until === 0 ? 'for good' : renderMoment(until);
  return [kind, plainText(shown(kind, value, by)), by, renderMoment(since), end, plainText(reason)];
}

function blockJson({ kind, value, by, since, until, reason }: Listed): object {
  const iso = (moment: number | null): string | null =>
    moment === null || moment === 0 ? null : new Date(moment).toISOString();
  return { kind, value: shown(kind, value, by), by, since: iso(since), until: iso(until), reason };
}

/** Of a client that a command has blocked, only the hash of its id is kept. */
function shown(kind: BlockKey['kind'], value: string, by: Listed['by']): string {
  return kind === 'client' && by === 'command' ? value.slice(0, 16) : value;
}

async function block(given: Given, io: CommandIo): Promise<number> {
  noWords(given);
  const ttl = ttlOf(given);
  const reason = textOption(given, 'reason') ?? '';
  return withStore(given, io, async (store, config) => {
    const key = await keyOf(given, { store, config });
    const found: GrantSummary[] = [];
    for await (const one of grantsOf(store, everyGrant, (grant) => isLiving(grant) && isOf(grant, key)))
      found.push(one);
    const also = found.length === 0 ? '' : `, and end ${found.length} grant${found.length === 1 ? '' : 's'}`;
    if (!(await agreed(given, io, `Block this ${key.kind}${also}?`))) return 1;
    // First the door, then the room: whoever is inside cannot come back in between.
    if ((await store.putBlock({ ...key, reason, ttl })) === 'full')
      throw new SallyportError(
        'storage_failed',
        'too many are blocked: unblock some, or use the configuration',
      );
    const ended = await endGrants(found, { store, config, io });
    await tell('client_denied', key, { config, io, reason });
    io.stdout(`blocked; ${ended} grants ended; a running gateway notices within five seconds\n`);
    return 0;
  });
}

async function unblock(given: Given, io: CommandIo): Promise<number> {
  noWords(given);
  return withStore(given, io, async (store, config) => {
    const key = await keyOf(given, { store, config });
    if (!(await store.removeBlock(key))) {
      const named = config.blocked.some(({ kind, value }) => {
        return kind === key.kind && (kind === 'client' ? sha256(value) : value) === key.value;
      });
      io.stderr(named ? 'the configuration blocks it: change it there\n' : 'nobody like that is blocked\n');
      return 1;
    }
    await tell('client_allowed', key, { config, io, reason: '' });
    io.stdout('unblocked; a running gateway notices within five seconds\n');
    return 0;
  });
}

function ttlOf(given: Given): number | null {
  const text = textOption(given, 'for');
  if (text === undefined) return null;
  const ttl = parseDuration(text);
  if (ttl <= 0) throw new UsageError('--for is a duration such as 24h');
  return ttl;
}

/** Clients and users have grants; a host or software id is only at the door. */
function isOf({ client, userId }: GrantSummary, { kind, value }: BlockKey): boolean {
  return (kind === 'client' && client === value) || (kind === 'user' && userId === value);
}

async function keyOf(
  given: Given,
  parts: { readonly store: AuthStore; readonly config: Config },
): Promise<BlockKey> {
  const [client, host, software, user] = ['client', 'host', 'software-id', 'user'].map((name) =>
    textOption(given, name),
  );
  if ([client, host, software, user].filter((one) => one !== undefined).length !== 1)
    throw new UsageError('say whom: one of --client, --host, --software-id, --user');
  if (user !== undefined) return { kind: 'user', value: user };
  if (software !== undefined) return { kind: 'software', value: software };
  if (client !== undefined) return { kind: 'client', value: await clientHash(client, parts) };
  const value = blockedHost(host ?? '');
  if (value === null) throw new UsageError('--host is a host, *. and a host, or a scheme with its colon');
  return { kind: 'host', value };
}

/** Lists show the beginning of the hash of an id; who has the id itself may write that. */
async function clientHash(
  client: string,
  { store, config }: { readonly store: AuthStore; readonly config: Config },
): Promise<string> {
  const isLabel = /^[\w-]{16}$/u.test(client) && !config.clients.some(({ clientId }) => clientId === client);
  if (!isLabel) return sha256(client);
  const blocks = (await store.listBlocks()).filter(({ kind }) => kind === 'client');
  const known = [
    ...(await summariseClients(store, config)).map((one) => one.client),
    ...blocks.map(({ value }) => value),
  ];
  const hash = known.find((one) => one.startsWith(client));
  if (hash === undefined)
    throw new SallyportError('storage_failed', `no list has a client ${client}: write its whole client_id`);
  return hash;
}

async function tell(
  action: 'client_denied' | 'client_allowed',
  { kind, value }: BlockKey,
  { config, io, reason }: { readonly config: Config; readonly io: CommandIo; readonly reason: string },
): Promise<void> {
  await withAudit(config, io, (audit) =>
    audit.record('admin_action', () => ({
      correlationId: correlationLabel(randomToken(9)),
      source: sourceLabel(undefined),
      actor: outsideLabel(userInfo().username),
      action,
      user: kind === 'user' ? userLabel(value) : null,
      grant: null,
      client: kind === 'client' ? hashedClientLabel(value) : null,
      reason: outsideLabel(kind === 'client' || kind === 'user' ? reason : `${kind} ${value}: ${reason}`),
    })),
  );
}
