import { userInfo } from 'node:os';
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
import type { BlockKey } from '../store/block-contract.ts';
import type { AuthStore, GrantSummary } from '../store/contract.ts';
import { SallyportError } from '../types/error.ts';
import { withAudit } from './audit.ts';
import type { Given, Options } from './command.ts';
import { textOption } from './command.ts';
import { UsageError } from './command-io.ts';
import type { CommandIo } from './command-io.ts';
import { agreed, endGrants, everyGrant, grantsOf, isLiving } from './end-grants.ts';

/** Of a command that shuts somebody out. */
export const blockOptions: Options = {
  reason: { type: 'string' },
  for: { type: 'string' },
  yes: { type: 'boolean' },
};

interface Around {
  readonly given: Given;
  readonly io: CommandIo;
  readonly store: AuthStore;
  readonly config: Config;
}

/** For how long somebody is to be shut out; `null`: for good. @throws {UsageError} */
export function blockTtl(given: Given): number | null {
  const text = textOption(given, 'for');
  if (text === undefined) return null;
  const ttl = lengthOf(text);
  if (ttl <= 0)
    throw new UsageError('--for is a duration such as 24h; days are written in hours, such as 72h');
  return ttl;
}

function lengthOf(text: string): number {
  try {
    return parseDuration(text);
  } catch {
    return 0;
  }
}

/** Shuts somebody out, and ends what they hold. @returns the exit code */
export async function shutOut(key: BlockKey, { given, io, store, config }: Around): Promise<number> {
  const ttl = blockTtl(given);
  const reason = textOption(given, 'reason') ?? '';
  const found: GrantSummary[] = [];
  for await (const one of grantsOf(store, everyGrant, (grant) => isLiving(grant) && isOf(grant, key)))
    found.push(one);
  if (found.length === 0 && !isConfigured(key, config) && (key.kind === 'client' || key.kind === 'user'))
    io.stderr(`nobody is signed in with this ${key.kind}: see that it is written as the lists show it\n`);
  const also = found.length === 0 ? '' : `, and end ${grants(found.length)}`;
  if (!(await agreed(given, io, `Block this ${key.kind}${also}?`))) return 1;
  // First the door, then the room: whoever is inside cannot come back in between.
  if ((await store.putBlock({ ...key, reason, ttl })) === 'full')
    throw new SallyportError(
      'storage_failed',
      'too many are blocked: unblock some, or use the configuration',
    );
  const ended = await endGrants(found, { store, config, io });
  await tell('client_denied', key, { config, io, reason });
  io.stdout(`blocked; ${grants(ended)} ended; a running gateway notices within five seconds\n`);
  return 0;
}

function grants(count: number): string {
  return `${count} grant${count === 1 ? '' : 's'}`;
}

/** Lets somebody in again. @returns the exit code */
export async function letIn(key: BlockKey, { io, store, config }: Omit<Around, 'given'>): Promise<number> {
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
}

function isConfigured({ kind, value }: BlockKey, { clients }: Config): boolean {
  return kind === 'client' && clients.some(({ clientId }) => sha256(clientId) === value);
}

/** Clients and users have grants; a host or software id is only at the door. */
function isOf({ client, userId }: GrantSummary, { kind, value }: BlockKey): boolean {
  return (kind === 'client' && client === value) || (kind === 'user' && userId === value);
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
