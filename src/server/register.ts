import type { RegistrationResponse } from '../clients/registration.ts';
import { readJson } from '../clients/registration-body.ts';
import { maxBodyBytes } from '../http/exchange.ts';
import { json } from '../http/headers.ts';
import { sourceOf } from '../http/source.ts';
import { OAuthError } from '../oauth/errors.ts';
import { redirectTarget } from '../oauth/redirect-uri.ts';
import { outsideLabel } from '../observe/audit/labels.ts';
import type { ScopedHandler } from './answer.ts';
import { answerJson } from './answer.ts';
import { requestDetails } from './audit-details.ts';
import type { ServerContext } from './context.ts';

/** `POST /oauth/register` (RFC 7591 §3). Nothing is stored: the `client_id` is the registration. */
export function register(context: ServerContext): ScopedHandler {
  return answerJson(context, async (request, { correlationId }) => {
    const [type = ''] = (request.headers['content-type'] ?? '').split(';', 1);
    if (type.trim().toLowerCase() !== 'application/json') {
      throw new OAuthError('invalid_client_metadata', 'the body must be application/json');
    }
    const registered = await context.clients.register(readJson(await request.text(maxBodyBytes)), {
      bearer: bearerOf(request.headers['authorization']),
      source: sourceOf(request.remoteAddress),
    });
    auditRegistration(context, { registered, correlationId, from: request.remoteAddress });
    return json(201, registered);
  });
}

interface Registered {
  readonly registered: RegistrationResponse;
  readonly correlationId: string;
  readonly from: string | undefined;
}

function auditRegistration(
  { observer }: ServerContext,
  { registered, correlationId, from }: Registered,
): void {
  const { client_id: id, client_name: name, redirect_uris: uris } = registered;
  observer.audit.record('client_registered', () => ({
    ...requestDetails({ client: { id, name: typeof name === 'string' ? name : null }, correlationId, from }),
    redirectTargets: (Array.isArray(uris) ? uris : [])
      .slice(0, 10)
      .map((uri) => outsideLabel(redirectTarget(String(uri)).display)),
  }));
}

/** RFC 6750 §2.1; other schemes are nobody's here. */
function bearerOf(authorization: string | undefined): string | null {
  return /^bearer +([\w.~+/-]+=*) *$/iu.exec(authorization ?? '')?.[1] ?? null;
}
