/** What a request is told whose user has not connected the account that the MCP server needs. */
import { randomToken } from '../crypto/random.ts';
import type { HttpResponse } from '../http/exchange.ts';
import { json } from '../http/headers.ts';

/** What is missing, and where the user can mend it. */
export interface Missing {
  /** What pages call the upstream. */
  readonly upstream: string;
  /** True for a connection that was there and ended. */
  readonly ended: boolean;
  /** Leads to the page where the user connects it; carries no authority. */
  readonly url: string;
}

/** A JSON-RPC message, as far as it could be read. */
type Message = Readonly<Record<string, unknown>>;

/** URL elicitation required (MCP 2025-11-25, elicitation §error handling). Later revisions have `input_required` instead. */
const urlElicitationRequired = -32042;

/** Of the range that is the server's own (JSON-RPC 2.0 §5.1), and none that the SDKs have given a meaning. */
const notConnected = -32003;

/** Members of `_meta` that each request of 2026-07-28 carries, and none before. */
const revisionKey = 'io.modelcontextprotocol/protocolVersion';
const capabilitiesKey = 'io.modelcontextprotocol/clientCapabilities';

/** What the client calls our question when it comes back with the answer. */
const question = 'sallyport_connect';

/** Methods whose result may ask for input (MCP 2026-07-28, multi round-trip requests). */
const mayAsk = new Set(['tools/call', 'prompts/get', 'resources/read']);

/**
 * The whole answer to a message: HTTP 200 under the request's own id, so that nobody takes it for a missing sign-in and
 * begins another login. Notifications are dropped.
 * @param body of the request; `null` when it could not be read
 * @param canOpenUrls whether the client said at its initialization that it can lead its user to a URL
 */
export function connectionRequired(
  missing: Missing,
  { body, canOpenUrls }: { readonly body: Uint8Array | null; readonly canOpenUrls: boolean },
): HttpResponse {
  const message = body && parse(body);
  if (message === null || typeof message !== 'object') return unreadable(missing);
  const asked = Array.isArray(message) ? message : [message];
  const answers = asked.filter(isRequest).map((one) => answerTo(missing, one, canOpenUrls));
  if (answers.length === 0) return { status: 202, headers: {} };
  return json(200, Array.isArray(message) ? answers : answers[0]);
}

/** Nothing that waits for an answer: streams and sessions are for who is connected. */
export function noStream(): HttpResponse {
  return json(405, { error: 'method_not_allowed' }, { allow: 'POST' });
}

/** Whether an `initialize` says that the client can lead its user to a URL; `null` for any other message. */
export function readInitialize(body: Uint8Array): boolean | null {
  // Cheaper than parsing each message to find that it is another.
  if (!Buffer.from(body.buffer, body.byteOffset, body.byteLength).includes('"initialize"')) return null;
  const message = parse(body);
  if (!isRecord(message) || message['method'] !== 'initialize') return null;
  return opensUrls(member(message['params'], 'capabilities'));
}

function answerTo(missing: Missing, message: Message, canOpenUrls: boolean): object {
  const { id, method, params } = message;
  const meta = member(params, '_meta');
  const envelope = { jsonrpc: '2.0', id };
  const text = textOf(missing);
  if (typeof member(meta, revisionKey) === 'string') {
    const asks = opensUrls(member(meta, capabilitiesKey)) && mayAsk.has(String(method));
    // Who was asked and comes back without a connection has declined, or has not finished: asking again would never end.
    const again = member(member(params, 'inputResponses'), question) !== undefined;
    if (asks && !again) return { ...envelope, result: inputRequired(missing) };
    return method === 'tools/call'
      ? { ...envelope, result: { resultType: 'complete', ...failedCall(text) } }
      : { ...envelope, error: { code: notConnected, message: text, data: { url: missing.url } } };
  }
  const declared = method === 'initialize' ? opensUrls(member(params, 'capabilities')) : canOpenUrls;
  if (declared)
    return {
      ...envelope,
      error: { code: urlElicitationRequired, message: text, data: elicitations(missing) },
    };
  return method === 'tools/call'
    ? { ...envelope, result: failedCall(text) }
    : { ...envelope, error: { code: notConnected, message: text, data: { url: missing.url } } };
}

function failedCall(text: string): object {
  return { content: [{ type: 'text', text }], isError: true };
}

function inputRequired(missing: Missing): object {
  const params = { mode: 'url', message: reasonOf(missing), url: missing.url };
  return {
    resultType: 'input_required',
    inputRequests: { [question]: { method: 'elicitation/create', params } },
  };
}

function elicitations(missing: Missing): object {
  const { url } = missing;
  return { elicitations: [{ mode: 'url', elicitationId: randomToken(12), url, message: reasonOf(missing) }] };
}

function reasonOf({ upstream, ended }: Missing): string {
  return ended
    ? `The connection to your account at ${upstream} has ended. Connect it again.`
    : `This needs your account at ${upstream}, which is not connected yet.`;
}

function textOf(missing: Missing): string {
  return `${reasonOf(missing)} To do so, open ${missing.url} in your browser; then try again.`;
}

/** Too long or no JSON: whoever reads the answer still learns what to do. No challenge: signing in again would not help. */
function unreadable(missing: Missing): HttpResponse {
  return json(403, { error: 'connection_required', error_description: textOf(missing) });
}

function opensUrls(capabilities: unknown): boolean {
  return isRecord(member(member(capabilities, 'elicitation'), 'url'));
}

function isRequest(message: unknown): message is Message {
  if (!isRecord(message) || typeof message['method'] !== 'string') return false;
  return typeof message['id'] === 'string' || typeof message['id'] === 'number';
}

function member(value: unknown, name: string): unknown {
  return isRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

function isRecord(value: unknown): value is Message {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString());
  } catch {
    return null;
  }
}
