import type { RegistrationResponse } from '../clients/registration.ts';
import { RegistrationRefused } from '../clients/registration-refusal.ts';
import { readJson } from '../clients/registration-body.ts';
import { maxBodyBytes } from '../http/exchange.ts';
import { json } from '../http/headers.ts';
import { sourceOf } from '../http/source.ts';
import { OAuthError } from '../oauth/errors.ts';
import { redirectTarget } from '../oauth/redirect-uri.ts';
import { correlationLabel, nameLabel, outsideLabel, sourceLabel } from '../observe/audit/labels.ts';
import type { ScopedHandler } from './answer.ts';
import { answerJson } from './answer.ts';
import { requestDetails } from './audit-details.ts';
import { bearerOf } from './bearer.ts';
import type { ServerContext } from './context.ts';

/** `POST /oauth/register` (RFC 7591 §3). Unless registrations are kept, the `client_id` is the registration. */
export function register(context: ServerContext): ScopedHandler {
  return answerJson(context, async (request, { correlationId }) => {
    const [type = ''] = (request.headers['content-type'] ?? '').split(';', 1);
    if (type.trim().toLowerCase() !== 'application/json') {
      throw new OAuthError('invalid_client_metadata', 'the body must be application/json');
    }
    const metadata = readJson(await request.text(maxBodyBytes));
    const from = request.remoteAddress;
    const registered = await context.clients
      .register(metadata, { bearer: bearerOf(request.headers['authorization']), source: sourceOf(from) })
      .catch((error: unknown) => {
        if (error instanceof RegistrationRefused) auditRefusal(context, { error, correlationId, from });
        throw error;
      });
    const voucher = await voucherOf(context, registered);
    auditRegistration(context, { registered, voucher, correlationId, from });
    return json(201, registered);
  });
}

/** Whoever vouches for it now; asked only where a statement was sent. */
async function voucherOf(
  { clients }: ServerContext,
  registered: RegistrationResponse,
): Promise<string | null> {
  if (registered['software_statement'] === undefined) return null;
  return (await clients.find(registered.client_id).catch(() => null))?.voucher ?? null;
}

/** A refusal by the operator's word: a client's own mistakes are nobody's news. */
function auditRefusal(
  { observer }: ServerContext,
  {
    error,
    correlationId,
    from,
  }: {
    readonly error: RegistrationRefused;
    readonly correlationId: string;
    readonly from: string | undefined;
  },
): void {
  observer.audit.record('client_registration_refused', () => ({
    correlationId: correlationLabel(correlationId),
    source: sourceLabel(from),
    by: error.by,
    reason: outsideLabel(error.description),
  }));
}

interface Registered {
  readonly registered: RegistrationResponse;
  readonly voucher: string | null;
  readonly correlationId: string;
  readonly from: string | undefined;
}

function auditRegistration(
  { observer }: ServerContext,
  { registered, voucher, correlationId, from }: Registered,
): void {
  const { client_id: id, client_name: name, redirect_uris: uris } = registered;
  observer.audit.record('client_registered', () => ({
    ...requestDetails({ client: { id, name: typeof name === 'string' ? name : null }, correlationId, from }),
    redirectTargets: (Array.isArray(uris) ? uris : [])
      .slice(0, 10)
      .map((uri) => outsideLabel(redirectTarget(String(uri)).display)),
    voucher: voucher === null ? null : nameLabel(voucher),
  }));
}
