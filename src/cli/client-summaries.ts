import type { Config } from '../config/config.ts';
import { sha256 } from '../crypto/hash.ts';
import { decodeGrantData } from '../server/grant-data.ts';
import { knownLabel, readTrace } from '../server/login-trace.ts';
import type { Milliseconds } from '../types/time.ts';
import type { AuthStore } from '../store/contract.ts';
import { everyGrant, grantsOf, isLiving } from './end-grants.ts';

/** What the grants of a store tell about one client. */
export interface ClientSummary {
  /** Hash of its id. */
  readonly client: string;
  /** As it called itself last. */
  readonly name: string | null;
  /** Which known client its last login was taken for, and how sure that is; `null`: none. */
  readonly known: string | null;
  /** Its id, where the configuration has it. */
  readonly configured: string | null;
  readonly living: number;
  readonly users: ReadonlySet<string>;
  readonly firstAt: Milliseconds;
  readonly lastAt: Milliseconds;
}

/** Every client that has grants or is in the configuration, the one that was used last first. */
export async function summariseClients(
  store: AuthStore,
  { clients }: Pick<Config, 'clients'>,
): Promise<readonly ClientSummary[]> {
  const found = new Map<string, ClientSummary>(
    clients.map(({ clientId, clientName }) => {
      const client = sha256(clientId);
      const summary = {
        client,
        name: clientName,
        known: null,
        configured: clientId,
        living: 0,
        users: new Set<string>(),
      };
      return [client, { ...summary, firstAt: 0, lastAt: 0 }];
    }),
  );
  for await (const grant of grantsOf(store, everyGrant, () => true)) {
    const { client, userId, createdAt, lastUsedAt, data } = grant;
    const before = found.get(client);
    const { clientName, trace } = decodeGrantData(data);
    const seen = readTrace(trace);
    found.set(client, {
      client,
      name: clientName ?? before?.name ?? null,
      known: (seen && knownLabel(seen)) ?? before?.known ?? null,
      configured: before?.configured ?? null,
      living: (before?.living ?? 0) + (isLiving(grant) ? 1 : 0),
      users: new Set([...(before?.users ?? []), userId]),
      firstAt: Math.min(before?.firstAt || createdAt, createdAt),
      lastAt: Math.max(before?.lastAt ?? 0, lastUsedAt, createdAt),
    });
  }
  return [...found.values()].toSorted((one, other) => other.lastAt - one.lastAt);
}
