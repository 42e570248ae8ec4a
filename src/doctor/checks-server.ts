import { isLoopbackHost } from '../net/addresses.ts';
import type { Answer } from './ask.ts';
import type { Check } from './checks-endpoint.ts';
import { fail } from './finding.ts';
import type { Problem } from './finding.ts';
import { serverUrl } from './places.ts';
import type { View } from './view.ts';

const required = ['authorization_endpoint', 'token_endpoint'] as const;
const endpoints = [...required, 'registration_endpoint', 'jwks_uri', 'revocation_endpoint'] as const;

/** RFC 8414 §3, OpenID Connect Discovery §4, in the order of the client. */
export const serverMetadata: Check = ({ server, metadata, places, defaultEndpoints }) => {
  if (metadata || !server) return null;
  const issuer = new URL(server.issuer);
  const tried = places.map((place) => {
    const { status, problem } = server.places[place];
    return `${serverUrl(issuer, place)} (${problem ?? `status ${status}`})`;
  });
  const without = defaultEndpoints ? ', and a client of 2025-03-26 would guess /authorize' : '';
  return fail(
    `no authorization-server metadata for ${server.issuer}: ${tried.join(', ')}${without}`,
    'serve RFC 8414 metadata at the first of these addresses',
  );
};

/** Zod schemas of the SDK and of Claude Code refuse a member that is `null`. */
export const nullMembers: Check = ({ metadata, resource }) => {
  for (const found of [resource, metadata]) {
    const name = Object.entries(found?.document ?? {}).find(([, value]) => value === null)?.[0];
    if (name !== undefined)
      return fail(`${found?.answer.url ?? ''}: "${name}" is null`, 'leave the member out');
  }
  return null;
};

export const jsonContentType: Check = ({ metadata, resource }) => {
  for (const found of [resource, metadata]) {
    const type = found?.answer.headers.get('content-type') ?? '';
    if (found && !/^application\/(?:[\w.+-]+\+)?json\b/iu.test(type))
      return fail(`${found.answer.url} comes as "${type}"`, 'send it as application/json');
  }
  return null;
};

/** RFC 8414 §3.3: byte for byte. */
export const issuerMatch: Check = ({ server, metadata }) => {
  if (!server || !metadata) return null;
  const { issuer } = metadata.document;
  if (issuer === server.issuer) return null;
  const slash =
    typeof issuer === 'string' && (issuer === `${server.issuer}/` || `${issuer}/` === server.issuer)
      ? ': only a slash at the end differs'
      : '';
  return fail(
    `the metadata say issuer ${String(issuer)}, the resource says ${server.issuer}${slash}`,
    'write the same text in both, character for character',
  );
};

/** MCP authorization §Authorization Code Protection: a client must refuse a server that does not say it. */
export const pkceS256: Check = ({ metadata }) =>
  !metadata || includes(metadata.document, 'code_challenge_methods_supported', 'S256')
    ? null
    : fail('the metadata do not list S256', 'add "code_challenge_methods_supported": ["S256"]');

export const registrationDcr: Check = ({ metadata }) =>
  !metadata || typeof metadata.document['registration_endpoint'] === 'string'
    ? null
    : fail(
        'there is no registration_endpoint',
        'offer dynamic client registration (RFC 7591), or register this client by hand',
      );

export const registrationAny: Check = (view) => {
  if (view.metadata?.document['client_id_metadata_document_supported'] === true) return null;
  return registrationDcr(view) === null
    ? null
    : fail(
        'clients cannot register: no registration_endpoint, and no client-id metadata documents',
        'offer either, or register every client by hand',
      );
};

/** Absent means `client_secret_basic` (RFC 8414 §2), which clients that were seen do not insist on. */
export const publicClients: Check = ({ metadata }) => {
  const methods = metadata?.document['token_endpoint_auth_methods_supported'];
  return !Array.isArray(methods) || methods.includes('none')
    ? null
    : fail(
        'the token endpoint wants a secret from every client',
        'add "none" to token_endpoint_auth_methods_supported: apps keep no secrets',
      );
};

export const endpointUrls: Check = ({ survey, metadata }) => {
  if (!metadata) return null;
  for (const name of endpoints) {
    const value = metadata.document[name];
    if (value === undefined && !required.some((one) => one === name)) continue;
    const problem = endpointProblem(value, survey.given);
    if (problem !== null) return fail(`${name} ${problem}`, `write the whole https URL in ${name}`);
  }
  return null;
};

function endpointProblem(value: unknown, given: URL): string | null {
  if (value === undefined) return 'is missing';
  const url = typeof value === 'string' ? URL.parse(value) : null;
  if (!url) return 'is not a URL';
  if (url.protocol === 'https:') return null;
  const local = isLoopbackHost(given.hostname) && isLoopbackHost(url.hostname);
  return url.protocol === 'http:' && local ? null : `is ${url.protocol}//${url.host}, not https`;
}

/** RFC 6749 §5.2: clients cannot read a page, nor tell a refusal from a failure. */
export const tokenJson: Check = ({ server }) => {
  const token = server?.endpoints?.token;
  if (!token) return null;
  if (token.status === 0)
    return fail(`the token endpoint gives no answer: ${token.problem ?? ''}`, 'make it reachable');
  const error = token.document?.['error'];
  if (token.status >= 400 && token.status < 500 && typeof error === 'string') return null;
  return fail(
    `the token endpoint answers a bad request with ${token.status} and ${token.document ? 'no "error"' : 'no JSON'}`,
    'answer errors with 400 or 401 and {"error": "…"} as JSON',
  );
};

export const corsMetadata: Check = (view) => corsProblem(view, 'metadata');
export const corsToken: Check = (view) => corsProblem(view, 'token');
export const corsRegister: Check = (view) => corsProblem(view, 'register');

function corsProblem({ server }: View, what: 'metadata' | 'token' | 'register'): Problem | null {
  const answer: Answer | null = server?.endpoints?.preflights[what] ?? null;
  if (!answer) return null;
  const allowed = answer.headers.get('access-control-allow-origin');
  const good =
    answer.status >= 200 && answer.status < 300 && (allowed === '*' || allowed === 'https://doctor.invalid');
  return good
    ? null
    : fail(
        `a page in a browser may not call ${new URL(answer.url).pathname}: its preflight got ${answer.status}`,
        'answer OPTIONS with Access-Control-Allow-Origin: *, and allow the headers that are asked for',
      );
}

/** Whether a list of the document has an entry. */
export function includes(document: Readonly<Record<string, unknown>>, name: string, entry: string): boolean {
  const list = document[name];
  return Array.isArray(list) && list.includes(entry);
}
