import { sha256 } from '../crypto/hash.ts';
import { decodeGrantData } from '../server/grant-data.ts';
import { readTrace } from '../server/login-trace.ts';
import { browserName } from '../server/seen-browser.ts';
import type { BlockKey } from '../store/block-contract.ts';
import type { AuthStore, GrantSummary, ListGrants } from '../store/contract.ts';
import { SallyportError } from '../types/error.ts';
import { bucketOf } from '../upstream/identity.ts';
import type { Command, Given } from './command.ts';
import { noWords, onlyWord, runCommand, textOption } from './command.ts';
import { UsageError } from './command-io.ts';
import type { CommandIo } from './command-io.ts';
import { configuredOptions } from './configured.ts';
import { agreed, endGrants, everyGrant, grantsOf, isLiving } from './end-grants.ts';
import { identityReader } from './grant-identity.ts';
import { heading, rowOf, toJson } from './grant-view.ts';
import { blockOptions, blockTtl, letIn, shutOut } from './shut-out.ts';
import { withStore } from './stored.ts';
import { plainJson, plainText, renderMoment, renderTable } from './table.ts';

const usage = `usage: sallyport grants list -c FILE [--state-dir DIR] [--user ID] [--email ADDRESS] [--client ID]
                             [--upstream NAME] [--state code|active|expired|revoked] [--limit N] [--json]
       sallyport grants show SID -c FILE [--state-dir DIR] [--json]
       sallyport grants revoke -c FILE [--state-dir DIR] (--grant SID | --user ID | --client ID
                             | --upstream NAME) [--yes]
       sallyport grants block -c FILE [--state-dir DIR] (--grant SID | --user ID) [--reason TEXT]
                             [--for DURATION] [--yes]
       sallyport grants unblock -c FILE [--state-dir DIR] (--grant SID | --user ID)

\`block\` ends every grant of a user, and shuts the user out.

SID is the \`sid\` of tokens and log lines; a user's ID is \`sub\`; a client's ID is its client_id, or how lists show it.
An e-mail address is what the provider told, verified or not; --email finds living grants, and --user ends them.
A running gateway notices a revocation within five seconds.
`;

const filters = {
  user: { type: 'string' },
  client: { type: 'string' },
} as const;

/** Of a user, by the id or by a grant. */
const whose = { user: { type: 'string' }, grant: { type: 'string' } } as const;

const command: Command = {
  usage,
  actions: {
    list: {
      options: {
        ...configuredOptions,
        ...filters,
        email: { type: 'string' },
        upstream: { type: 'string' },
        state: { type: 'string' },
        limit: { type: 'string' },
        json: { type: 'boolean' },
      },
      run: list,
    },
    show: { options: { ...configuredOptions, json: { type: 'boolean' } }, run: show },
    revoke: {
      options: {
        ...configuredOptions,
        ...filters,
        grant: { type: 'string' },
        upstream: { type: 'string' },
        yes: { type: 'boolean' },
      },
      run: revoke,
    },
    block: { options: { ...configuredOptions, ...whose, ...blockOptions }, run: block },
    unblock: { options: { ...configuredOptions, ...whose }, run: unblock },
  },
};

/** `sallyport grants …`. @returns the exit code */
export function runGrantsCommand(args: readonly string[], io: CommandIo): Promise<number> {
  return runCommand(command, args, io);
}

/** Lists are for eyes; whoever wants all says so. */
const usualLimit = 100;

const states: readonly string[] = ['code', 'active', 'expired', 'revoked'] satisfies GrantSummary['state'][];

async function list(given: Given, io: CommandIo): Promise<number> {
  noWords(given);
  const limit = limitOf(given);
  const wanted = wantedOf(given);
  return withStore(given, io, async (store, config) => {
    const found: GrantSummary[] = [];
    let more = false;
    const isTheirs = await byEmail(given, { store, config });
    for await (const grant of grantsOf(store, wanted, matcher(given))) {
      if (!(await isTheirs(grant))) continue;
      more = found.length === limit;
      if (more) break;
      found.push(grant);
    }
    if (given.options['json'] === true) io.stdout(plainJson(found.map(toJson)));
    else io.stdout(found.length === 0 ? 'no grants\n' : renderTable([heading, ...found.map(rowOf)]));
    if (more) io.stderr(`there are more: --limit ${limit * 10} shows more of them\n`);
    return 0;
  });
}

async function show(given: Given, io: CommandIo): Promise<number> {
  const sid = onlyWord(given, 'which grant: its sid');
  keyOf(sid);
  return withStore(given, io, async (store, config) => {
    const grant = await grantBy(sid, store);
    const identity = await identityOf(grant, { store, config });
    if (given.options['json'] === true) {
      io.stdout(plainJson({ ...toJson(grant), identity }));
      return 0;
    }
    const { resource, endsAt, generation, revokedBecause } = grant;
    const data = decodeGrantData(grant.data);
    const rows: readonly (readonly [string, string])[] = [
      ...heading.map((name, index) => [name.toLowerCase(), rowOf(grant)[index] ?? ''] as const),
      ['name', plainText(identity?.name ?? '–')],
      ['e-mail', plainText(identity?.email ?? '–')],
      ['resource', resource],
      ['scopes', plainText(data.scopes.join(' ')) || '–'],
      ['asked, not granted', plainText(data.refused.join(' ')) || '–'],
      ...traceRows(grant),
      ['session ends', renderMoment(endsAt)],
      ['rotations', String(Math.max(0, generation - 1))],
      ...(revokedBecause === '' ? [] : [['ended because', revokedBecause] as const]),
    ];
    io.stdout(renderTable(rows));
    return 0;
  });
}

/** Where the app was, and which browser allowed it; nothing for a grant of an earlier version. */
function traceRows({ data }: GrantSummary): readonly (readonly [string, string])[] {
  const trace = readTrace(decodeGrantData(data).trace);
  if (!trace) return [];
  return [
    ['codes went to', plainText(trace.target) || 'an app on a computer'],
    ...(trace.host === '' ? [] : [['described by', plainText(trace.host)] as const]),
    ['browser', browserName(trace.browser) ?? '–'],
  ];
}

/** `null` also when no configured secret opens what the store holds. */
async function identityOf(
  grant: GrantSummary,
  parts: Parameters<typeof identityReader>[0],
): ReturnType<Awaited<ReturnType<typeof identityReader>>> {
  try {
    return await (
      await identityReader(parts)
    )(grant);
  } catch (error) {
    if (error instanceof SallyportError && error.code === 'key_ring_locked') return null;
    throw error;
  }
}

/** E-mail addresses are sealed: each living grant is opened and looked at. Everybody, when none is asked for. */
async function byEmail(
  given: Given,
  parts: Parameters<typeof identityReader>[0],
): Promise<(grant: GrantSummary) => Promise<boolean>> {
  const wanted = textOption(given, 'email')?.toLowerCase();
  if (wanted === undefined) return () => Promise.resolve(true);
  const identify = await identityReader(parts);
  return async (grant) => (await identify(grant))?.email?.toLowerCase() === wanted;
}

async function revoke(given: Given, io: CommandIo): Promise<number> {
  noWords(given);
  const { grant, user, client, upstream } = given.options;
  if ([grant, user, client, upstream].filter((one) => one !== undefined).length !== 1)
    throw new UsageError('say which grants to end: one of --grant, --user, --client, --upstream');
  return withStore(given, io, async (store, config) => {
    const found: GrantSummary[] = [];
    for await (const one of grantsOf(store, wantedOf(given), matcher(given))) {
      if (isLiving(one)) found.push(one);
    }
    if (found.length === 0) {
      io.stderr('no living grant is like that\n');
      return 1;
    }
    if (!(await agreed(given, io, `End ${found.length} grant${found.length === 1 ? '' : 's'}?`))) return 1;
    const ended = await endGrants(found, { store, config, io });
    io.stdout(`${ended} ended; a running gateway notices within five seconds\n`);
    return 0;
  });
}

async function block(given: Given, io: CommandIo): Promise<number> {
  noWords(given);
  blockTtl(given);
  return withStore(given, io, async (store, config) =>
    shutOut(await userOf(given, store), { given, io, store, config }),
  );
}

async function unblock(given: Given, io: CommandIo): Promise<number> {
  noWords(given);
  return withStore(given, io, async (store, config) =>
    letIn(await userOf(given, store), { io, store, config }),
  );
}

/** @throws {UsageError} when it is not said whose; {SallyportError} for a grant that is not there */
async function userOf(given: Given, store: AuthStore): Promise<BlockKey> {
  const [user, sid] = [textOption(given, 'user'), textOption(given, 'grant')];
  if ((user === undefined) === (sid === undefined)) throw new UsageError('say whom: one of --grant, --user');
  const value = user ?? (await grantBy(sid ?? '', store)).userId;
  return { kind: 'user', value };
}

/** @throws {SallyportError} when there is none */
async function grantBy(sid: string, store: AuthStore): Promise<GrantSummary> {
  const key = keyOf(sid);
  const { grants } = await store.listGrants({ ...everyGrant, after: before(key.grantId) });
  const grant = grants.find(({ bucket, grantId }) => bucket === key.bucket && grantId === key.grantId);
  if (!grant) throw new SallyportError('storage_failed', `there is no grant ${sid}`);
  return grant;
}

function wantedOf(given: Given): ListGrants {
  const user = textOption(given, 'user');
  const state = textOption(given, 'state');
  if (state !== undefined && !states.includes(state))
    throw new UsageError(`--state is one of ${states.join(', ')}`);
  const client = textOption(given, 'client');
  const sid = textOption(given, 'grant');
  return {
    after: sid === undefined ? '' : before(keyOf(sid).grantId),
    user: user === undefined ? null : { bucket: bucketOf(user), userId: user },
    client: client === undefined || isLabel(client) ? null : sha256(client),
    upstream: textOption(given, 'upstream') ?? null,
    // One of the states, as was checked.
    state: (state ?? null) as GrantSummary['state'] | null,
  };
}

/** What the store does not compare: a client as lists show it, and one grant. */
function matcher(given: Given): (grant: GrantSummary) => boolean {
  const client = textOption(given, 'client');
  const sid = textOption(given, 'grant');
  return (grant) =>
    (client === undefined || !isLabel(client) || isClient(grant, client)) &&
    (sid === undefined || sid === `${grant.bucket}.${grant.grantId}`);
}

/** A configured client's own id may look like a label, too. */
function isClient({ client: known }: GrantSummary, client: string): boolean {
  return known.startsWith(client) || known === sha256(client);
}

/** As lists and audit events show clients. */
function isLabel(client: string): boolean {
  return /^[\w-]{16}$/u.test(client);
}

function keyOf(sid: string): { readonly bucket: string; readonly grantId: string } {
  const [, bucket, grantId] = /^([0-9a-f]{3})\.([\w-]{22})$/u.exec(sid) ?? [];
  if (bucket === undefined || grantId === undefined) throw new UsageError(`"${sid}" is not a sid`);
  return { bucket, grantId };
}

/** The cursor whose page begins with this id. */
function before(grantId: string): string {
  return grantId.slice(0, -1);
}

function limitOf(given: Given): number {
  const limit = textOption(given, 'limit') ?? String(usualLimit);
  if (!/^[1-9]\d{0,6}$/u.test(limit)) throw new UsageError('--limit is a number from 1 on');
  return Number(limit);
}
