import type { ServerResponse } from 'node:http';
import type { HttpResponse } from '../http/exchange.ts';
import { sendToNode } from '../http/node.ts';

/** What we say with every answer, whoever gives it. */
export type OwnHeaders = Readonly<Record<string, string>>;

/** Answers in the MCP server's place. */
export function sendOwn(
  { response, own }: { readonly response: ServerResponse; readonly own: OwnHeaders },
  { status, headers, body }: HttpResponse,
): void {
  sendToNode(response, { status, headers: { ...own, ...headers }, ...(body !== undefined && { body }) });
}
