import type { IncomingHttpHeaders } from 'node:http';
import type { Json } from './template.ts';
import { textOf, writeJson } from './template.ts';

/** A request, read whole. */
export interface SimulatedRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Of the query and of the body, be it a form or JSON; the body wins. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** What goes back. */
export interface SimulatedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** An error that the protocol has a code for. `status` is the one of RFC 6749 §5.2. */
export class ProtocolError extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, description: string, status = 400) {
    super(description);
    this.name = 'ProtocolError';
    this.code = code;
    this.status = status;
  }
}

export function json(
  status: number,
  value: Json,
  headers: Readonly<Record<string, string>> = {},
): SimulatedAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store', ...headers },
    body: writeJson(value),
  };
}

export function form(status: number, value: Readonly<Record<string, Json>>): SimulatedAnswer {
  const body = new URLSearchParams(Object.entries(value).map(([name, member]) => [name, textOf(member)]));
  return {
    status,
    headers: {
      'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
      'cache-control': 'no-store',
    },
    body: body.toString(),
  };
}

export function page(status: number, html: string): SimulatedAnswer {
  return { status, headers: { 'content-type': 'text/html; charset=utf-8' }, body: `<!doctype html>${html}` };
}

export function redirect(location: string): SimulatedAnswer {
  return { status: 302, headers: { location, 'cache-control': 'no-store' }, body: '' };
}

/** Text as it may stand in HTML, attribute values included. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);
}

/** Reads the parameters of a request; anything that is no form and no JSON object has none in its body. */
export function readParameters(url: URL, body: string, contentType = ''): Record<string, string> {
  const parameters: Record<string, string> = Object.fromEntries(url.searchParams);
  if (contentType.startsWith('application/x-www-form-urlencoded'))
    return { ...parameters, ...Object.fromEntries(new URLSearchParams(body)) };
  if (!contentType.startsWith('application/json')) return parameters;
  return { ...parameters, ...readJsonParameters(body) };
}

function readJsonParameters(body: string): Record<string, string> {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value !== 'object' || value === null) return {};
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, String(member)]));
  } catch {
    return {};
  }
}

/** The credentials of `Authorization: Basic`, decoded as RFC 6749 §2.3.1 has it; `null` when there are none. */
export function readBasic(
  request: SimulatedRequest,
): { readonly id: string; readonly secret: string } | null {
  const [, encoded] = /^basic (.+)$/i.exec(request.headers.authorization ?? '') ?? [];
  if (encoded === undefined) return null;
  const [id = '', ...rest] = Buffer.from(encoded, 'base64').toString().split(':');
  return { id: formDecode(id), secret: formDecode(rest.join(':')) };
}

function formDecode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

/** The token of `Authorization: Bearer` (GitHub takes `token` as well); `null` when there is none. */
export function readBearer(request: SimulatedRequest): string | null {
  const [, token] = /^(?:bearer|token) (.+)$/i.exec(request.headers.authorization ?? '') ?? [];
  return token ?? null;
}
