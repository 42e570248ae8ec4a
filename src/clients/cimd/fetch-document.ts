import type { GuardedFetch } from '../../net/guarded-fetch.ts';
import { SallyportError } from '../../types/error.ts';
import type { Clock, Milliseconds } from '../../types/time.ts';
import { ClientProblem } from '../client-problem.ts';
import type { ClientDocument } from './document.ts';
import type { UrlRules } from './document-url.ts';
import { freshFor } from './freshness.ts';
import { invalidDocument, unreachableDocument } from './problems.ts';
import { readDocument } from './read-document.ts';

/** A copy of a document, and what asks its host whether there is a newer one. */
export interface Copy {
  readonly document: ClientDocument;
  readonly etag: string | null;
  readonly lastModified: string | null;
}

/** What came of asking for a document. */
export type Fetched =
  | { readonly r: 'document'; readonly copy: Copy; readonly freshFor: Milliseconds }
  /** The copy that we have is still it (RFC 9110 §15.4.5). */
  | { readonly r: 'unchanged'; readonly freshFor: Milliseconds }
  | { readonly r: 'problem'; readonly problem: ClientProblem };

/** What fetching works with. */
export interface FetchingRules extends UrlRules {
  /** Bounded in time and bytes; never to a private address, and never after a redirect. */
  readonly fetch: GuardedFetch;
  readonly clock: Clock;
  /** How long a document stays fresh whose headers do not say. */
  readonly fallback: Milliseconds;
}

/** Longest validator that is sent back, in characters. */
const maxValidator = 256;

/** Fetches a document (CIMD draft-02 §5). Only 200 counts, redirects are not followed. Never rejects. */
export async function fetchDocument(
  id: string,
  { have, ...rules }: FetchingRules & { readonly have: Copy | null },
): Promise<Fetched> {
  try {
    const response = await rules.fetch(id, { headers: headersFor(have) });
    const spell = freshFor(response.headers, { now: rules.clock(), fallback: rules.fallback });
    if (response.status === 304 && have) return { r: 'unchanged', freshFor: spell };
    const problem = statusProblem(response.status) ?? typeProblem(response.headers.get('content-type') ?? '');
    if (problem) return { r: 'problem', problem };
    const document = readDocument(await response.text(), id, rules);
    return { r: 'document', copy: { document, ...validatorsOf(response.headers) }, freshFor: spell };
  } catch (error) {
    return { r: 'problem', problem: problemOf(error) };
  }
}

function headersFor(have: Copy | null): Readonly<Record<string, string>> {
  return {
    accept: 'application/json',
    'user-agent': 'sallyport',
    ...(have?.etag && { 'if-none-match': have.etag }),
    ...(have?.lastModified && { 'if-modified-since': have.lastModified }),
  };
}

function validatorsOf(headers: Headers): Pick<Copy, 'etag' | 'lastModified'> {
  const short = (name: string): string | null => {
    const value = headers.get(name);
    return value !== null && value.length <= maxValidator ? value : null;
  };
  return { etag: short('etag'), lastModified: short('last-modified') };
}

/** Gates against robots answer 403, and hosts that are overrun 429 or 5xx: none of them has judged the document. */
function statusProblem(status: number): ClientProblem | null {
  if (status === 200) return null;
  if (status >= 500 || status === 429 || status === 403)
    return unreachableDocument(`its host answered with status ${status}`);
  if (status >= 300 && status < 400)
    return invalidDocument(`its host answered with a redirect (status ${status}), which is never followed`);
  return invalidDocument(`its host has no document there (status ${status})`);
}

/** A gate or a captive portal answers 200 with a page of its own. */
function typeProblem(type: string): ClientProblem | null {
  if (/^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/iu.test(type)) return null;
  return invalidDocument('its host did not send it as application/json');
}

/** The words of the network are for the log: strangers could ask us what our network looks like. */
function problemOf(error: unknown): ClientProblem {
  if (error instanceof ClientProblem) return error;
  const refused = error instanceof SallyportError && error.code === 'fetch_refused';
  if (!refused) return unreachableDocument('its host did not answer', error);
  return error.message.includes('larger than')
    ? invalidDocument('it is larger than 5 KiB')
    : unreachableDocument('its host is not one of the public internet', error);
}
