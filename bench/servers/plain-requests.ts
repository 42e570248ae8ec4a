import type { RequestText } from '../load/plan.ts';

/** What clients read first. */
export const documentPaths = ['/.well-known/oauth-authorization-server', '/.well-known/jwks.json'] as const;

const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };

/** An MCP call of 1 KiB. */
export function mcpPost(more: Readonly<Record<string, string>> = {}): RequestText {
  const call = {
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name: 'echo', arguments: { text: '' } },
  };
  const rest = 1024 - JSON.stringify(call).length;
  call.params.arguments.text = 'x'.repeat(rest);
  return { method: 'POST', path: '/mcp', headers: { ...headers, ...more }, body: JSON.stringify(call) };
}

/** An event stream. */
export function mcpStream(more: Readonly<Record<string, string>> = {}): RequestText {
  return { method: 'GET', path: '/mcp', headers: { ...more, accept: 'text/event-stream' } };
}
