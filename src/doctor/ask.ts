import { lookup as systemLookup } from 'node:dns/promises';
import { isPublicAddress, isLoopbackHost, withoutBrackets } from '../net/addresses.ts';
import { createGuardedFetch } from '../net/guarded-fetch.ts';
import type { GuardedFetch } from '../net/guarded-fetch.ts';
import type { Lookup, ResolvedAddress } from '../net/policy.ts';

/** What came back, whatever it was. */
export interface Answer {
  readonly url: string;
  /** 0: no answer; `problem` says why. */
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body when it is a JSON object. */
  readonly document: Readonly<Record<string, unknown>> | null;
  readonly problem: string | null;
}

export interface Question {
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'OPTIONS' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Asks, and never throws: everything that may come back is something to tell about. */
export interface Asking {
  (url: string, question?: Question): Promise<Answer>;
  close(): Promise<void>;
}

/** What one answer may take, in milliseconds and bytes; and how many questions one examination asks at most. */
const timeout = 10_000;
const maxBytes = 262_144;
const maxQuestions = 150;

/**
 * Asks the server that the user named, and whatever its documents name. Provenance decides: a URL from a document may lead to
 * a private address or to plain http only when the given one does so itself. Redirects are never followed.
 */
export async function createAsking(given: URL, lookup: Lookup = lookUp): Promise<Asking> {
  const found = await lookup(withoutBrackets(given.hostname)).catch(() => []);
  const near = isNear(given.hostname, found);
  const fetch = createGuardedFetch({
    allowHttp: given.protocol === 'http:',
    allowPrivate: near,
    allowLoopback: near,
    redirects: 'return',
    timeout,
    maxBytes,
    // A name that was here when it earned its documents this trust is here for every request (DNS rebinding).
    lookup: (name) => (near && name === given.hostname ? Promise.resolve(found) : lookup(name)),
  });
  let questions = 0;
  const ask = async (url: string, question: Question = {}): Promise<Answer> => {
    questions += 1;
    if (questions > maxQuestions) return silence(url, `more than ${maxQuestions} questions`);
    return answerTo(fetch, url, question);
  };
  return Object.assign(ask, { close: () => fetch.close() });
}

/** Asks through any guarded fetch. */
export async function answerTo(fetch: GuardedFetch, url: string, question: Question = {}): Promise<Answer> {
  try {
    const response = await fetch(url, {
      method: question.method ?? 'GET',
      headers: { 'user-agent': 'sallyport-doctor', ...question.headers },
      body: question.body,
    });
    const text = await response.text();
    const { status, headers } = response;
    return { url, status, headers, text, document: parse(text), problem: null };
  } catch (error) {
    return silence(url, error instanceof Error ? error.message : 'unknown failure');
  }
}

function silence(url: string, problem: string): Answer {
  return { url, status: 0, headers: new Headers(), text: '', document: null, problem };
}

function parse(text: string): Answer['document'] {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    // An object may be read by name; every member is looked at before it is used.
    return isObject ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

const lookUp: Lookup = (name) => systemLookup(name, { all: true });

/** Whether the user named this machine or their own network. */
function isNear(hostname: string, found: readonly ResolvedAddress[]): boolean {
  if (isLoopbackHost(hostname)) return true;
  return found.length > 0 && found.every(({ address }) => !isPublicAddress(address));
}
