import { authenticateClient as authenticate, claimedId } from '../clients/authenticate.ts';
import type { Client } from '../clients/client.ts';
import { checkAssertion } from '../clients/client-assertion.ts';
import { JwtProblem } from '../clients/signed-jwt.ts';
import { sha256 } from '../crypto/hash.ts';
import type { HttpRequest } from '../http/exchange.ts';
import { limitHeaders } from '../http/limit-headers.ts';
import { sourceOf } from '../http/source.ts';
import type { Parameters } from '../oauth/parameters.ts';
import { OAuthError } from '../oauth/errors.ts';
import { requestDetails } from './audit-details.ts';
import type { ServerContext } from './context.ts';

interface Asked {
  readonly request: HttpRequest;
  readonly parameters: Parameters;
  readonly correlationId: string;
}

/**
 * Authenticates the client of a request about its own tokens. A document that cannot be fetched logs nobody out, and a
 * request that anybody can send makes us ask nobody, unless it carries an assertion.
 * @throws {OAuthError} `invalid_client`, `invalid_request`
 * @throws {ClientProblem}
 */
export async function authenticateClient(context: ServerContext, asked: Asked): Promise<Client> {
  const { request, parameters } = asked;
  const failing = (): Failing => ({
    request,
    // Never the secret that came with it: each guess would have turns of its own.
    claimed: claimedId(request.headers, parameters),
  });
  if (context.limits.used('failures')) checkFailures(context, failing(), { peek: true });
  try {
    return await prove(context, asked);
  } catch (error) {
    if (error instanceof OAuthError && error.error === 'invalid_client') checkFailures(context, failing());
    throw error;
  }
}

/** Whose proof is in question, as the request claims. */
interface Failing {
  readonly request: HttpRequest;
  readonly claimed: string;
}

/**
 * Who has failed too often to prove that it is a client has to wait: for this client, at this address. Neither others at the
 * address nor the client itself elsewhere are held up.
 * @throws {OAuthError} with status 429
 */
export function checkFailures(
  { limits, config }: ServerContext,
  { request, claimed }: Failing,
  { peek = false }: { readonly peek?: boolean } = {},
): void {
  const perMinute = config.limits.failuresPerMinute;
  const turn = limits.take('failures', request.remoteAddress, { perMinute, what: sha256(claimed), peek });
  if (!turn || turn.granted) return;
  throw new OAuthError('temporarily_unavailable', 'too many wrong proofs of this client; try again later', {
    status: 429,
    headers: limitHeaders('failures', turn, perMinute),
  });
}

function prove(context: ServerContext, asked: Asked): Promise<Client> {
  const { request, parameters } = asked;
  const asserts = parameters.has('client_assertion');
  return authenticate(
    { headers: request.headers, parameters },
    {
      find: (clientId) => context.clients.holder(clientId, { asserts }),
      checkAssertion: (client, assertion) => isFresh(context, { ...asked, client, assertion }),
    },
  );
}

/** Good, and not used before: the signature is looked at first, so that strangers never reach the store. */
async function isFresh(
  context: ServerContext,
  {
    client,
    assertion,
    correlationId,
    request,
  }: Asked & { readonly client: Client; readonly assertion: string },
): Promise<boolean> {
  const { config, clock, log, store, observer } = context;
  const { issuer } = config;
  const audiences = [issuer, `${issuer}/`, `${issuer}/oauth/token`];
  try {
    const { id, ttl } = await checkAssertion(assertion, client, {
      keys: context.clientDocuments.keys,
      audiences,
      clock,
    });
    const isStranger = client.source !== 'static';
    const used = await store.useAssertion({
      client: sha256(client.id),
      assertion: sha256(id),
      ttl,
      source: isStranger ? sha256(sourceOf(request.remoteAddress)) : null,
    });
    if (used === 'ok') return true;
    if (used === 'full')
      throw new OAuthError(
        'temporarily_unavailable',
        'too many assertions of this client are alive; try again later',
      );
    log.warn({ client: client.id.slice(0, 200), correlationId }, 'an assertion came twice, and counts once');
    observer.audit.record('assertion_reused', () =>
      requestDetails({ client, correlationId, from: request.remoteAddress }),
    );
  } catch (error) {
    if (!(error instanceof JwtProblem)) throw error;
    log.info({ client: client.id.slice(0, 200), correlationId, reason: error.message }, 'assertion refused');
  }
  return false;
}
