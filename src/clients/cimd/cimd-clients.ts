import type { CimdConfig } from '../../config/cimd.ts';
import type { Client } from '../client.ts';
import type { ClientDocument } from './document.ts';
import type { ClientSnapshot, DocumentClientRules } from './document-client.ts';
import { documentClient, shownClient, unreadClient } from './document-client.ts';
import { checkDocumentUrl } from './document-url.ts';
import type { Documents } from './documents.ts';
import { invalidDocument, refusedDocument } from './problems.ts';
import { checkTrust } from './trust.ts';

/** Clients whose id is the address of a document (CIMD draft-02). Every way in asks the same question first: is its host wanted? */
export interface CimdClients {
  /**
   * As its document describes it today.
   * @throws {ClientProblem}
   */
  find(id: string): Promise<Client>;
  /**
   * For whoever presents a token of ours: what the copy at hand says, however old, else what the grant knows. Only who brings
   * an assertion waits for the document, because nothing else has the key. So nobody is logged out by somebody else's outage.
   * @throws {ClientProblem} `refused` by today's rules; with an assertion whatever {@link find} throws
   */
  holder(id: string, options: { readonly asserts: boolean }): Promise<Client>;
  /**
   * For a login that goes on: as its user was shown it, by the rules of today.
   * @throws {ClientProblem} `refused`
   */
  resume(
    login: { readonly clientId: string; readonly redirectUri: string },
    shown: ClientSnapshot,
  ): Promise<Client>;
  /** Looks in the background whether there is another version of a document, when it is time for that. */
  refresh(id: string): void;
}

/** What they are made of. */
export interface CimdClientsOptions extends DocumentClientRules {
  readonly config: CimdConfig;
  readonly documents: Documents;
}

export function createCimdClients(options: CimdClientsOptions): CimdClients {
  const { config, documents } = options;
  // A document never changes: its client is made once, and everybody has the same.
  const made = new WeakMap<ClientDocument, Client>();
  const clientOf = (document: ClientDocument): Client => {
    const client = made.get(document) ?? documentClient(document, options);
    made.set(document, client);
    return client;
  };
  const check = (id: string): void => checkId(id, config);
  const clients: CimdClients = {
    async find(id) {
      check(id);
      return clientOf(await documents.load(id));
    },
    async holder(id, { asserts }) {
      if (asserts) return clients.find(id);
      check(id);
      const document = documents.held(id);
      return document ? clientOf(document) : unreadClient(id);
    },
    async resume(login, shown) {
      check(login.clientId);
      return shownClient(login, shown);
    },
    refresh(id) {
      void clients.find(id).catch(() => null);
    },
  };
  return clients;
}

/** @throws {ClientProblem} */
function checkId(id: string, config: CimdConfig): void {
  if (!config.enabled)
    throw refusedDocument('it says who it is by a document, and this server does not look at those');
  const problem = checkDocumentUrl(id, config);
  if (problem !== null) throw invalidDocument(`its address, the client_id, ${problem}`);
  const refused = checkTrust(new URL(id).hostname, config);
  if (refused) throw refused;
}
