import type { CimdClients } from './cimd/cimd-clients.ts';
import type { ClientSnapshot } from './cimd/document-client.ts';
import { isDocumentId } from './cimd/document-url.ts';
import type { Client } from './client.ts';
import type { RegistrationResponse } from './registration.ts';
import type { ClientRegistry, Registrant } from './registry.ts';

/** Everybody who may ask for tokens, from whatever source. */
export interface Clients {
  /**
   * `null` for an unknown client, and for a registration that is over.
   * @throws {ClientProblem} for one that says who it is, and cannot be let in
   * @throws {SallyportError} `storage_failed`
   */
  find(clientId: string): Promise<Client | null>;
  /**
   * As {@link find}, for somebody who presents a token of ours: nobody else has to answer for that, unless the client proves
   * itself by an assertion, whose key only its document has.
   */
  holder(clientId: string, options: { readonly asserts: boolean }): Promise<Client | null>;
  /**
   * As {@link find}, for a login that goes on, as its user was shown the client.
   * @param shown what the login has of it; none for a client that is not described by a document
   */
  resume(
    login: { readonly clientId: string; readonly redirectUri: string },
    shown: ClientSnapshot | undefined,
  ): Promise<Client | null>;
  /** A client was given tokens: what is known of it may be brought up to date. Never waits, never fails. */
  served(client: Client): void;
  /**
   * Registers a client (RFC 7591 §3.1).
   * @throws {OAuthError} `invalid_redirect_uri`, `invalid_client_metadata`, `invalid_token`, `temporarily_unavailable`
   */
  register(metadata: unknown, from?: Registrant): Promise<RegistrationResponse>;
}

/** What the sources are. */
export interface ClientSources {
  /** Clients that are known without asking anybody. */
  readonly registry: ClientRegistry;
  /** Clients whose id is the address of a document; absent: there are none. */
  readonly cimd?: CimdClients;
}

export function createClients({ registry, cimd }: ClientSources): Clients {
  const known = (id: string): Client | null => registry.find(id);
  const described = (id: string): CimdClients | undefined => (isDocumentId(id) ? cimd : undefined);
  return {
    find: async (id) => known(id) ?? described(id)?.find(id) ?? null,
    holder: async (id, options) => known(id) ?? described(id)?.holder(id, options) ?? null,
    resume: async (login, shown) => {
      const { clientId: id } = login;
      const source = described(id);
      return known(id) ?? (shown ? source?.resume(login, shown) : source?.find(id)) ?? null;
    },
    served: ({ source, id }) => {
      if (source === 'cimd') cimd?.refresh(id);
    },
    register: async (metadata, from) => registry.register(metadata, from),
  };
}
