import type { Client } from '../clients/client.ts';
import { randomToken } from '../crypto/random.ts';
import { json } from '../http/headers.ts';
import { OAuthError } from '../oauth/errors.ts';
import type { Parameters } from '../oauth/parameters.ts';
import type { ScopedHandler } from './answer.ts';
import { answerJson, readForm, toOAuthError } from './answer.ts';
import { authenticateClient } from './authenticate-client.ts';
import type { ServerContext } from './context.ts';
import * as authorizationCode from './grants/authorization-code.ts';
import * as refreshToken from './grants/refresh-token.ts';

/** What a grant's handler gets: the authenticated client and the parameters of the request. */
export interface GrantRequest {
  readonly client: Client;
  readonly parameters: Parameters;
  /** Random per HTTP request: makes the store's step idempotent. */
  readonly attempt: string;
  readonly correlationId: string;
  /** Address of the peer. */
  readonly from: string | undefined;
}

/** A grant is a module of three exports. */
interface Grant {
  readonly grantType: string;
  readonly parameters: readonly string[];
  readonly handler: (context: ServerContext, request: GrantRequest) => Promise<object>;
}

const grants: ReadonlyMap<string, Grant> = new Map(
  [authorizationCode, refreshToken].map((grant) => [grant.grantType, grant]),
);

/** `POST /oauth/token` (OAuth 2.1 §3.2). */
export function tokenEndpoint(context: ServerContext): ScopedHandler {
  return answerJson(context, async (request, { correlationId }) => {
    const { tokenRequests } = context.observer.metrics;
    let type = 'none';
    try {
      const parameters = await readForm(request);
      const grant = chooseGrant(parameters);
      type = grant.grantType;
      const client = await authenticateClient(context, { request, parameters, correlationId });
      const attempt = randomToken(12);
      const asked = { client, parameters, attempt, correlationId, from: request.remoteAddress };
      const tokens = await answerGrant(context, grant, asked);
      tokenRequests.add([type, 'ok']);
      const kept = context.clients.served(client);
      if (kept) await kept;
      return json(200, tokens);
    } catch (error) {
      tokenRequests.add([type, toOAuthError(error).error]);
      throw error;
    }
  });
}

function answerGrant(context: ServerContext, grant: Grant, request: GrantRequest): Promise<object> {
  if (!request.client.grantTypes.includes(grant.grantType)) {
    throw new OAuthError('unauthorized_client', `this client may not use ${grant.grantType}`);
  }
  return grant.handler(context, request);
}

function chooseGrant(parameters: Parameters): Grant {
  const type = parameters.get('grant_type');
  if (type === undefined) throw new OAuthError('invalid_request', 'grant_type is missing');
  const grant = grants.get(type);
  if (!grant) throw new OAuthError('unsupported_grant_type', 'this grant_type is not supported');
  const missing = grant.parameters.find((name) => !parameters.has(name));
  if (missing !== undefined) throw new OAuthError('invalid_request', `${missing} is missing`);
  return grant;
}
