import type { Client } from '../../clients/client.ts';
import { ClientProblem } from '../../clients/client-problem.ts';
import type { HttpRequest } from '../../http/exchange.ts';
import type { Parameters } from '../../oauth/parameters.ts';
import { clientLabel, correlationLabel, outsideLabel, sourceLabel } from '../../observe/audit/labels.ts';
import { PageError } from '../answer.ts';
import type { RequestScope } from '../answer.ts';
import type { ServerContext } from '../context.ts';

/** The client must be known before anything may be sent anywhere (RFC 6749 §4.1.2.1): its absence is a page. */
export async function loadClient(
  context: ServerContext,
  parameters: Parameters,
  asked: Asked,
): Promise<Client> {
  const id = parameters.get('client_id');
  const client = id === undefined ? null : await find(context, id, asked);
  if (client) return client;
  throw new PageError('This app is not registered here', {
    status: 400,
    explanation:
      id === undefined
        ? 'The app did not say who it is (client_id is missing).'
        : 'The app uses a registration that this server does not know, or no longer accepts.',
    action:
      'Remove this server from the app and add it again: the app will then register anew. If somebody gave you a client id for it, ask them whether it is right.',
  });
}

interface Asked {
  readonly request: HttpRequest;
  readonly scope: RequestScope;
}

/** The audit has the page's own reference: who shows it to the operator can be told why. */
async function find(
  { clients, observer }: ServerContext,
  id: string,
  { request, scope }: Asked,
): Promise<Client | null> {
  try {
    return await clients.find(id);
  } catch (error) {
    if (error instanceof ClientProblem)
      observer.audit.record('client_refused', () => ({
        correlationId: correlationLabel(scope.correlationId),
        source: sourceLabel(request.remoteAddress),
        client: clientLabel(id),
        address: outsideLabel(id),
        kind: error.kind,
        reason: outsideLabel(error.message),
      }));
    throw error;
  }
}
