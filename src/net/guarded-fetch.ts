import type { Dispatcher } from 'undici';
import { SallyportError } from '../types/error.ts';
import type { Milliseconds } from '../types/time.ts';
import { createDispatchers, tlsSettings } from './dispatcher.ts';
import type { Dispatchers } from './dispatcher.ts';
import { defaultTimeout } from './policy.ts';
import type { FetchPolicy } from './policy.ts';
import { checkUrl, refused, where } from './reach.ts';
import { readCapped } from './read-capped.ts';

/** What oauth4webapi hands to its `customFetch`, and what our own callers use. Redirects are never the caller's to choose. */
export interface GuardedInit {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | URLSearchParams | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly redirect?: 'manual';
}

/**
 * Fetches a URL within the policy. The body has been read when the promise resolves, so that the time and byte limits
 * cover it. Rejects with {@link SallyportError}: `fetch_refused` when the policy forbids the request or its answer,
 * `upstream_unavailable` when the network fails or time runs out, `closed` after `close`. Errors name origin and path,
 * never query, user info, header or body.
 */
export interface GuardedFetch {
  (url: string, init?: GuardedInit): Promise<Response>;
  /** Refuses new requests and waits for running ones. May be called again. */
  close(): Promise<void>;
}

const maxRedirects = 3;
const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const defaultMaxBytes = 1_048_576;

/** Makes a fetch that keeps to a policy. Opens nothing until it is used. Throws `config_invalid` for unusable certificates. */
export function createGuardedFetch(policy: FetchPolicy): GuardedFetch {
  const tls = tlsSettings(policy);
  let agent: Promise<Dispatchers> | null = null;
  let closed: Promise<void> | null = null;

  const guardedFetch = async (url: string, init: GuardedInit = {}): Promise<Response> => {
    if (closed) throw new SallyportError('closed', 'the guarded fetch is closed');
    let target = checkUrl(url, policy);
    const method = (init.method ?? 'GET').toUpperCase();
    agent ??= createDispatchers(policy, tls);
    const dispatchers = await agent;
    const limit = startDeadline(policy.timeout ?? defaultTimeout, init.signal);
    try {
      for (let hop = 0; ; hop += 1) {
        const request = { ...init, method, signal: limit.signal };
        const response = await send(target, request, { dispatcher: dispatchers.of(target), policy });
        if (!redirectStatuses.has(response.status) || policy.redirects === 'return') return response;
        target = checkRedirect(target, { response, method, hop });
      }
    } finally {
      limit.end();
    }
  };
  const close = (): Promise<void> => {
    closed ??= agent === null ? Promise.resolve() : agent.then((opened) => opened.close());
    return closed;
  };
  return Object.assign(guardedFetch, { close });
}

/** One time limit for a whole request; unlike `AbortSignal.timeout` it leaves no timer behind when the request is done. */
function startDeadline(
  timeout: Milliseconds,
  outer: AbortSignal | undefined,
): { readonly signal: AbortSignal; readonly end: () => void } {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  const timer = setTimeout(abort, timeout);
  outer?.addEventListener('abort', abort, { once: true });
  if (outer?.aborted) abort();
  const end = (): void => {
    clearTimeout(timer);
    outer?.removeEventListener('abort', abort);
  };
  return { signal: controller.signal, end };
}

interface Sending {
  readonly dispatcher: Dispatcher;
  readonly policy: FetchPolicy;
}

async function send(
  url: URL,
  init: GuardedInit & { readonly method: string; readonly signal: AbortSignal },
  { dispatcher, policy }: Sending,
): Promise<Response> {
  const { fetch } = await import('undici');
  try {
    const response = await fetch(url, {
      method: init.method,
      redirect: 'manual',
      signal: init.signal,
      dispatcher,
      ...(init.headers && { headers: { ...init.headers } }),
      // undici's own types know only its own URLSearchParams; a string says the same.
      ...(init.body !== undefined && { body: String(init.body) }),
    });
    const body = await readCapped(response.body, policy.maxBytes ?? defaultMaxBytes);
    if (body === null) throw refused(`${where(url)}: the answer is larger than allowed`);
    return rebuild(response, body);
  } catch (error) {
    throw describe(error, { url, signal: init.signal });
  }
}

/** A standard `Response` over bytes that were read and decoded already. */
function rebuild(
  response: { readonly status: number; readonly headers: Iterable<[string, string]> },
  body: Uint8Array<ArrayBuffer>,
): Response {
  const headers = [...response.headers].filter(([name]) => !/^content-(encoding|length)$/i.test(name));
  return new Response(body.length === 0 ? null : body, { status: response.status, headers });
}

/** A redirect may only be followed by a request without a body, and only within the origin: it may carry credentials. */
function checkRedirect(
  from: URL,
  { response, method, hop }: { response: Response; method: string; hop: number },
): URL {
  if (method !== 'GET') throw refused(`${where(from)}: a ${method} was answered with a redirect`);
  if (hop >= maxRedirects) throw refused(`${where(from)}: more than ${maxRedirects} redirects`);
  const to = URL.parse(response.headers.get('location') ?? '', from);
  if (!to || response.headers.get('location') === null)
    throw refused(`${where(from)}: a redirect without a target`);
  if (to.origin !== from.origin || to.username !== '' || to.password !== '')
    throw refused(`${where(from)}: a redirect to another origin`);
  return to;
}

function describe(error: unknown, { url, signal }: { url: URL; signal: AbortSignal }): SallyportError {
  if (error instanceof SallyportError) return error;
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (inner instanceof SallyportError) return inner;
  const reason = signal.aborted ? 'timed out or was aborted' : reasonOf(inner);
  // The cause is made anew: undici's parser errors carry bytes of the answer.
  return new SallyportError('upstream_unavailable', `${where(url)}: ${reason}`, {
    cause: new Error(reasonOf(inner)),
  });
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'the request failed';
  // Ports that browsers refuse (Fetch §2.9) are refused by undici too; nothing but its words tells that.
  if (error.message === 'bad port') return 'the request failed (the Fetch standard blocks this port)';
  // undici wraps the proxy's answer once more than other failures, and tells its status in words only.
  const wrapped = error.cause instanceof Error ? error.cause.message : error.message;
  const proxy = /^Proxy response \((\d{3})\)/.exec(wrapped);
  if (proxy) return `the proxy did not connect us (status ${proxy[1]})`;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return `the request failed (${code})`;
}
