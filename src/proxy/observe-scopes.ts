import type { IncomingMessage } from 'node:http';
import {
  clientLabel,
  correlationLabel,
  grantLabel,
  nameLabel,
  outsideLabel,
  sourceLabel,
  userLabel,
} from '../observe/audit/labels.ts';
import type { Observer } from '../observe/observer.ts';
import type { Insufficient } from '../resource/protected-resource.ts';
import { grantKeyOf } from '../resource/sessions.ts';

/** Counts and tells that scopes were missing. */
export function tellInsufficient(
  { observer, config }: { readonly observer: Observer; readonly config: { readonly path: string } },
  { request, correlationId }: { readonly request: IncomingMessage; readonly correlationId: string },
  { lack, verdict, tool }: Insufficient & { readonly tool?: string },
): void {
  const { token, resource, missing } = lack;
  const answer = verdict === 'challenge' ? 'challenged' : 'explained';
  observer.metrics.scopeRefusals.add([config.path, answer]);
  observer.audit.record('scope_insufficient', () => ({
    correlationId: correlationLabel(correlationId),
    source: sourceLabel(request.socket.remoteAddress),
    client: clientLabel(token.clientId),
    user: userLabel(token.subject),
    grant: grantLabel(grantKeyOf(token.sessionId)),
    resource: nameLabel(resource),
    tool: tool === undefined ? null : outsideLabel(tool),
    missing: missing.map((scope) => nameLabel(scope)),
    answer,
  }));
}
