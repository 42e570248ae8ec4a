import type { Managed } from '../clients/stored-clients.ts';
import { readJson } from '../clients/registration-body.ts';
import { equalSecrets, sha256 } from '../crypto/hash.ts';
import type { HttpRequest, HttpResponse } from '../http/exchange.ts';
import { maxBodyBytes } from '../http/exchange.ts';
import { json } from '../http/headers.ts';
import { sourceOf } from '../http/source.ts';
import { OAuthError } from '../oauth/errors.ts';
import { grantLabel, userLabel } from '../observe/audit/labels.ts';
import type { ScopedHandler } from './answer.ts';
import { answerJson } from './answer.ts';
import type { Asking } from './audit-details.ts';
import { auditEnd, requestDetails } from './audit-details.ts';
import { bearerOf } from './bearer.ts';
import { checkFailures } from './authenticate-client.ts';
import type { ServerContext } from './context.ts';

/** Where a client reads, changes and removes its registration. */
export const registrationPath = '/oauth/registration';

/** One request of whoever registered. */
interface Asked {
  readonly request: HttpRequest;
  readonly correlationId: string;
  readonly managed: Managed;
}

/** `GET` of the client configuration endpoint (RFC 7592 §2.1). */
export function readRegistration(context: ServerContext): ScopedHandler {
  return managing(context, ({ managed }) => Promise.resolve(json(200, managed.told)));
}

/** `PUT`: everything that was registered is replaced, and judged like a new registration (RFC 7592 §2.2). */
export function changeRegistration(context: ServerContext): ScopedHandler {
  return managing(context, async ({ request, correlationId, managed }) => {
    const metadata = checkUpdate(readJson(await request.text(maxBodyBytes)), managed);
    const { vouched, client } = managed;
    const source = sourceOf(request.remoteAddress);
    const registered = await context.clients.judge(metadata, { source, ...(vouched && { vouched }) });
    const changed = await managed.change(registered);
    if (!changed)
      throw new OAuthError(
        'temporarily_unavailable',
        'the registration was changed by somebody else meanwhile',
      );
    const from = request.remoteAddress;
    context.observer.audit.record('client_registration_changed', () => ({
      ...requestDetails({ client, correlationId, from }),
      what: 'changed',
    }));
    return json(200, changed);
  });
}

/** `DELETE`: the client is unknown from now on, and what users allowed it is over (RFC 7592 §2.3). */
export function removeRegistration(context: ServerContext): ScopedHandler {
  return managing(context, async ({ request, correlationId, managed }) => {
    const { client, used } = managed;
    if (await managed.remove()) {
      // Only somebody's sign-in makes a registration used: strangers cannot have every grant looked at.
      const from = request.remoteAddress;
      if (used) await endGrants(context, { client, correlationId, from });
      context.observer.audit.record('client_registration_changed', () => ({
        ...requestDetails({ client, correlationId, from }),
        what: 'removed',
      }));
    }
    return { status: 204, headers: { 'cache-control': 'no-store', pragma: 'no-cache' } };
  });
}

function managing(context: ServerContext, handler: (asked: Asked) => Promise<HttpResponse>): ScopedHandler {
  return answerJson(context, async (request, { correlationId }) => {
    const query = new URLSearchParams(request.query).getAll('client_id');
    const [id = ''] = query;
    const asked = { request, claimed: id };
    checkFailures(context, asked, { peek: true });
    const token = bearerOf(request.headers['authorization']);
    const managed = token === null || query.length !== 1 ? null : await context.clients.open(id, token);
    if (!managed) {
      checkFailures(context, asked);
      // Nobody is told whether it was the id or the token (RFC 7592 §2.1).
      throw new OAuthError('invalid_token', 'the registration access token is not valid', {
        status: 401,
        headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
      });
    }
    return handler({ request, correlationId, managed });
  });
}

/** What a client may not say of itself: we do (RFC 7592 §2.2). */
const ours = [
  'registration_access_token',
  'registration_client_uri',
  'client_secret_expires_at',
  'client_id_issued_at',
] as const;

function checkUpdate(body: unknown, { client, told }: Managed): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new OAuthError('invalid_client_metadata', 'the body must be a JSON object');
  const { client_id: id, client_secret: secret, ...metadata } = body as Readonly<Record<string, unknown>>;
  if (id !== client.id) throw new OAuthError('invalid_request', 'client_id must be that of the registration');
  const foreign = ours.find((name) => metadata[name] !== undefined);
  if (foreign !== undefined)
    throw new OAuthError('invalid_request', `${foreign} is not for the client to say`);
  const known = told['client_secret'];
  const same = typeof secret === 'string' && typeof known === 'string' && equalSecrets(secret, known);
  if (secret !== undefined && !same)
    throw new OAuthError('invalid_request', 'client_secret must be the one that was given, or left out');
  return metadata;
}

/** Everything that users allowed this client. */
async function endGrants(context: ServerContext, asking: Asking): Promise<void> {
  const { store, sessions } = context;
  const client = sha256(asking.client.id);
  for (let after: string | null = ''; after !== null;) {
    const page = await store.listGrants({ after, user: null, client, upstream: null, state: null });
    for (const grant of page.grants) {
      if (!(await store.revokeGrant({ ...grant, why: 'revoked_by_client' }))) continue;
      sessions.forget(`${grant.bucket}.${grant.grantId}`);
      const about = { grant: grantLabel(grant), user: userLabel(grant.userId) };
      auditEnd(context, { asking, by: 'client', what: 'grant', why: 'revoked_by_client', ...about });
    }
    after = page.next;
  }
}
