import { deriveKeyBytes, deriveMacKey } from '../crypto/hmac.ts';
import type { MacKey } from '../crypto/hmac.ts';
import { randomBytes } from '../crypto/random.ts';
import type { Sealer } from '../crypto/seal.ts';
import { createSealer } from '../crypto/seal.ts';
import { SallyportError } from '../types/error.ts';
import type { Secret } from '../types/secret.ts';
import type { Clock, Milliseconds } from '../types/time.ts';
import type { ClientKeyNumbers, ClientKeyRings } from './client-key-rings.ts';
import {
  clientKeyRings,
  derivedClientSecrets,
  firstClientKey,
  livingNumbers,
  ringNameOf,
} from './client-key-rings.ts';
import type { KeyPlan } from './key-history.ts';
import type { RingStore } from './wrapped-ring.ts';
import { openWrappedRing } from './wrapped-ring.ts';

/** One key per purpose, never one for two. */
export interface KeyRings extends ClientKeyRings {
  /** MAC of codes and refresh tokens. The first signs, all verify; likewise below. */
  readonly token: readonly MacKey[];
  readonly loginState: readonly MacKey[];
  readonly transactions: Sealer;
  /** Tags of MCP session ids. */
  readonly mcpSessions: readonly MacKey[];
  /** Sessions, forms and upstream legs of the connections page. */
  readonly connections: Sealer;
  /** As `loginState`, for the upstream legs of the connections page: a state of one never opens as the other's. */
  readonly connectionsState: readonly MacKey[];
  /** For whom a link to the connections page was made. */
  readonly connectionsLink: readonly MacKey[];
  /** Addresses of logos that we serve. */
  readonly clientLogos: readonly MacKey[];
  readonly vault: Sealer;
}

/** Open rings, and how their secrets take turns. */
export interface OpenedKeyRings {
  readonly rings: KeyRings;
  readonly plan: KeyPlan;
}

export interface OpenKeyRings {
  /** The first signs, the rest verify; empty: one that ends with the process. */
  readonly hmacSecrets: readonly Secret<Uint8Array>[];
  readonly store: RingStore;
  /** Secrets that were configured earlier in this process: what they sealed into a store that forgets still opens. */
  readonly retired?: readonly Secret<Uint8Array>[];
  readonly clock?: Clock;
  /** Which secret signs; asked once the rings are open. Without it the first. */
  readonly plan?: () => Promise<KeyPlan>;
  /** How long wraps of secrets stay that nobody configures any more. */
  readonly grace?: Milliseconds;
  /** Which keys make and verify ids of clients. */
  readonly clientKeys?: ClientKeyNumbers;
}

/** Bytes; as `hmac_secret_files` asks. */
const minSecretLength = 32;

const week: Milliseconds = 7 * 86_400_000;

/**
 * Derives or opens all rings. The vault and the client ids have secrets of their own, generated once and kept in the
 * store wrapped under every HMAC secret: retiring one ends the tokens that it signed and nothing else. A store that forgets
 * with the process cannot keep a ring: it follows from the secrets.
 * @throws {SallyportError} `key_ring_locked` when no configured secret opens what the store holds, or when there is none
 * and the store is durable: what is sealed today could not be opened after a restart
 */
export async function openKeyRings({
  hmacSecrets,
  store,
  retired = [],
  clock = Date.now,
  grace = week,
  plan = firstSigns,
  clientKeys = firstClientKey,
}: OpenKeyRings): Promise<OpenedKeyRings> {
  if (hmacSecrets.length === 0 && store.traits.durable) {
    throw new SallyportError(
      'key_ring_locked',
      'a store that outlives the process needs an HMAC secret that does too: name a file of at least 32 random bytes in hmac_secret_files',
    );
  }
  const configured = hmacSecrets.length > 0 ? hmacSecrets.map(strongSecret) : [randomBytes(32)];
  const ring = async (name: string): Promise<Uint8Array | null> =>
    store.traits.durable ? openWrappedRing(store, name, { secrets: configured, clock, grace }) : null;
  const numbers = livingNumbers(clientKeys);
  const keptClients: (Uint8Array | null)[] = [];
  for (const number of numbers) keptClients.push(await ring(ringNameOf(number)));
  const keptVault = await ring('vault');
  const planned = await plan();
  const secrets = startingWith(configured, planned.hmac.signs);
  const known = { configured: secrets, retired: retired.map(strongSecret) };
  const clients = numbers.flatMap((number, index) => {
    const kept = keptClients[index] ?? null;
    return kept === null ? derivedClientSecrets(number, known) : [kept];
  });
  const vault = keptVault === null ? [...secrets, ...known.retired] : [keptVault];
  const rings = {
    token: secrets.map((secret) => deriveMacKey(secret, 'token')),
    loginState: secrets.map((secret) => deriveMacKey(secret, 'login-state')),
    transactions: createSealer(secrets.map((secret) => deriveKeyBytes(secret, 'transaction'))),
    mcpSessions: secrets.map((secret) => deriveMacKey(secret, 'mcp-session')),
    connections: createSealer(secrets.map((secret) => deriveKeyBytes(secret, 'connections'))),
    connectionsState: secrets.map((secret) => deriveMacKey(secret, 'connections-state')),
    connectionsLink: secrets.map((secret) => deriveMacKey(secret, 'connections-link')),
    ...clientKeyRings(clients),
    clientLogos: secrets.map((secret) => deriveMacKey(secret, 'client-logo')),
    vault: createSealer(vault.map((secret) => deriveKeyBytes(secret, 'vault'))),
  };
  return { rings, plan: planned };
}

const firstSigns = (): Promise<KeyPlan> =>
  Promise.resolve({ signing: { signs: 0, next: null }, hmac: { signs: 0, next: null }, missed: [] });

/** The others keep their order. */
function startingWith(secrets: readonly Uint8Array[], index: number): readonly Uint8Array[] {
  return [...secrets.slice(index, index + 1), ...secrets.filter((_secret, at) => at !== index)];
}

/** A short secret would be stretched to keys that look strong and are not. */
function strongSecret(secret: Secret<Uint8Array>): Uint8Array {
  const bytes = secret.reveal();
  if (bytes.length < minSecretLength) {
    throw new TypeError(`an HMAC secret has at least ${minSecretLength} bytes`);
  }
  return bytes;
}

/** What a secret is called in the history of keys; says nothing about it. */
export function secretName(secret: Secret<Uint8Array>): string {
  return deriveKeyBytes(secret.reveal(), 'name').toString('base64url').slice(0, 22);
}
