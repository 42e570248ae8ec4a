import { readBearerChallenge } from '../../src/oauth/challenge.ts';
import type { Endpoint } from '../proxy/endpoint.ts';

/** A call of a tool, as SDKs write it. */
export function toolCall(name: unknown, more: Readonly<Record<string, unknown>> = {}): object {
  return { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: {} }, ...more };
}

/** Sends a body as a signed-in client does: JSON for an object, a text or bytes as they are. */
export function post(
  endpoint: Endpoint,
  token: string,
  body: object | string | Uint8Array<ArrayBuffer>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const raw = typeof body === 'string' || body instanceof Uint8Array;
  return endpoint.call(token, {
    body: raw ? body : JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  });
}

/** What a challenge says, by the names of its parameters. */
export function challengeOf(response: Response): Readonly<Record<string, string>> {
  const parameters = readBearerChallenge(response.headers.get('www-authenticate') ?? '');
  if (!parameters) throw new Error(`no challenge: ${response.status}`);
  return Object.fromEntries(parameters);
}

/** A catalogue for notes, where the wider scope includes the narrower one. */
export const notes: Readonly<Record<string, unknown>> = {
  scopes: {
    'notes:read': { description: 'Read your notes' },
    'notes:write': { description: 'Write notes', implies: ['notes:read'], default: false },
    'notes:admin': { description: 'Delete all notes', implies: ['notes:write'], default: false },
  },
};
