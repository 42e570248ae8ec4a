import type { Client } from '../clients/client.ts';
import type { Clients } from '../clients/clients.ts';
import type { Parameters } from '../oauth/parameters.ts';

/**
 * Clients as whoever presents a token of ours finds them: a document that cannot be fetched logs nobody out, and a request
 * that anybody can send makes us ask nobody, unless it carries an assertion.
 */
export function tokenHolders(clients: Clients, parameters: Parameters): Pick<Clients, 'find'> {
  const asserts = parameters.has('client_assertion');
  return { find: (clientId): Promise<Client | null> => clients.holder(clientId, { asserts }) };
}
