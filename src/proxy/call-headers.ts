import type { IncomingHttpHeaders } from 'node:http';
import type { Call } from './read-calls.ts';

/** Methods whose target is repeated in `Mcp-Name`. */
const named = new Set(['tools/call', 'prompts/get', 'resources/read']);

/**
 * Why the headers that repeat the body say something else (MCP 2026-07-28, transports, server validation): a server that goes
 * by them would do another thing than was checked. `null` when they say the same, or nothing.
 */
export function checkCallHeaders(
  headers: IncomingHttpHeaders,
  { calls, batch }: { readonly calls: readonly Call[]; readonly batch: boolean },
): string | null {
  const disguised = Object.keys(headers).find((name) => /^mcp_(?:name|method)$/u.test(name));
  // Programs of the CGI family read `_` as `-`.
  if (disguised !== undefined) return `the header ${disguised} is written with -`;
  const { 'mcp-method': method, 'mcp-name': name } = headers;
  if (method === undefined && name === undefined) return null;
  const [call] = calls;
  if (batch || !call) return 'a batch has no Mcp-Method and no Mcp-Name';
  if (method !== undefined && plainOf(method) !== call.method)
    return 'Mcp-Method is not the method of the body';
  const counts = name !== undefined && (call.method === null || named.has(call.method));
  return counts && plainOf(name) !== call.target ? 'Mcp-Name is not the name in the body' : null;
}

/** What a header cannot hold is in base64 there; `null` for what cannot be decoded. */
function plainOf(value: string | string[]): string | null {
  if (typeof value !== 'string') return null;
  const [, encoded] = /^=\?base64\?([A-Za-z0-9+/]*={0,2})\?=$/u.exec(value) ?? [];
  if (encoded === undefined) return value;
  const bytes = Buffer.from(encoded, 'base64');
  return bytes.toString('base64') === encoded ? bytes.toString() : null;
}
