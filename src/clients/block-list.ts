import type { BlockConfig } from '../config/blocked.ts';
import { matchesHost } from '../config/host-pattern.ts';
import { sha256 } from '../crypto/hash.ts';
import type { Log } from '../observe/log.ts';
import type { Block, BlockKind } from '../store/block-contract.ts';
import type { AuthStore } from '../store/contract.ts';
import type { Clock, Milliseconds } from '../types/time.ts';
import type { Client } from './client.ts';

/** Who is shut out, by the configuration and by the operator's commands. */
export interface BlockList {
  /** The block that a client falls under; `null`: none. */
  ofClient(client: Pick<Client, 'id' | 'host' | 'redirectUris' | 'softwareId'>): Shut | null;
  /** The block that a grant falls under by what it was issued for, whatever its client says of itself since; asked only when somebody is shut out. */
  ofIssued(grant: () => { readonly target: string; readonly softwareId: string | null }): Shut | null;
  /** The block that a user falls under. */
  ofUser(userId: string): Shut | null;
  /** Looks at the store now, so that a quiet server knows too. Never rejects. */
  look(): Promise<void>;
}

/** Why somebody is shut out. */
export interface Shut {
  readonly kind: BlockKind;
  /** As the block names it: of a client the hash of its id. */
  readonly value: string;
  /** In the operator's words; '' for none. For the operator alone. */
  readonly reason: string;
}

/** Whom commands have shut out, as this process knows it. */
export interface StoredBlocks {
  /** What was known at the last look; starts another when that was a while ago, and waits for none. */
  readonly known: () => readonly Block[];
  /** Looks now. Never rejects. */
  readonly look: () => Promise<void>;
}

export interface StoredBlocksOptions {
  readonly store: Pick<AuthStore, 'listBlocks'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** How long a look at the store counts: a command is noticed within five seconds. */
const freshFor: Milliseconds = 4000;

/**
 * Nobody's request waits for this: the store is looked at now and then, on a quiet server too, and while it does not answer the
 * last word counts.
 */
export function createStoredBlocks({ store, clock, log }: StoredBlocksOptions): StoredBlocks {
  let blocks: readonly Block[] = [];
  let lookedAt = Number.NEGATIVE_INFINITY;
  let looking: Promise<void> | null = null;
  const read = async (): Promise<void> => {
    try {
      blocks = await store.listBlocks();
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unknown';
      log.warn({ reason }, 'the list of who is shut out cannot be read: the last one counts');
    }
  };
  const look = (): Promise<void> => {
    lookedAt = clock();
    looking ??= read().finally(() => (looking = null));
    return looking;
  };
  return {
    look,
    known() {
      if (Math.abs(clock() - lookedAt) >= freshFor) void look();
      return blocks;
    },
  };
}

type Entry = Pick<Block, 'kind' | 'value' | 'reason'>;

/** Asked at every request. */
export function createBlockList({
  configured,
  stored,
}: {
  readonly configured: readonly BlockConfig[];
  readonly stored: StoredBlocks;
}): BlockList {
  const fixed = configured.map(({ kind, value, reason }) => ({
    kind,
    value: kind === 'client' ? sha256(value) : value,
    reason,
  }));
  let seen: readonly Block[] = [];
  let entries = indexOf(fixed);
  const current = (): Index => {
    const known = stored.known();
    if (known !== seen) entries = indexOf([...fixed, ...known]);
    seen = known;
    return entries;
  };
  const ofPlaces = (
    { get, hosts }: Index,
    softwareId: string | null,
    places: readonly string[],
  ): Entry | null =>
    (softwareId === null ? null : get(`software:${softwareId}`)) ??
    hosts.find(({ value }) => places.some((one) => matchesHost(one, [value]))) ??
    null;
  return {
    ofClient({ id, host, redirectUris, softwareId }) {
      const index = current();
      if (index.size === 0) return null;
      const places = [...(host === null ? [] : [withoutPort(host)]), ...redirectUris.flatMap(placesOf)];
      return index.get(`client:${sha256(id)}`) ?? ofPlaces(index, softwareId, places);
    },
    ofIssued(grant) {
      const index = current();
      if (index.size === 0) return null;
      const { target, softwareId } = grant();
      return ofPlaces(index, softwareId, target === '' ? [] : [withoutPort(target)]);
    },
    ofUser(userId) {
      const { size, get } = current();
      return size === 0 ? null : (get(`user:${userId}`) ?? null);
    },
    look: stored.look,
  };
}

interface Index {
  readonly size: number;
  readonly get: (name: string) => Entry | undefined;
  readonly hosts: readonly Entry[];
}

function indexOf(all: readonly Entry[]): Index {
  const byName = new Map(all.map((entry) => [`${entry.kind}:${entry.value}`, entry]));
  return {
    size: all.length,
    get: (name) => byName.get(name),
    hosts: all.filter(({ kind }) => kind === 'host'),
  };
}

/** Where answers go: the host, or the scheme of an app, each in the spelling that blocks have. */
function placesOf(uri: string): readonly string[] {
  const url = URL.parse(uri);
  if (!url) return [];
  const web = url.protocol === 'https:' || url.protocol === 'http:';
  return [web ? url.hostname.replace(/\.$/u, '') : url.protocol];
}

function withoutPort(host: string): string {
  return host.replace(/:\d+$/u, '');
}
