import type { CimdConfig } from '../../config/cimd.ts';
import type { Client } from '../client.ts';
import { ClientProblem } from '../client-problem.ts';
import type { SoftwareStatements } from '../software-statement.ts';
import { attestDocument } from './attested.ts';
import type { ClientDocument } from './document.ts';
import type { ClientSnapshot, DocumentClientRules } from './document-client.ts';
import { documentClient, shownClient, unreadClient } from './document-client.ts';
import { checkDocumentUrl } from './document-url.ts';
import type { Documents } from './documents.ts';
import { invalidDocument, refusedDocument } from './problems.ts';
import { checkTrust, mayBeAttested } from './trust.ts';

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
  /** What others say about documents. */
  readonly statements: SoftwareStatements;
}

export function createCimdClients(options: CimdClientsOptions): CimdClients {
  const { config, documents, statements } = options;
  // A document never changes: its client is made once, and everybody has the same.
  const made = new WeakMap<ClientDocument, Client>();
  const clientOf = (document: ClientDocument): Client => {
    const client = made.get(document) ?? documentClient(document, options);
    made.set(document, client);
    return client;
  };
  const check = (id: string): ClientProblem | null => checkId(id, config);
  /** @param unless stands when nobody vouches for it; `null`: its host is good enough */
  const judged = async (document: ClientDocument, unless: ClientProblem | null): Promise<Client> => {
    const attested = await attestDocument(document, statements).catch((error: unknown) => {
      if (unless || !(error instanceof ClientProblem)) throw error;
      return { r: 'nobody', why: error.message } as const;
    });
    if (attested.r === 'vouched') return { ...clientOf(attested.document), voucher: attested.voucher };
    if (unless) throw unattested(document.clientId, attested.why);
    return clientOf(document);
  };
  const clients: CimdClients = {
    async find(id) {
      const unless = check(id);
      return judged(await documents.load(id), unless);
    },
    async holder(id, { asserts }) {
      if (asserts) return clients.find(id);
      const unless = check(id);
      const document = documents.held(id);
      if (!document) return unreadClient(id, { needsVoucher: unless !== null });
      // Nobody is logged out by an outage of who vouches for the client.
      return judged(document, unless).catch((error: unknown) => {
        if (error instanceof ClientProblem && error.kind === 'unreachable') return clientOf(document);
        throw error;
      });
    },
    async resume(login, { voucher, ...shown }) {
      const unless = check(login.clientId);
      const believed = statements.believes(voucher);
      if (unless && !believed) throw unattested(login.clientId, 'nobody vouches for it any more');
      return shownClient(login, { ...shown, ...(believed && voucher !== undefined && { voucher }) });
    },
    refresh(id) {
      void clients.find(id).catch(() => null);
    },
  };
  return clients;
}

/**
 * @returns why it is not taken unless somebody vouches for it; `null`: it is
 * @throws {ClientProblem}
 */
function checkId(id: string, config: CimdConfig): ClientProblem | null {
  if (!config.enabled)
    throw refusedDocument('it says who it is by a document, and this server does not look at those');
  const problem = checkDocumentUrl(id, config);
  if (problem !== null) throw invalidDocument(`its address, the client_id, ${problem}`);
  const { hostname } = new URL(id);
  const refused = checkTrust(hostname, config);
  if (refused && !mayBeAttested(hostname, config)) throw refused;
  return refused;
}

function unattested(id: string, why: string): ClientProblem {
  const { hostname } = new URL(id);
  return refusedDocument(`${hostname} is not among the hosts that whoever runs it has allowed, and ${why}`);
}
