import { missingScopes } from '../oauth/scope-hierarchy.ts';
import type { ScopeLack, StepUpVerdict } from '../resource/scope-lack.ts';
import { clientScopes } from './client-scopes.ts';
import type { ServerContext } from './context.ts';
import type { Milliseconds } from '../types/time.ts';
import { decodeGrantData } from './grant-data.ts';

/**
 * Whether it can help to send a client to authorize for the scopes that it lacks. It cannot when this very grant was asked
 * for them and does not have them, when the client may never have them, and when its user's grants before this one came back
 * without: each of these would go round in a circle, and with a provider that signs in by itself nobody would stop it.
 */
export async function judgeStepUp(context: ServerContext, lack: ScopeLack): Promise<StepUpVerdict> {
  const { config, clients, stepUps } = context;
  const { token, session, resource, missing } = lack;
  const { refused } = decodeGrantData(session.grant.data);
  if (missing.some((scope) => refused.includes(scope))) return 'explain';
  // Who cannot be asked about today is judged by the rest.
  const client = await clients.holder(token.clientId, { asserts: false }).catch(() => null);
  if (client) {
    const possible = clientScopes(config, client, { resource, requested: missing });
    if (missingScopes(possible, missing, config.scopeHierarchy).length > 0) return 'explain';
  }
  if (!stepUps.admit(lack)) return 'explain';
  if (isYoung(lack, context.clock())) await noteReflex(context, lack);
  return 'challenge';
}

/** How long after a challenge a refresh counts as the answer to it: clients send it at once. */
const reflexTime: Milliseconds = 30_000;

/** Whoever refreshes a token in the first half of its life has another reason than its end. */
function isYoung({ token: { issuedAt, expiresAt } }: ScopeLack, now: Milliseconds): boolean {
  return now < ((issuedAt + expiresAt) / 2) * 1000;
}

/** Whichever process the reflex reaches, it knows it. A store that fails makes it a plain refresh. */
async function noteReflex({ store }: ServerContext, { token }: ScopeLack): Promise<void> {
  const [bucket = '', grantId = ''] = token.sessionId.split('.', 2);
  await store.noteStepUp({ bucket, grantId, ttl: reflexTime }).catch(() => undefined);
}
