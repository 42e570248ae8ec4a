import type { Config } from '../config/config.ts';
import { sha256 } from '../crypto/hash.ts';
import { decodeGrantData } from '../server/grant-data.ts';
import { knownLabel, readTrace } from '../server/login-trace.ts';
import type { Milliseconds } from '../types/time.ts';
import type { AuthStore } from '../store/contract.ts';
import type { StoredRegistration } from '../store/registration-contract.ts';
import { everyGrant, grantsOf, isLiving } from './end-grants.ts';

/** What a store and the configuration tell about one client. */
export interface ClientSummary {
  /** Hash of its id. */
  readonly client: string;
  /** As it called itself last. */
  readonly name: string | null;
  /** Which known client its last login was taken for, and how sure that is; `null`: none. */
  readonly known: string | null;
  /** Its id, where the configuration has it, or its registration is kept. */
  readonly id: string | null;
  /** Where its document is, or else where its codes went last: '' for an app on a computer; `null`: not known. */
  readonly at: string | null;
  readonly living: number;
  readonly users: ReadonlySet<string>;
  readonly firstAt: Milliseconds;
  readonly lastAt: Milliseconds;
}

/** Every client that has grants, is in the configuration or is kept, the one that was used last first. */
export async function summariseClients(
  store: AuthStore,
  { clients }: Pick<Config, 'clients'>,
): Promise<readonly ClientSummary[]> {
  const found = new Map<string, ClientSummary>();
  for (const { clientId, clientName } of clients) {
    const client = sha256(clientId);
    found.set(client, { ...nothingYet, client, name: clientName, id: clientId });
  }
  for await (const { id, createdAt } of registrationsOf(store)) {
    const client = sha256(id);
    found.set(client, { ...nothingYet, client, id, firstAt: createdAt });
  }
  for await (const grant of grantsOf(store, everyGrant, () => true)) {
    const { client, userId, createdAt, lastUsedAt, data } = grant;
    const before = found.get(client);
    const { clientName, trace } = decodeGrantData(data);
    const seen = readTrace(trace);
    found.set(client, {
      client,
      name: clientName ?? before?.name ?? null,
      known: (seen && knownLabel(seen)) ?? before?.known ?? null,
      id: before?.id ?? null,
      at: (seen && (seen.host || seen.target)) ?? before?.at ?? null,
      living: (before?.living ?? 0) + (isLiving(grant) ? 1 : 0),
      users: new Set([...(before?.users ?? []), userId]),
      firstAt: Math.min(before?.firstAt || createdAt, createdAt),
      lastAt: Math.max(before?.lastAt ?? 0, lastUsedAt, createdAt),
    });
  }
  return [...found.values()].toSorted((one, other) => other.lastAt - one.lastAt);
}

const nothingYet = {
  name: null,
  known: null,
  at: null,
  living: 0,
  users: new Set<string>(),
  firstAt: 0,
  lastAt: 0,
};

async function* registrationsOf(store: AuthStore): AsyncGenerator<StoredRegistration> {
  for (let page = await store.listRegistrations(''); page.length > 0;) {
    yield* page;
    page = await store.listRegistrations(page.at(-1)?.id ?? '');
  }
}
