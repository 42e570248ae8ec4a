import type { HttpRequest } from '../../http/exchange.ts';
import { correlationLabel, sourceLabel, userLabel } from '../../observe/audit/labels.ts';
import type { RememberedConsent } from '../../store/consent-contract.ts';
import type { SealedForm } from '../../ui/connections-parts.ts';
import type { RememberedView } from '../../ui/remembered.ts';
import { bucketOf } from '../../upstream/identity.ts';
import { readAgreement } from '../consent/remembered.ts';
import type { ServerContext } from '../context.ts';
import { correlationOf } from '../transaction.ts';
import type { Order, ShownForm } from './form.ts';
import type { PageSession } from './session.ts';

/** What a user wants remembered, each with its button. */
export function rememberedViews(
  consents: readonly RememberedConsent[],
  form: (order: Order) => SealedForm,
): readonly RememberedView[] {
  return consents.map(({ consentId, data, expiresAt }) => {
    const { clientName, target, resource, allowed } = readAgreement(data);
    return {
      name: clientName,
      target,
      resource,
      scopes: allowed,
      until: expiresAt,
      forget: form({ does: 'forget', consentId }),
    };
  });
}

/** Takes a remembered consent back: of who is signed in here, and of nobody whom a form could name. */
export async function forgetRemembered(
  { store, observer }: ServerContext,
  {
    request,
    form,
    session: { userId },
    consentId,
  }: {
    readonly request: HttpRequest;
    readonly form: ShownForm;
    readonly session: PageSession;
    readonly consentId: string;
  },
): Promise<void> {
  if (!(await store.forgetConsent({ bucket: bucketOf(userId), userId, consentId }))) return;
  observer.audit.record('consent_forgotten', () => ({
    correlationId: correlationLabel(correlationOf(form)),
    source: sourceLabel(request.remoteAddress),
    user: userLabel(userId),
  }));
}
