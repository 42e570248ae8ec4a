import type { RegistrationPolicyConfig } from '../config/registration-policy.ts';
import type { MacKey } from '../crypto/hmac.ts';
import { deriveKeyBytes, deriveMacKey } from '../crypto/hmac.ts';

/**
 * Which keys make and verify ids of clients. They have numbers, so that one of them can be revoked: an id does not say when
 * it was made, and where it does, whoever has its key could say otherwise.
 */
export interface ClientKeyNumbers {
  /** Makes ids. */
  readonly signs: number;
  /** Verifies none any more. */
  readonly revoked: readonly number[];
}

/** As the configuration has them. */
export function clientKeyNumbers({
  idKey: signs,
  revokedIdKeys: revoked,
}: Pick<RegistrationPolicyConfig, 'idKey' | 'revokedIdKeys'>): ClientKeyNumbers {
  return { signs, revoked };
}

/** What is in force where nothing is written. */
export const firstClientKey: ClientKeyNumbers = { signs: 1, revoked: [] };

/** What ids and secrets of clients are made with. The first makes, all verify. */
export interface ClientKeyRings {
  readonly clientIds: readonly MacKey[];
  readonly clientSecrets: readonly MacKey[];
}

/** The numbers that count, the one that makes ids first. */
export function livingNumbers({ signs, revoked }: ClientKeyNumbers): readonly number[] {
  const all = Array.from({ length: signs }, (_each, index) => signs - index);
  return all.filter((number) => !revoked.includes(number));
}

/** The name of a ring in the store. The first had its name before there were numbers. */
export function ringNameOf(number: number): string {
  return number === 1 ? 'clients' : `clients-${number}`;
}

/**
 * The secrets of one number for a store that forgets with the process: they follow from the HMAC secrets. Those that were
 * configured earlier in this process count for the first number alone: whoever takes a secret out because it has leaked, and
 * counts one up, must not meet it again in the next.
 */
export function derivedClientSecrets(
  number: number,
  secrets: { readonly configured: readonly Uint8Array[]; readonly retired: readonly Uint8Array[] },
): readonly Uint8Array[] {
  const { configured, retired } = secrets;
  if (number === 1) return [...configured, ...retired];
  return configured.map((secret) => deriveKeyBytes(secret, `clients-${number}`));
}

/** Keys of the secrets of all numbers that count. */
export function clientKeyRings(secrets: readonly Uint8Array[]): ClientKeyRings {
  return {
    clientIds: secrets.map((secret) => deriveMacKey(secret, 'client-id')),
    clientSecrets: secrets.map((secret) => deriveMacKey(secret, 'client-secret')),
  };
}
