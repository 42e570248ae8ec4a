import { deriveKeyBytes, deriveMacKey } from '../crypto/hmac.ts';
import type { MacKey } from '../crypto/hmac.ts';
import { randomBytes } from '../crypto/random.ts';
import type { Sealer } from '../crypto/seal.ts';
import { createSealer } from '../crypto/seal.ts';
import { SallyportError } from '../types/error.ts';
import type { Secret } from '../types/secret.ts';
import type { RingStore } from './wrapped-ring.ts';
import { openWrappedRing } from './wrapped-ring.ts';

/** One key per purpose, never one for two. */
export interface KeyRings {
  /** MAC of codes and refresh tokens. The first signs, all verify; likewise below. */
  readonly token: readonly MacKey[];
  readonly loginState: readonly MacKey[];
  readonly transactions: Sealer;
  /** Tags of MCP session ids. */
  readonly mcpSessions: readonly MacKey[];
  readonly clientIds: readonly MacKey[];
  readonly clientSecrets: readonly MacKey[];
  readonly vault: Sealer;
}

export interface OpenKeyRings {
  /** The first signs, the rest verify; empty: one that ends with the process. */
  readonly hmacSecrets: readonly Secret<Uint8Array>[];
  readonly store: RingStore;
}

/** Bytes; as `hmac_secret_files` asks. */
const minSecretLength = 32;

/**
 * Derives or opens all rings. The vault and the client ids have secrets of their own, generated once and kept in the
 * store wrapped under every HMAC secret: retiring one ends the tokens that it signed and nothing else.
 * @throws {SallyportError} `key_ring_locked` when no configured secret opens what the store holds, or when there is none
 * and the store is durable: what is sealed today could not be opened after a restart
 */
export async function openKeyRings({ hmacSecrets, store }: OpenKeyRings): Promise<KeyRings> {
  if (hmacSecrets.length === 0 && store.traits.durable) {
    throw new SallyportError(
      'key_ring_locked',
      'a store that outlives the process needs an HMAC secret that does too: name a file of at least 32 random bytes in hmac_secret_files',
    );
  }
  const secrets = hmacSecrets.length > 0 ? hmacSecrets.map(strongSecret) : [randomBytes(32)];
  const clients = await ringSecrets(store, 'clients', secrets);
  const vault = await ringSecrets(store, 'vault', secrets);
  return {
    token: secrets.map((secret) => deriveMacKey(secret, 'token')),
    loginState: secrets.map((secret) => deriveMacKey(secret, 'login-state')),
    transactions: createSealer(secrets.map((secret) => deriveKeyBytes(secret, 'transaction'))),
    mcpSessions: secrets.map((secret) => deriveMacKey(secret, 'mcp-session')),
    clientIds: clients.map((secret) => deriveMacKey(secret, 'client-id')),
    clientSecrets: clients.map((secret) => deriveMacKey(secret, 'client-secret')),
    vault: createSealer(vault.map((secret) => deriveKeyBytes(secret, 'vault'))),
  };
}

/** A short secret would be stretched to keys that look strong and are not. */
function strongSecret(secret: Secret<Uint8Array>): Uint8Array {
  const bytes = secret.reveal();
  if (bytes.length < minSecretLength) {
    throw new TypeError(`an HMAC secret has at least ${minSecretLength} bytes`);
  }
  return bytes;
}

/** A store that forgets with the process cannot keep a ring: it follows from the secrets. */
async function ringSecrets(
  store: RingStore,
  name: string,
  secrets: readonly Uint8Array[],
): Promise<readonly Uint8Array[]> {
  return store.traits.durable ? [await openWrappedRing(store, name, secrets)] : secrets;
}
