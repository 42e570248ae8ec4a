import type { IncomingMessage } from 'node:http';
import type { HttpResponse } from '../http/exchange.ts';
import { json } from '../http/headers.ts';
import type { Authenticated, Insufficient, ProtectedResource } from '../resource/protected-resource.ts';
import { checkCallHeaders } from './call-headers.ts';
import { readMessage } from './read-body.ts';
import type { Call, ReadCalls } from './read-calls.ts';
import { callsTool, readCalls } from './read-calls.ts';
import { scopeRefused } from './scope-refused.ts';
import { tooLarge } from './too-large.ts';
import type { ToolRules } from './tool-rules.ts';

/** What a check of calls works with. */
export interface CallCheck {
  readonly rules: ToolRules;
  readonly resource: ProtectedResource;
  /** Longest body, in bytes. */
  readonly maxBody: number;
}

/** A request of somebody who may come in. */
export interface Calling {
  readonly request: IncomingMessage;
  readonly caller: Pick<Authenticated, 'token' | 'session'>;
}

/** `body` is what was checked: exactly these bytes must go on. */
export type CheckedCalls =
  | { readonly r: 'ok'; readonly body?: Buffer }
  | {
      readonly r: 'refused';
      readonly response: HttpResponse;
      /** When scopes were missing: which, and the tool that needs them. */
      readonly insufficient?: Insufficient & { readonly tool: string };
    };

/**
 * Whether the tools that a request calls may be called with its token. Judged by the body alone, as a whole, and only when the
 * server behind can read nothing else in it (MCP 2026-07-28, transports: policy on unverified headers).
 */
export async function checkCalls(check: CallCheck, { request, caller }: Calling): Promise<CheckedCalls> {
  const unfit = checkForm(request);
  if (unfit) return { r: 'refused', response: unfit };
  if (request.method !== 'POST') return { r: 'ok' };
  const body = await readMessage(request, check.maxBody);
  if (body === null) return { r: 'refused', response: tooLarge(check.maxBody) };
  const read = readCalls(body, check.rules.names);
  if (read.r === 'refused') return { r: 'refused', response: refusal(read.code, read.why) };
  const mismatch = checkCallHeaders(request.headers, read);
  if (mismatch !== null) return { r: 'refused', response: refusal(headerMismatch, mismatch) };
  const tools = read.calls.filter(({ method }) => method === callsTool);
  const needed = tools.flatMap((call) => check.rules.scopesFor(nameOf(call)));
  if (needed.length === 0) return { r: 'ok', body };
  return decide(check, { caller, read, tools, needed, body });
}

interface Judged {
  readonly caller: Calling['caller'];
  readonly read: Extract<ReadCalls, { r: 'ok' }>;
  readonly tools: readonly Call[];
  readonly needed: readonly string[];
  readonly body: Buffer;
}

async function decide(
  { resource, rules }: CallCheck,
  { caller, read, tools, needed, body }: Judged,
): Promise<CheckedCalls> {
  const checked = await resource.checkScopes(caller, needed);
  if (checked.r === 'ok') return { r: 'ok', body };
  const { missing } = checked.lack;
  const lacking = tools.find((call) =>
    rules.scopesFor(nameOf(call)).some((scope) => missing.includes(scope)),
  );
  const tool = lacking ? nameOf(lacking) : '';
  const response = checked.verdict === 'challenge' ? checked.response : scopeRefused(read, { tool, missing });
  return { r: 'refused', response, insufficient: { ...checked, tool } };
}

function nameOf({ target }: Call): string {
  return target ?? '';
}

/** Of the header of a request, and what it says differs from the body (MCP 2026-07-28, transports, server validation). */
const headerMismatch = -32020;

/** Only what the body's reader and the server behind are sure to read alike. */
function checkForm({ method, headers }: IncomingMessage): HttpResponse | null {
  const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
  if (method !== 'POST') return hasBody ? refusal(-32600, `a ${method} request has no body`) : null;
  if (!/^(?:identity)?$/iu.test(headers['content-encoding'] ?? ''))
    return unsupported('the body must not be encoded: remove Content-Encoding');
  if (
    !/^application\/json[ \t]*(?:;[ \t]*charset=(?:utf-8|"utf-8")[ \t]*)?$/iu.test(
      headers['content-type'] ?? '',
    )
  )
    return unsupported('the body must be application/json in UTF-8');
  return null;
}

function unsupported(error_description: string): HttpResponse {
  return json(415, { error: 'invalid_request', error_description });
}

/** JSON-RPC 2.0 §5.1, with the status that MCP has for it. */
function refusal(code: number, message: string): HttpResponse {
  return json(400, { jsonrpc: '2.0', id: null, error: { code, message } });
}
