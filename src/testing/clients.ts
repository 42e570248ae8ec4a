import type { JWK } from 'jose';
import type { ClientAuthentication } from './quirks/tokens.ts';

/** An application that the provider knows. */
export interface SimulatedClient {
  readonly client_id: string;
  /** Absent for public clients and for those with keys. */
  readonly client_secret?: string;
  /** Compared character by character. */
  readonly redirect_uris: readonly string[];
  /** Public keys, for `private_key_jwt`. */
  readonly jwks?: { readonly keys: readonly JWK[] };
  /** Holds the client to one method; absent: any that the provider accepts and the client can use. */
  readonly token_endpoint_auth_method?: ClientAuthentication;
  /** Milliseconds since 1970 at which a registered secret ends. */
  readonly secretExpiresAt?: number;
  /** For RFC 7592. */
  readonly registrationAccessToken?: string;
}

/** The client of a simulator that is given none. */
export const defaultClient: SimulatedClient = {
  client_id: 'test-client',
  client_secret: 'test-client-secret',
  redirect_uris: ['http://127.0.0.1/callback'],
};
