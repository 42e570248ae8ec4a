import type { JWK } from 'jose';
import type { ClientAuthMethod } from '../config/config.ts';
import type { Milliseconds } from '../types/time.ts';

/** Public keys of a client that signs assertions (RFC 7523): at hand, or where they are published. */
export type ClientKeys =
  | { readonly jwks: { readonly keys: readonly JWK[] } }
  /** `named`: by the operator, so that it may be a private address where the operator allows that. */
  | { readonly jwksUri: string; readonly named?: boolean };

/** What a client's grants have instead of the server's own; `null`: nothing. */
export interface ClientLifespans {
  /** Sliding: counted again from every refresh. */
  readonly refreshToken: Milliseconds | null;
  /** Absolute end of a session. */
  readonly session: Milliseconds | null;
  /** How long a superseded refresh token still gets the current one. */
  readonly refreshGrace: Milliseconds | null;
}

/** Nothing but the server's own. */
export const usualLifespans: ClientLifespans = { refreshToken: null, session: null, refreshGrace: null };

/** Somebody who asks for tokens, wherever its registration comes from. */
export interface Client {
  readonly id: string;
  readonly source: 'static' | 'dcr' | 'cimd';
  /** As the client calls itself; `null` when it did not say. Never trust it. */
  readonly name: string | null;
  /** The host that it has proven to speak for: of a metadata document. `null`: none. */
  readonly host: string | null;
  readonly redirectUris: readonly string[];
  readonly grantTypes: readonly string[];
  readonly authMethod: ClientAuthMethod | 'private_key_jwt';
  /** Both `client_secret_basic` and `client_secret_post` are taken (forced confidential clients). */
  readonly anySecretMethod: boolean;
  /** Seconds since the epoch; 0: the secret does not expire. */
  readonly secretExpiresAt: number;
  /** Compares in constant time; always false for a public client. */
  checkSecret(secret: string): boolean;
  /** For `private_key_jwt`, else `null`; beside `none`: an assertion is measured by them when there is one. */
  readonly keys: ClientKeys | null;
  /** `null`: every supported scope. */
  readonly scopes: readonly string[] | null;
  /** Resources that it may ask for; `null`: each. */
  readonly resources: readonly string[] | null;
  /** Whether the user is asked every time, only when something is new, or never. */
  readonly consent: 'ask' | 'remember' | 'skip';
  readonly lifespans: ClientLifespans;
  /** As it registered; `null` when it did not say. */
  readonly applicationType: 'native' | 'web' | null;
  /** As it registered (RFC 7591 §2); `null` when it did not say. Never trust it. */
  readonly softwareId: string | null;
  /** The issuer of a software statement that vouches for it and is believed today; absent: nobody does. */
  readonly voucher?: string;
  /** Nobody has named its host, and its document, which says who vouches for it, is not at hand. */
  readonly needsVoucher?: true;
  /** An https address of a picture, which we fetch and serve ourselves; absent: none. */
  readonly logoUri?: string;
  readonly idTokenAlg: string | null;
  /** Resources whose tokens it may introspect. */
  readonly introspects: readonly string[];
}
