import type { Client } from './client.ts';
import type { RegistrationResponse } from './registration.ts';
import type { ClientRegistry } from './registry.ts';

/** Everybody who may ask for tokens, from whatever source. */
export interface Clients {
  /**
   * `null` for an unknown client, and for a registration that is over.
   * @throws {ClientProblem} for one that says who it is, and cannot be let in
   * @throws {SallyportError} `storage_failed`
   */
  find(clientId: string): Promise<Client | null>;
  /**
   * Registers a client (RFC 7591 §3.1).
   * @throws {OAuthError} `invalid_redirect_uri`, `invalid_client_metadata`
   */
  register(metadata: unknown): Promise<RegistrationResponse>;
}

/** What the sources are. */
export interface ClientSources {
  /** Clients that are known without asking anybody. */
  readonly registry: ClientRegistry;
}

export function createClients({ registry }: ClientSources): Clients {
  return {
    find: async (clientId) => registry.find(clientId),
    register: async (metadata) => registry.register(metadata),
  };
}
