import type { CimdClients } from './cimd/cimd-clients.ts';
import type { ClientSnapshot } from './cimd/document-client.ts';
import { isDocumentId } from './cimd/document-url.ts';
import type { BlockList } from './block-list.ts';
import type { Client } from './client.ts';
import { ClientProblem } from './client-problem.ts';
import type { RegistrationResponse } from './registration.ts';
import type { ClientRegistry, Registrant } from './registry.ts';
import type { StoredClients } from './stored-clients.ts';
import { isStoredId } from './stored-clients.ts';
import type { SoftwareStatements } from './software-statement.ts';
import { proveStated, readStated } from './stated-registration.ts';

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
  /** A client was given tokens: what is known of it may be brought up to date. `null`: nothing to wait for. Never fails. */
  served(client: Client): Promise<void> | null;
  /**
   * Registers a client (RFC 7591 §3.1).
   * @throws {OAuthError} `invalid_redirect_uri`, `invalid_client_metadata`, `invalid_token`, `temporarily_unavailable`
   * @throws {RegistrationRefused} by today's policy, or for the statement that it comes with
   */
  register(metadata: unknown, from?: Registrant): Promise<RegistrationResponse>;
  /** As {@link register}, and nothing is kept: for a registration that is there. */
  judge(metadata: unknown, from: Registrant): Promise<RegistrationResponse>;
  /** A kept registration, for whoever has its token (RFC 7592). */
  open: StoredClients['open'];
  /** Whether who vouched for a client is believed today. */
  believes: SoftwareStatements['believes'];
}

/** What the sources are. */
export interface ClientSources {
  /** Clients that are known without asking anybody. */
  readonly registry: ClientRegistry;
  /** Clients whose id is the address of a document; absent: there are none. */
  readonly cimd?: CimdClients;
  /** Clients whose registration is kept, and whether those of now are; absent: there are none. */
  readonly stored?: StoredClients & { readonly keeps: boolean };
  /** What others say of clients that register; absent: it is not looked at. */
  readonly statements?: SoftwareStatements;
  /** Who is shut out; absent: nobody. */
  readonly blocks?: Pick<BlockList, 'ofClient'>;
}

/** Every way to a client asks whether it is shut out. */
export function createClients(sources: ClientSources): Clients {
  const { registry, cimd, stored, statements, blocks } = sources;
  const known = (id: string): Client | null | Promise<Client | null> =>
    stored && isStoredId(id) ? stored.find(id) : registry.find(id);
  const described = (id: string): CimdClients | undefined => (isDocumentId(id) ? cimd : undefined);
  const admitted = (client: Client | null): Client | null => {
    const shut = client && blocks?.ofClient(client);
    if (shut) throw new ClientProblem('refused', 'Whoever runs this server has shut the app out.');
    return client;
  };
  return {
    find: async (id) => admitted((await known(id)) ?? (await described(id)?.find(id)) ?? null),
    holder: async (id, options) =>
      admitted((await known(id)) ?? (await described(id)?.holder(id, options)) ?? null),
    resume: async (login, shown) => {
      const { clientId: id } = login;
      const source = described(id);
      const client =
        (await known(id)) ?? (await (shown ? source?.resume(login, shown) : source?.find(id))) ?? null;
      return admitted(client);
    },
    served(client) {
      if (client.source === 'cimd') cimd?.refresh(client.id);
      return stored?.served(client) ?? null;
    },
    async register(metadata, from = {}) {
      const registered = await judge(metadata, from);
      return stored?.keeps ? stored.keep(registered, from.source ?? 'unknown') : registered;
    },
    judge,
    believes: (issuer) => statements?.believes(issuer) === true,
    async open(id, token) {
      const managed = (await stored?.open(id, token)) ?? null;
      return managed && admitted(managed.client) ? managed : null;
    },
  };

  async function judge(metadata: unknown, from: Registrant): Promise<RegistrationResponse> {
    if (!statements?.believed) return registry.register(metadata, from);
    registry.count(from);
    const stated = readStated(metadata, statements);
    if (stated) await proveStated(stated, statements);
    return registry.register(stated?.metadata ?? metadata, { ...from, counted: true, stated });
  }
}
