import type { ClientAuthMethod } from '../config/config.ts';

/** Somebody who asks for tokens, wherever its registration comes from. */
export interface Client {
  readonly id: string;
  readonly source: 'static' | 'dcr';
  /** As the client calls itself; `null` when it did not say. Never trust it. */
  readonly name: string | null;
  readonly redirectUris: readonly string[];
  readonly grantTypes: readonly string[];
  readonly authMethod: ClientAuthMethod;
  /** Both `client_secret_basic` and `client_secret_post` are taken (forced confidential clients). */
  readonly anySecretMethod: boolean;
  /** Seconds since the epoch; 0: the secret does not expire. */
  readonly secretExpiresAt: number;
  /** Compares in constant time; always false for a public client. */
  checkSecret(secret: string): boolean;
  /** `null`: every supported scope. */
  readonly scopes: readonly string[] | null;
  readonly idTokenAlg: string | null;
  /** Resources whose tokens it may introspect. */
  readonly introspects: readonly string[];
}
