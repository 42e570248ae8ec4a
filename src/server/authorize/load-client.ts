import type { Client } from '../../clients/client.ts';
import type { Parameters } from '../../oauth/parameters.ts';
import { PageError } from '../answer.ts';
import type { ServerContext } from '../context.ts';

/** The client must be known before anything may be sent anywhere (RFC 6749 §4.1.2.1): its absence is a page. */
export async function loadClient({ clients }: ServerContext, parameters: Parameters): Promise<Client> {
  const id = parameters.get('client_id');
  const client = id === undefined ? null : await clients.find(id);
  if (client) return client;
  throw new PageError('This app is not registered here', {
    status: 400,
    explanation:
      id === undefined
        ? 'The app did not say who it is (client_id is missing).'
        : 'The app uses a registration that this server does not know, or no longer accepts.',
    action: 'Remove this server from the app and add it again: the app will then register anew.',
  });
}
