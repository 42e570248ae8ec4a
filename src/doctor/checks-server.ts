import { isLoopbackHost } from '../net/addresses.ts';
import type { Answer } from './ask.ts';
import type { Check } from './checks-endpoint.ts';
import { fail, warn, wordOf } from './finding.ts';
import type { Problem } from './finding.ts';
import { serverUrl } from './places.ts';
import { browserOrigin } from './survey.ts';
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
  const what = `no authorization-server metadata for ${server.issuer}: ${tried.join(', ')}`;
  const fix = 'serve RFC 8414 metadata at the first of these addresses';
  const { status = 0 } = server.defaultAuthorize ?? {};
  // What MCP 2025-03-26 says about servers without metadata: /authorize, /token and /register of the origin.
  const guessed = defaultEndpoints && status !== 0 && status !== 404 && status < 500;
  return guessed ? warn(`${what}; /authorize is there, and this client guesses it`, fix) : fail(what, fix);
};

/** Members that the schemas of the SDK know; they refuse `null` in any of them. */
const known: ReadonlySet<string> = new Set(
  [
    'issuer authorization_endpoint token_endpoint registration_endpoint scopes_supported response_types_supported',
    'response_modes_supported grant_types_supported token_endpoint_auth_methods_supported service_documentation',
    'token_endpoint_auth_signing_alg_values_supported revocation_endpoint revocation_endpoint_auth_methods_supported',
    'introspection_endpoint introspection_endpoint_auth_methods_supported code_challenge_methods_supported',
    'client_id_metadata_document_supported jwks_uri userinfo_endpoint subject_types_supported claims_supported',
    'id_token_signing_alg_values_supported resource authorization_servers bearer_methods_supported resource_name',
    'resource_documentation resource_policy_uri resource_tos_uri resource_signing_alg_values_supported',
  ].flatMap((line) => line.split(' ')),
);

/** What an OpenID document must have beside. */
const ofOpenId = ['jwks_uri', 'subject_types_supported', 'id_token_signing_alg_values_supported'];

/** What the schemas of the SDK refuse. */
export const metadataShape: Check = ({ metadata, resource }) => {
  for (const found of [resource, metadata]) {
    const members = Object.entries(found?.document ?? {});
    const empty = members.find(([name, value]) => value === null && known.has(name));
    if (empty && found) return fail(`${found.answer.url}: "${empty[0]}" is null`, 'leave the member out');
  }
  if (!metadata) return null;
  if (!includes(metadata.document, 'response_types_supported', 'code'))
    return fail(
      'the metadata do not list the response type code',
      'add "response_types_supported": ["code"]',
    );
  const missing = ofOpenId.find((name) => metadata.document[name] === undefined);
  return missing !== undefined && metadata.place.startsWith('oidc')
    ? fail(
        `${metadata.answer.url} has no ${missing}`,
        'complete the OpenID document, or serve RFC 8414 metadata',
      )
    : null;
};

export const jsonContentType: Check = ({ metadata, resource }) => {
  for (const found of [resource, metadata]) {
    const type = found?.answer.headers.get('content-type') ?? '';
    if (found && !/^application\/(?:[\w.+-]+\+)?json\b/iu.test(type))
      return warn(`${found.answer.url} comes as "${type}"`, 'send it as application/json');
  }
  return null;
};

/** RFC 8414 §3.3: byte for byte. */
export const issuerMatch: Check = ({ server, metadata }) => {
  if (!server || !metadata) return null;
  const { issuer } = metadata.document;
  // The SDK forgives one slash, on this side only.
  if (issuer === server.issuer || `${wordOf(issuer)}/` === server.issuer) return null;
  const slash = issuer === `${server.issuer}/` ? ': only a slash at the end differs' : '';
  return fail(
    `the metadata say issuer ${wordOf(issuer)}, the resource says ${server.issuer}${slash}`,
    'write the same text in both, character for character',
  );
};

/** MCP authorization §Authorization Code Protection: a client must refuse a server that does not say it. */
export const pkceS256: Check = ({ metadata }) =>
  !metadata || includes(metadata.document, 'code_challenge_methods_supported', 'S256')
    ? null
    : fail('the metadata do not list S256', 'add "code_challenge_methods_supported": ["S256"]');

/** The SDK goes on when nothing is said about it. */
export const pkceMethods: Check = (view) =>
  view.metadata?.document['code_challenge_methods_supported'] === undefined ? null : pkceS256(view);

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
    : warn(
        'the token endpoint wants a secret from every client: those that register as public may be refused',
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

function corsProblem({ server, metadata }: View, what: 'metadata' | 'token' | 'register'): Problem | null {
  const answer: Answer | null = server?.endpoints?.preflights[what] ?? null;
  if (!answer) return null;
  const allowed = answer.headers.get('access-control-allow-origin');
  const good = answer.status >= 200 && answer.status < 300 && (allowed === '*' || allowed === browserOrigin);
  // A plain GET needs no preflight, and the SDK tries one when it is refused.
  if (what === 'metadata' && metadata?.answer.headers.get('access-control-allow-origin') === '*') return null;
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
