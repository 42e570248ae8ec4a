import { isLoopbackHost } from '../net/addresses.ts';
import { readBearerChallenge } from '../oauth/challenge.ts';
import type { Answer } from './ask.ts';
import { fail, warn } from './finding.ts';
import type { Problem } from './finding.ts';
import { resourceUrl } from './places.ts';
import type { View } from './view.ts';

/** Looks at what one client found; `null`: nothing is wrong. */
export type Check = (view: View) => Problem | null;

/** RFC 9728 §5.1, MCP authorization §Error Handling. */
export const challengePost: Check = (view) =>
  challengeProblem('POST', { view, answer: view.survey.mcp.post });
/** Codex and mcp-remote look with GET before they sign in. */
export const challengeGet: Check = (view) => challengeProblem('GET', { view, answer: view.survey.mcp.get });
/** Gemini CLI looks with HEAD. */
export const challengeHead: Check = (view) =>
  challengeProblem('HEAD', { view, answer: view.survey.mcp.head });

function challengeProblem(
  method: string,
  { view: { resource, needsResource }, answer: { status, headers, problem } }: { view: View; answer: Answer },
): Problem | null {
  if (problem === 'was not asked') return null;
  if (status === 0)
    return fail(
      `${method} without a token got no answer: ${problem ?? ''}`,
      'make the URL reachable from where clients run',
    );
  if (status === 200)
    return warn(
      `${method} without a token is answered with 200`,
      'answer 401 with a Bearer challenge if people should sign in',
    );
  if (status >= 300 && status < 400)
    return fail(
      `${method} without a token is redirected to ${headers.get('location') ?? 'nowhere'}`,
      'give people the address that it redirects to: clients do not follow with POST',
    );
  if (status !== 401)
    return fail(
      `${method} without a token is answered with ${status}, not 401`,
      'answer 401 with a Bearer challenge',
    );
  const header = headers.get('www-authenticate');
  if (header !== null && readBearerChallenge(header)) return null;
  const what =
    header === null
      ? `the 401 to ${method} has no WWW-Authenticate`
      : `the 401 to ${method} has no readable Bearer challenge: ${header}`;
  const fix = 'send WWW-Authenticate: Bearer resource_metadata="…"';
  // A 401 is enough for clients that find the metadata without it, or know none.
  return resource || !needsResource ? warn(what, fix) : fail(what, fix);
}

/** MCP authorization §Communication Security; loopback is for development. */
export const https: Check = ({ survey: { given } }) =>
  given.protocol === 'https:' || isLoopbackHost(given.hostname)
    ? null
    : fail('the URL is plain http', 'serve it over https, or a front proxy that does');

/** RFC 9728 §3, or nothing where a client has another way. */
export const resourceMetadata: Check = ({ survey, resource, needsResource, server }) => {
  if (resource) return authorizationServersProblem(resource.document, { needsResource });
  const wanted = resourceUrl(survey.given, 'path');
  const told = survey.resource.path;
  const why =
    told?.problem ?? `status ${told?.status ?? 0}${told?.status === 200 ? ', but no JSON object' : ''}`;
  const fix = 'serve protected-resource metadata there, and name the address in the 401 challenge';
  const problem = `no protected-resource metadata, neither where the challenge says nor at ${wanted} (${why})`;
  // Clients that know the older revisions take the origin for the authorization server.
  return needsResource || !server?.endpoints ? fail(problem, fix) : warn(problem, fix);
};

/** Who has to take the origin then does so; it is the authorization server of 2025-03-26. */
function authorizationServersProblem(
  document: Readonly<Record<string, unknown>>,
  { needsResource }: { needsResource: boolean },
): Problem | null {
  const list = document['authorization_servers'];
  const first: unknown = Array.isArray(list) ? list[0] : undefined;
  if (typeof first === 'string' && URL.canParse(first)) return null;
  const what = 'the resource metadata name no authorization server';
  const fix = 'list its issuer in authorization_servers';
  return needsResource || first !== undefined ? fail(what, fix) : warn(what, fix);
}

/** The rule of the SDK and of MCP: same origin, and a path that the URL's begins with (a slash more is another path). */
export const resourceMatch: Check = ({ survey: { given }, resource }) => {
  if (!resource) return null;
  const { told, url } = resourceOf(resource);
  if (!url) return fail('the resource metadata have no "resource"', `write "resource": "${given.href}"`);
  const [path, wanted] = [url.pathname, given.pathname];
  const covers =
    `${wanted}/`.startsWith(path.endsWith('/') ? path : `${path}/`) && wanted.length >= path.length;
  if (url.origin === given.origin && covers) return null;
  return fail(mismatch(told, given), exactly);
};

/** RFC 9728 §3.3: the document is about another resource otherwise. */
export const resourceExact: Check = ({ survey: { given }, resource }) => {
  const { told, url } = resource ? resourceOf(resource) : { told: '', url: null };
  return !url || url.href === given.href ? null : fail(mismatch(told, given), exactly);
};

const exactly = 'make it the very URL of the MCP endpoint, character for character';

function resourceOf({ document }: NonNullable<View['resource']>): { told: string; url: URL | null } {
  const { resource: value } = document;
  return typeof value === 'string' ? { told: value, url: URL.parse(value) } : { told: '', url: null };
}

function mismatch(told: string, { href }: URL): string {
  const slash = told === `${href}/` || `${told}/` === href ? ': only a slash at the end differs' : '';
  return `"resource" is ${told}, and people type ${href}${slash}`;
}

/** Fetch §3.2: without these a page never sees the challenge. */
export const corsMcp: Check = ({ survey: { mcp, preflight } }) => {
  if (preflight.problem === 'was not asked') return null;
  const allowed = preflight.headers.get('access-control-allow-origin');
  // Foreign pages may be refused (MCP transports §Security): browser clients then run on an allowed origin.
  if (preflight.status === 403 || mcp.post.status === 403) return null;
  if (preflight.status === 0 || preflight.status >= 400 || allowed === null)
    return warn(
      `a browser may not call the endpoint: its preflight got ${preflight.status}`,
      'answer OPTIONS with CORS headers, without asking for a token',
    );
  return null;
};
