import { findMac, mac } from '../crypto/hmac.ts';
import type { MacKey } from '../crypto/hmac.ts';
import { randomBytes } from '../crypto/random.ts';
import type { Log } from '../observe/log.ts';
import { OAuthError } from '../oauth/errors.ts';
import type { RegistrationSteps, StoredRegistration } from '../store/registration-contract.ts';
import type { Clock, Milliseconds } from '../types/time.ts';
import type { Client } from './client.ts';
import type { ClientRegistry } from './registry.ts';
import type { RegistrationResponse } from './registration.ts';

/** Clients whose registration is kept in the store, and may be changed and removed by whoever registered (RFC 7592). */
export interface StoredClients {
  /** Keeps what was registered, and gives it an id and a token of its own. @throws {OAuthError} when there is no room */
  keep(registered: RegistrationResponse, source: string): Promise<RegistrationResponse>;
  /** @throws {ClientProblem} `refused` for a registration that today's policy does not want */
  find(id: string): Promise<Client | null>;
  /** It was given tokens, and stays for longer; nothing to wait for when that is known. Never fails. */
  served(client: Client): Promise<void> | null;
  /** Of whoever has the registration's token; `null` for everybody else, and for a registration that is over. */
  open(id: string, token: string): Promise<Managed | null>;
}

/** A registration in the hands of whoever registered it. */
export interface Managed {
  readonly client: Client;
  readonly used: boolean;
  /** An initial access token or such stood up for it when it registered. */
  readonly vouched: boolean;
  /** What its client is told of it (RFC 7592 §3). */
  readonly told: RegistrationResponse;
  /** Puts what was registered now in its place; `null` when somebody else has changed or removed it meanwhile. */
  change(registered: RegistrationResponse): Promise<RegistrationResponse | null>;
  /** False when somebody else has removed it meanwhile. */
  remove(): Promise<boolean>;
}

export interface StoredClientsOptions {
  readonly store: RegistrationSteps;
  readonly registry: Pick<ClientRegistry, 'find' | 'describe'>;
  /** The first signs ids, all verify. */
  readonly idKeys: readonly MacKey[];
  /** The first makes registration access tokens, all recognise them. */
  readonly tokenKeys: readonly MacKey[];
  /** Where a registration is read, changed and removed, without its id. */
  readonly address: string;
  /** How long one counts after it was used. */
  readonly ttl: Milliseconds;
  readonly clock: Clock;
  readonly log: Log;
}

const prefix = 'sp_s1_';
const randomLength = 16;
const tagLength = 16;

/** How long one counts that nobody has used (one hour). */
const unusedTtl: Milliseconds = 3_600_000;

/** A longer life is written once a day. */
const day: Milliseconds = 86_400_000;

/** Whether an id is one of those, made by whomever. */
export function isStoredId(id: string): boolean {
  return id.startsWith(prefix);
}

export function createStoredClients(options: StoredClientsOptions): StoredClients {
  const { store, registry, idKeys, tokenKeys, ttl, clock, log } = options;
  const rows = new WeakMap<Client, StoredRegistration>();
  const find = async (id: string): Promise<Client | null> => {
    // An id that we never made does not reach the store.
    if (!isOurs(id, idKeys)) return null;
    const row = await store.getRegistration(id);
    const registered = row && registry.find(row.value);
    if (!row || !registered) return null;
    const client = { ...registered, id };
    rows.set(client, row);
    return client;
  };
  return {
    find,
    async keep(registered, source) {
      const id = makeId(idKeys);
      const put = await store.putRegistration({ id, value: registered.client_id, source, ttl: unusedTtl });
      if (put === 'full')
        throw new OAuthError('temporarily_unavailable', 'too many clients are registered; try again later', {
          headers: { 'retry-after': '300' },
        });
      return described(registered, { id, options });
    },
    served(client) {
      const row = rows.get(client);
      if (!row || (row.used && clock() + ttl - row.expiresAt < day)) return null;
      return store.keepRegistration({ id: row.id, ttl }).catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : 'unknown';
        log.warn({ reason }, 'a registration could not be kept for longer');
      });
    },
    async open(id, token) {
      if (!isOurs(id, idKeys) || !isTokenOf(id, token, tokenKeys)) return null;
      const client = await find(id);
      const row = client && rows.get(client);
      return client && row ? manage(options, { client, row }) : null;
    },
  };
}

function manage(
  options: StoredClientsOptions,
  { client, row }: { readonly client: Client; readonly row: StoredRegistration },
): Managed | null {
  const { store, registry } = options;
  const { id, value: before, used } = row;
  const known = registry.describe(before);
  if (!known) return null;
  const told = (registered: RegistrationResponse): RegistrationResponse => ({
    ...described(registered, { id, options }),
    client_id_issued_at: Math.floor(row.createdAt / 1000),
  });
  return {
    client,
    used,
    vouched: known.vouched,
    told: told(known.response),
    change: async (registered) =>
      (await store.changeRegistration({ id, before, value: registered.client_id })) ? told(registered) : null,
    remove: async () => (await store.removeRegistration(id)) !== null,
  };
}

/** What the client is told (RFC 7592 §3). */
function described(
  registered: RegistrationResponse,
  { id, options: { tokenKeys, address } }: { readonly id: string; readonly options: StoredClientsOptions },
): RegistrationResponse {
  const [key] = tokenKeys;
  if (!key) throw new TypeError('registration access tokens need a key');
  return {
    ...registered,
    client_id: id,
    registration_client_uri: `${address}?client_id=${id}`,
    registration_access_token: mac(key, tokenInput(id)).toString('base64url'),
  };
}

function makeId([key]: readonly MacKey[]): string {
  if (!key) throw new TypeError('client ids need a key');
  const random = randomBytes(randomLength);
  const tag = mac(key, idInput(random)).subarray(0, tagLength);
  return prefix + Buffer.concat([random, tag]).toString('base64url');
}

function isOurs(id: string, keys: readonly MacKey[]): boolean {
  const text = id.slice(prefix.length);
  const bytes = Buffer.from(text, 'base64url');
  if (!isStoredId(id) || bytes.length !== randomLength + tagLength || bytes.toString('base64url') !== text)
    return false;
  return findMac(keys, idInput(bytes.subarray(0, randomLength)), bytes.subarray(randomLength)) !== null;
}

/** Apart from the ids that carry their registration: those are signed with their own prefix in front. */
function idInput(random: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`stored ${prefix}`), random]);
}

/** Tokens are derived, so that the store holds none. */
function isTokenOf(id: string, token: string, keys: readonly MacKey[]): boolean {
  const bytes = Buffer.from(token, 'base64url');
  return bytes.length === 32 && findMac(keys, tokenInput(id), bytes) !== null;
}

/** Apart from clients' secrets, which are made of the id alone. */
function tokenInput(id: string): string {
  return `registration access ${id}`;
}
