import { lookup as systemLookup } from 'node:dns/promises';
import type { Agent } from 'undici';
import { SallyportError } from '../types/error.ts';
import type { Milliseconds } from '../types/time.ts';
import {
  isLoopbackAddress,
  isLoopbackHost,
  isPrivateOrPublicAddress,
  isPublicAddress,
  withoutBrackets,
} from './addresses.ts';
import { readCapped } from './read-capped.ts';

/** One answer of a name server. */
export interface ResolvedAddress {
  readonly address: string;
  /** 4 or 6. */
  readonly family: number;
}

/** Resolves a host name to all of its addresses. */
export type Lookup = (hostname: string) => Promise<readonly ResolvedAddress[]>;

/** What a guarded fetch may reach. Provenance decides: open something only for hosts that an operator named. */
export interface FetchPolicy {
  /** Plain http, to any host that the address check admits. */
  readonly allowHttp: boolean;
  /** Private addresses as well as public ones; see `isPrivateOrPublicAddress`. */
  readonly allowPrivate: boolean;
  /** Narrows `allowPrivate` to hosts as `URL.hostname` has them, whatever the port: those that an operator named. */
  readonly privateHosts?: readonly string[];
  /** Loopback hosts, over http too: for an operator whose own configuration names one. Names no other host. */
  readonly allowLoopback?: boolean;
  /** For everything from the first lookup to the last byte, redirects included. Default 30,000. */
  readonly timeout?: Milliseconds;
  /** Bytes of a body, counted after decompression. Default 1 MiB. */
  readonly maxBytes?: number;
  readonly lookup?: Lookup;
  /** `return` hands a redirect to the caller instead of following it within the origin. */
  readonly redirects?: 'return';
}

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
const defaultTimeout: Milliseconds = 30_000;
const defaultMaxBytes = 1_048_576;

/** Makes a fetch that keeps to a policy. Opens nothing until it is used. */
export function createGuardedFetch(policy: FetchPolicy): GuardedFetch {
  let agent: Promise<Agent> | null = null;
  let closed: Promise<void> | null = null;

  const guardedFetch = async (url: string, init: GuardedInit = {}): Promise<Response> => {
    if (closed) throw new SallyportError('closed', 'the guarded fetch is closed');
    let target = checkUrl(url, policy);
    const method = (init.method ?? 'GET').toUpperCase();
    agent ??= createAgent(policy);
    const dispatcher = await agent;
    const limit = startDeadline(policy.timeout ?? defaultTimeout, init.signal);
    try {
      for (let hop = 0; ; hop += 1) {
        const request = { ...init, method, signal: limit.signal };
        const response = await send(target, request, { dispatcher, policy });
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

/** undici is loaded with the first request, not with the package. */
async function createAgent(policy: FetchPolicy): Promise<Agent> {
  const undici = await import('undici');
  const timeout = policy.timeout ?? defaultTimeout;
  return new undici.Agent({
    headersTimeout: timeout,
    bodyTimeout: timeout,
    connect: {
      timeout,
      // The list that is checked is the list that is dialled: no second lookup can answer differently (DNS rebinding).
      lookup: (hostname, { all }, callback) => {
        void answerLookup(hostname, policy).then(([error, list]) => {
          const [first] = list;
          // oxlint-disable-next-line promise/no-callback-in-promise -- `answerLookup` never rejects
          if (all === true || !first) return callback(error, [...list]);
          // oxlint-disable-next-line promise/no-callback-in-promise -- as above
          return callback(error, first.address, first.family);
        });
      },
    },
  });
}

/** Resolves a name and checks every answer; never rejects, because it speaks to a callback. */
async function answerLookup(
  hostname: string,
  policy: FetchPolicy,
): Promise<readonly [Error | null, readonly ResolvedAddress[]]> {
  try {
    const lookup = policy.lookup ?? ((name) => systemLookup(name, { all: true }));
    const addresses = await lookup(hostname);
    if (addresses.length === 0)
      return [new SallyportError('upstream_unavailable', `${hostname} has no address`), []];
    // One forbidden address among good ones is enough to refuse: which of them gets dialled is up to the network.
    const forbidden = addresses.find(({ address }) => !admits(policy, { host: hostname, address }));
    if (!forbidden) return [null, addresses];
    return [refused(`${hostname} resolves to ${forbidden.address}, which is not a public address`), []];
  } catch (error) {
    return [error instanceof Error ? error : new Error('the lookup failed'), []];
  }
}

function admits(policy: FetchPolicy, target: { host: string; address: string }): boolean {
  const mayBePrivate = policy.allowPrivate && (policy.privateHosts?.includes(target.host) ?? true);
  // A name that means this machine must not lead elsewhere, and only the operator may mean it (RFC 6761 §6.3).
  if (isLoopbackHost(target.host))
    return isLoopbackAddress(target.address) && (mayBePrivate || policy.allowLoopback === true);
  return mayBePrivate ? isPrivateOrPublicAddress(target.address) : isPublicAddress(target.address);
}

function checkUrl(text: string, policy: FetchPolicy): URL {
  const url = URL.parse(text);
  if (!url) throw refused('the URL cannot be parsed');
  if (url.username !== '' || url.password !== '') throw refused(`${url.host}: the URL has user info`);
  const loopback = policy.allowLoopback === true && isLoopbackHost(url.hostname);
  const plain = url.protocol === 'http:' && (policy.allowHttp || loopback);
  if (url.protocol !== 'https:' && !plain) throw refused(`${where(url)}: only https is allowed`);
  // Connecting to a literal address skips the lookup, and with it the check at connect time.
  const literal = literalAddress(url.hostname);
  if (literal !== null && !admits(policy, { host: url.hostname, address: literal }))
    throw refused(`${where(url)}: ${literal} is not a public address`);
  return url;
}

function literalAddress(hostname: string): string | null {
  const bare = withoutBrackets(hostname);
  return bare !== hostname || /^[\d.]+$/.test(bare) ? bare : null;
}

interface Sending {
  readonly dispatcher: Agent;
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
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return `the request failed (${code})`;
}

/** Origin and path: what an error may tell about a URL. */
function where(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

function refused(message: string): SallyportError {
  return new SallyportError('fetch_refused', message);
}
