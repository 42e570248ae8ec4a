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
  /** The block that a client falls under; `null`: none. Never rejects. */
  ofClient(client: Pick<Client, 'id' | 'host' | 'redirectUris' | 'softwareId'>): Promise<Shut | null>;
  /** The block that a user falls under. Never rejects. */
  ofUser(userId: string): Promise<Shut | null>;
}

/** Why somebody is shut out. */
export interface Shut {
  readonly kind: BlockKind;
  /** In the operator's words; '' for none. For the operator alone. */
  readonly reason: string;
}

export interface BlockListOptions {
  readonly configured: readonly BlockConfig[];
  readonly store: Pick<AuthStore, 'listBlocks'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** How long a look at the store counts: a command is noticed within five seconds. */
const freshFor: Milliseconds = 4000;

type Entry = Pick<Block, 'kind' | 'value' | 'reason'>;

/** What is asked at every request is at hand; the store is asked now and then, and while it fails the last word counts. */
export function createBlockList({ configured, store, clock, log }: BlockListOptions): BlockList {
  const fixed = configured.map(({ kind, value, reason }) => ({
    kind,
    value: kind === 'client' ? sha256(value) : value,
    reason,
  }));
  let entries = indexOf(fixed);
  let lookedAt = Number.NEGATIVE_INFINITY;
  let looking: Promise<void> | null = null;

  const look = async (): Promise<void> => {
    try {
      entries = indexOf([...fixed, ...(await store.listBlocks())]);
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unknown';
      log.warn({ reason }, 'the list of who is shut out cannot be read: the last one counts');
    }
  };
  const current = (): Promise<void> | undefined => {
    if (looking) return looking;
    if (Math.abs(clock() - lookedAt) < freshFor) return undefined;
    lookedAt = clock();
    looking = look().finally(() => (looking = null));
    return looking;
  };

  return {
    async ofClient(client) {
      await current();
      const { id, host, redirectUris, softwareId } = client;
      if (entries.size === 0) return null;
      const hosts = [...(host === null ? [] : [withoutPort(host)]), ...redirectUris.flatMap(placesOf)];
      return (
        entries.get(`client:${sha256(id)}`) ??
        (softwareId === null ? null : entries.get(`software:${softwareId}`)) ??
        entries.hosts.find(({ value }) => hosts.some((one) => matchesHost(one, [value]))) ??
        null
      );
    },
    async ofUser(userId) {
      await current();
      return entries.get(`user:${userId}`) ?? null;
    },
  };
}

interface Index {
  readonly size: number;
  get(name: string): Entry | undefined;
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
