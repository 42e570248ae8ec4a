import type { HttpResponse } from '../http/exchange.ts';
import { json } from '../http/headers.ts';
import type { Call } from './read-calls.ts';
import { callsTool } from './read-calls.ts';

/** Of the range that is the server's own (JSON-RPC 2.0 §5.1), and none that the SDKs have given a meaning. */
const notGranted = -32004;

/**
 * The whole answer to calls that need scopes which no challenge can bring: HTTP 200 under the requests' own ids, so that no
 * client begins another login, and in words that a model can pass on to its user. Notifications are dropped.
 */
export function scopeRefused(
  { calls, batch }: { readonly calls: readonly Call[]; readonly batch: boolean },
  { tool, missing }: { readonly tool: string; readonly missing: readonly string[] },
): HttpResponse {
  const text =
    `${tool} needs the permission ${missing.join(' ')}, which this app was not given. To give it, its user disconnects this ` +
    'server in the app, connects it again, and allows it there. Where it is not offered, whoever runs the server can help.';
  const answers = calls.filter(({ id }) => id !== undefined).map((call) => answerTo(call, text));
  if (answers.length === 0) return { status: 202, headers: {} };
  return json(200, batch ? answers : answers[0]);
}

function answerTo({ method, id, modern }: Call, text: string): object {
  if (method !== callsTool) return { jsonrpc: '2.0', id, error: { code: notGranted, message: text } };
  const failed = { content: [{ type: 'text', text }], isError: true };
  return { jsonrpc: '2.0', id, result: modern ? { resultType: 'complete', ...failed } : failed };
}
