import { createBlockList } from '../clients/block-list.ts';
import { blockedHost } from '../config/blocked.ts';
import type { Client } from '../clients/client.ts';
import type { Config } from '../config/config.ts';
import { sha256 } from '../crypto/hash.ts';
import type { Block, BlockKey } from '../store/block-contract.ts';
import type { AuthStore, GrantSummary } from '../store/contract.ts';
import { SallyportError } from '../types/error.ts';
import type { ClientDetails } from './client-details.ts';
import { clientDetails } from './client-details.ts';
import type { ClientSummary } from './client-summaries.ts';
import { summariseClients } from './client-summaries.ts';
import type { ClientView } from './client-view.ts';
import { clientJson, renderClient } from './client-view.ts';
import type { Command, Given, Options } from './command.ts';
import { noWords, onlyWord, runCommand, textOption } from './command.ts';
import { UsageError } from './command-io.ts';
import type { CommandIo } from './command-io.ts';
import { configuredOptions } from './configured.ts';
import { agreed, endGrants, everyGrant, grantsOf, isLiving } from './end-grants.ts';
import { blockOptions, blockTtl, letIn, shutOut } from './shut-out.ts';
import { withStore } from './stored.ts';
import { plainJson, plainText, renderMoment, renderTable } from './table.ts';

const usage = `usage: sallyport clients list -c FILE [--state-dir DIR] [--json]
       sallyport clients show ID -c FILE [--state-dir DIR] [--json]
       sallyport clients revoke ID -c FILE [--state-dir DIR] [--yes]
       sallyport clients blocked -c FILE [--state-dir DIR] [--json]
       sallyport clients block -c FILE [--state-dir DIR] WHOM [--reason TEXT] [--for DURATION] [--yes]
       sallyport clients unblock -c FILE [--state-dir DIR] WHOM

ID is a client_id, or how lists show it; of a client that is described by a document, \`show\` asks its host.
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
    revoke: { options: { ...configuredOptions, yes: { type: 'boolean' } }, run: revoke },
    blocked: { options: { ...configuredOptions, json: { type: 'boolean' } }, run: blocked },
    block: {
      options: {
        ...configuredOptions,
        ...whom,
        ...blockOptions,
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

const heading = [
  'CLIENT',
  'CALLED',
  'KNOWN AS',
  'AT',
  'GRANTS',
  'USERS',
  'FIRST SEEN',
  'LAST USED',
  'BLOCKED',
];

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
    one.id === null ? one.client.slice(0, 16) : plainText(one.id),
    plainText(one.name ?? '–'),
    one.known ?? '–',
    one.at === '' ? 'a computer' : plainText(one.at ?? '–'),
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
    client_id: one.id,
    name: one.name,
    known_as: one.known,
    at: one.at,
    grants: one.living,
    users: one.users.size,
    first_seen_at: iso(one.firstAt),
    last_used_at: iso(one.lastAt),
    blocked: isBlocked,
  };
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
  blockTtl(given);
  return withStore(given, io, async (store, config) =>
    shutOut(await keyOf(given, { store, config }), { given, io, store, config }),
  );
}

async function unblock(given: Given, io: CommandIo): Promise<number> {
  noWords(given);
  return withStore(given, io, async (store, config) =>
    letIn(await keyOf(given, { store, config }), { io, store, config }),
  );
}

async function show(given: Given, io: CommandIo): Promise<number> {
  const word = onlyWord(given, 'which client: its client_id, or how lists show it');
  return withStore(given, io, async (store, config) => {
    const hash = await clientHash(word, { store, config });
    const summary = (await summariseClients(store, config)).find((one) => one.client === hash) ?? null;
    const isLabel = hash.slice(0, 16) === word;
    const id = isLabel ? (summary?.id ?? null) : word;
    const details = id === null ? onlyGrants : await clientDetails(id, { store, config, clock: io.clock });
    const shut = await shutOf({ id, hash, client: details.client }, { store, config });
    const view = { ...details, id, hash, summary, shut };
    io.stdout(given.options['json'] === true ? plainJson(clientJson(view)) : renderTable(renderClient(view)));
    return details.client === null && summary === null ? 1 : 0;
  });
}

/** What a list shows of a client is not its id, which alone says more. */
const onlyGrants: ClientDetails = {
  client: null,
  source: 'unknown',
  trouble: 'only its grants are known: write its whole client_id to see more',
  registration: null,
};

/** The block that a client falls under, by the rules of the server. */
async function shutOf(
  { id, hash, client }: { readonly id: string | null; readonly hash: string; readonly client: Client | null },
  { store, config }: { readonly store: AuthStore; readonly config: Config },
): Promise<ClientView['shut']> {
  const blocks = await store.listBlocks();
  const stored = { known: () => blocks, look: () => Promise.resolve() };
  const list = createBlockList({ configured: config.blocked, stored });
  const seen = client ?? { id: id ?? '', host: null, redirectUris: [], softwareId: null };
  const found =
    id === null ? blocks.find(({ kind, value }) => kind === 'client' && value === hash) : list.ofClient(seen);
  if (!found) return null;
  const isStored = blocks.some(({ kind, value }) => kind === found.kind && value === found.value);
  return { ...found, by: isStored ? 'command' : 'configuration' };
}

async function revoke(given: Given, io: CommandIo): Promise<number> {
  const id = onlyWord(given, 'which client: its client_id, or how lists show it');
  return withStore(given, io, async (store, config) => {
    const hash = await clientHash(id, { store, config });
    const found: GrantSummary[] = [];
    for await (const one of grantsOf(store, { ...everyGrant, client: hash }, isLiving)) found.push(one);
    const kept = (await summariseClients(store, config)).find((one) => one.client === hash)?.id ?? '';
    const registration = await store.getRegistration(kept);
    if (found.length === 0 && !registration) {
      io.stderr('it has no living grant\n');
      return 1;
    }
    const also = registration ? ', and remove its registration' : '';
    if (!(await agreed(given, io, `End ${found.length} grant${found.length === 1 ? '' : 's'}${also}?`)))
      return 1;
    const removed = registration !== null && (await store.removeRegistration(kept)) !== null;
    const ended = await endGrants(found, { store, config, io });
    io.stdout(
      `${ended} ended${removed ? ', and its registration removed' : ''}; a running gateway notices within five seconds\n`,
    );
    return 0;
  });
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
