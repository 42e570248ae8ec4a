import type { Client } from '../../clients/client.ts';
import { sha256 } from '../../crypto/hash.ts';
import { randomToken } from '../../crypto/random.ts';
import type { HttpRequest } from '../../http/exchange.ts';
import { missingScopes } from '../../oauth/scope-hierarchy.ts';
import type { LoginDetails } from '../../observe/audit/event.ts';
import type { GrantLabel, UserLabel } from '../../observe/audit/labels.ts';
import { grantLabel, nameLabel, userLabel } from '../../observe/audit/labels.ts';
import type { NewGrant } from '../../store/contract.ts';
import { cancelled } from '../cancelled.ts';
import { agreementOf } from '../consent/remembered.ts';
import type { ServerContext } from '../context.ts';
import { encodeGrantData } from '../grant-data.ts';
import { traceOf } from '../login-trace.ts';
import type { Transaction } from '../transaction.ts';
import { correlationOf } from '../transaction.ts';
import type { Collected } from './collected.ts';

interface Login {
  /** The one that ends it, from the user's browser. */
  readonly request: HttpRequest;
  readonly transaction: Transaction;
  readonly leg: number;
  readonly attempt: string;
  readonly collected: Collected;
  readonly client: Client;
  readonly details: () => LoginDetails;
}

/** `over`: this login ended before; `unconsented`: what was remembered is no more, and nothing has changed. */
type Committed = { readonly r: 'ok'; readonly code: string } | { readonly r: 'over' | 'unconsented' };

/**
 * One atomic commit of identity, upstream tokens and grant, and of a consent that the user wants remembered.
 * @throws {PageError} when the user has said no meanwhile: what the upstream gave is not kept
 */
export async function commitLogin(context: ServerContext, ended: Login): Promise<Committed> {
  const { store, codec, log } = context;
  const { transaction, client, leg, attempt } = ended;
  const { expected, remember } = transaction;
  const { bucket, userId, identity, connections } = ended.collected;
  const [first, ...others] = connections;
  const grantId = randomToken(16);
  const seed = randomToken(32);
  const committed = await store.commitLogin({
    transaction: transaction.id,
    leg,
    attempt,
    ...first,
    others,
    identity,
    grant: newGrant(context, ended, { grantId, codeSeed: sha256(seed) }),
    ...(typeof expected?.consentId === 'string' && { consented: expected.consentId }),
    ...(remember && {
      remember: agreementOf(context, transaction, { client, upstream: ended.collected.upstream }),
    }),
  });
  const correlationId = correlationOf(transaction);
  log.info({ result: committed.r, sub: userId, sid: `${bucket}.${grantId}`, correlationId }, 'login ended');
  if (committed.r === 'denied') throw cancelled();
  if (committed.r === 'unconsented') return { r: 'unconsented' };
  if (committed.r !== 'ok') return { r: 'over' };
  tellStepUps(context, ended);
  auditLogin(context, ended, { user: userLabel(userId), grant: grantLabel({ bucket, grantId }) });
  return { r: 'ok', code: codec.issue('code', { bucket, grantId, generation: 0, seed }) };
}

/** A client that was sent to authorize for more scopes may be back with them. */
function tellStepUps({ stepUps, config }: ServerContext, { transaction, collected, client }: Login): void {
  const { scopes, resource } = transaction.request;
  const has = (scope: string): boolean => missingScopes(scopes, [scope], config.scopeHierarchy).length === 0;
  stepUps.granted({ subject: collected.userId, clientId: client.id, resource, has });
}

function auditLogin(
  { observer: { audit } }: ServerContext,
  { details, collected, transaction }: Login,
  stored: { readonly user: UserLabel; readonly grant: GrantLabel },
): void {
  const upstream = nameLabel(collected.upstream);
  audit.record('login_succeeded', () => ({ ...details(), upstream, ...stored }));
  if (transaction.remember)
    audit.record('consent_remembered', () => ({ ...details(), user: stored.user, upstream }));
  const [, ...others] = collected.connections;
  for (const { connection } of others)
    audit.record('connection_added', () => {
      const { correlationId, source } = details();
      return { user: stored.user, upstream: nameLabel(connection.upstream), correlationId, source };
    });
  audit.record('code_issued', () => ({ ...details(), ...stored }));
}

function newGrant(
  { config }: ServerContext,
  { transaction: { request, offered = [] }, collected, client, request: ending }: Login,
  ids: { readonly grantId: string; readonly codeSeed: string },
): NewGrant {
  return {
    ...ids,
    client: sha256(request.clientId),
    challenge: request.challenge,
    redirectUri: sha256(request.redirectUri),
    resource: request.resource,
    codeTtl: config.lifespans.authorizationCode,
    sessionTtl: client.lifespans.session ?? config.lifespans.session,
    data: encodeGrantData({
      scopes: request.scopes,
      nonce: request.nonce,
      authTime: collected.authTime,
      clientName: client.name,
      proven: client.source === 'cimd' && client.authMethod === 'private_key_jwt',
      trace: traceOf(client, { request: ending, redirectUri: request.redirectUri }),
      softwareId: client.softwareId,
      voucher: client.voucher ?? null,
      refused: missingScopes(request.scopes, [...(request.wanted ?? []), ...offered], config.scopeHierarchy),
    }),
  };
}
