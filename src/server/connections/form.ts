import { equalSecrets } from '../../crypto/hash.ts';
import { randomToken } from '../../crypto/random.ts';
import type { HttpRequest } from '../../http/exchange.ts';
import { sourceOf } from '../../http/source.ts';
import type { Milliseconds } from '../../types/time.ts';
import type { UpstreamTokens } from '../../types/tokens.ts';
import type { SealedForm } from '../../ui/connections-parts.ts';
import type { ServerContext } from '../context.ts';
import { transactionTtl } from '../transaction.ts';
import type { LinkTarget } from './link.ts';
import { openText, sealText } from './sealed-text.ts';
import type { PageSession } from './session.ts';

/** What a button of the page does when it is pressed. */
export type Order =
  | { readonly does: 'sign_in'; readonly upstream: string; readonly target: LinkTarget }
  /** `account`: the one to connect again; `null` for whichever answers. */
  | { readonly does: 'connect'; readonly upstream: string; readonly account: string | null }
  | { readonly does: 'disconnect'; readonly upstream: string; readonly account: string }
  /** What the upstream gave, on its way to the vault: nothing is stored before the click. */
  | {
      readonly does: 'store';
      readonly upstream: string;
      readonly account: string;
      readonly accountName: string | null;
      readonly tokens: UpstreamTokens;
    }
  /** Of a remembered consent. */
  | { readonly does: 'forget'; readonly consentId: string }
  /** Of an app's sign-in; `null`: of all. */
  | { readonly does: 'end_apps'; readonly grantId: string | null }
  | { readonly does: 'sign_out' };

/** An order as it was shown: to whom, where, until when. */
export interface ShownForm {
  /** Counts once. */
  readonly id: string;
  readonly expiresAt: Milliseconds;
  /** SHA-256 of the browser's cookie. */
  readonly browser: string;
  /** `null`: nobody is signed in. */
  readonly session: string | null;
  readonly order: Order;
}

/** To whom a form is shown. */
export interface ShownTo {
  readonly browser: string;
  readonly session: Pick<PageSession, 'id'> | null;
}

/** Characters of a sealed form: with the rest of the form it fits a body of ours. */
const longestForm = 60_000;

/** A button of the page, sealed for one browser and one session. `null` when it is too large to travel. */
export function makeForm(
  context: ServerContext,
  { browser, session }: ShownTo,
  order: Order,
): SealedForm | null {
  const form: ShownForm = {
    id: randomToken(16),
    expiresAt: context.clock() + transactionTtl,
    browser,
    session: session?.id ?? null,
    order,
  };
  const request = sealText(context, 'form', form);
  return request.length > longestForm ? null : { action: context.locations.connections, request };
}

/** `null` for a form that was not shown to this browser and session, or too long ago. */
export function openForm(
  context: ServerContext,
  text: string | undefined,
  { browser, session }: ShownTo,
): ShownForm | null {
  const form = openText(context, 'form', text);
  if (!form || !equalSecrets(form.browser, browser)) return null;
  return form.session === (session?.id ?? null) ? form : null;
}

/** True for the first who asks: what a form does happens once, however often it is sent. */
export async function spend(
  { store }: ServerContext,
  request: HttpRequest,
  { id }: Pick<ShownForm, 'id'>,
): Promise<boolean> {
  const source = sourceOf(request.remoteAddress);
  const put = await store.putPending({
    transaction: id,
    sealed: new Uint8Array(),
    ttl: transactionTtl,
    source,
  });
  if (put.r !== 'ok') return false;
  const taken = await store.takePending({ transaction: id, leg: put.leg, attempt: randomToken(12) });
  return taken.r === 'ok';
}
