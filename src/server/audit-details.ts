import type { Client } from '../clients/client.ts';
import type { HttpRequest } from '../http/exchange.ts';
import { recogniseClient } from '../known-clients/recognise.ts';
import type { LoginDetails, RequestDetails, RevocationReason } from '../observe/audit/event.ts';
import type { GrantLabel, UserLabel } from '../observe/audit/labels.ts';
import {
  clientLabel,
  correlationLabel,
  nameLabel,
  outsideLabel,
  sourceLabel,
} from '../observe/audit/labels.ts';
import type { ServerContext } from './context.ts';
import type { Transaction } from './transaction.ts';
import { correlationOf } from './transaction.ts';

/** Who asked, and from where. */
export interface Asking {
  readonly client: Pick<Client, 'id' | 'name'>;
  readonly correlationId: string;
  /** Address of the peer. */
  readonly from: string | undefined;
}

/** What every event about a client's own request says. */
export function requestDetails({ client, correlationId, from }: Asking): RequestDetails {
  return { correlationId: correlationLabel(correlationId), source: sourceLabel(from), ...labelsOf(client) };
}

type ClientLabels = Pick<RequestDetails, 'client' | 'clientName'>;

/** Clients are kept and never change, and hashing their long ids is most of what an event costs. */
const known = new WeakMap<object, ClientLabels>();

function labelsOf(client: Asking['client']): ClientLabels {
  const before = known.get(client);
  if (before) return before;
  const { id, name } = client;
  const labels = { client: clientLabel(id), clientName: name === null ? null : outsideLabel(name) };
  known.set(client, labels);
  return labels;
}

/** What every event of a login says. */
export function loginDetails(
  { remoteAddress }: HttpRequest,
  { transaction, client }: { readonly transaction: Transaction; readonly client: Client },
): LoginDetails {
  const asking = { client, correlationId: correlationOf(transaction), from: remoteAddress };
  const { resource, redirectUri } = transaction.request;
  const recognised = recogniseClient(client, redirectUri);
  return {
    ...requestDetails(asking),
    knownClient: recognised && nameLabel(recognised.row.id),
    standing: recognised && recognised.standing,
    resource: nameLabel(resource),
  };
}

/** Somebody has a copy of a code or refresh token, and the grant ended for it. */
export function auditTheft(
  context: ServerContext,
  {
    asking,
    grant,
    what,
  }: { readonly asking: Asking; readonly grant: GrantLabel; readonly what: 'code' | 'refresh_token' },
): void {
  const unknown = { user: null, resource: null };
  context.observer.audit.record('theft_detected', () => ({
    ...requestDetails(asking),
    ...unknown,
    grant,
    what,
  }));
  const why = what === 'code' ? 'code_replayed' : 'refresh_token_replayed';
  auditEnd(context, { asking, by: 'server', what: 'grant', why, grant, user: null });
}

/** A grant, or one of its access tokens, ended before its time. */
export interface Ended {
  readonly asking: Asking;
  readonly by: 'client' | 'server';
  readonly what: 'grant' | 'access_token';
  readonly why: RevocationReason;
  readonly grant: GrantLabel;
  readonly user: UserLabel | null;
}

/** Tells that it ended. */
export function auditEnd({ observer }: ServerContext, { asking, ...ended }: Ended): void {
  observer.audit.record('revoked', () => {
    const { correlationId, source, client } = requestDetails(asking);
    return { correlationId, source, client, ...ended };
  });
}
