import type { Client } from '../clients/client.ts';
import { matchRedirectUri } from '../oauth/redirect-uri.ts';
import { PageError } from './answer.ts';
import type { ServerContext } from './context.ts';
import type { Transaction } from './transaction.ts';

/**
 * The client of a login that goes on. A sealed request proves what was allowed when the login began; client and redirect URI
 * are measured again by today's rules (a client that a document describes: as it was shown), before anything is sent anywhere (RFC 6749 §4.1.2.1).
 * @throws {PageError}
 */
export async function resumeClient(
  { clients }: ServerContext,
  { request, client: shown }: Transaction,
): Promise<Client> {
  const client = await clients.resume(request, shown);
  if (client && matchRedirectUri(request.redirectUri, client.redirectUris) !== null) return client;
  throw new PageError('This app is no longer registered here', {
    explanation: 'Its registration ended or changed while you were signing in.',
    action: 'Remove this server from the app and add it again.',
  });
}
