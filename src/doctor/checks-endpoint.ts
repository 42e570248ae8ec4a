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
export const challengePost: Check = ({ survey: { mcp } }) => challengeProblem('POST', mcp.post);
/** Codex and mcp-remote look with GET before they sign in. */
export const challengeGet: Check = ({ survey: { mcp } }) => challengeProblem('GET', mcp.get);
/** Gemini CLI looks with HEAD. */
export const challengeHead: Check = ({ survey: { mcp } }) => challengeProblem('HEAD', mcp.head);

function challengeProblem(method: string, { status, headers, problem }: Answer): Problem | null {
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
  if (header === null)
    return fail(
      `the 401 to ${method} has no WWW-Authenticate`,
      'send WWW-Authenticate: Bearer resource_metadata="…"',
    );
  if (!readBearerChallenge(header))
    return fail(
      `the 401 to ${method} has no readable Bearer challenge: ${header}`,
      'send WWW-Authenticate: Bearer resource_metadata="…"',
    );
  return null;
}

/** MCP authorization §Communication Security; loopback is for development. */
export const https: Check = ({ survey: { given } }) =>
  given.protocol === 'https:' || isLoopbackHost(given.hostname)
    ? null
    : fail('the URL is plain http', 'serve it over https, or a front proxy that does');

/** RFC 9728 §3, or nothing where a client has another way. */
export const resourceMetadata: Check = ({ survey, resource, needsResource, server }) => {
  if (resource) return authorizationServersProblem(resource.document);
  const wanted = resourceUrl(survey.given, 'path');
  const told = survey.resource.path;
  const why =
    told?.problem ?? `status ${told?.status ?? 0}${told?.status === 200 ? ', but no JSON object' : ''}`;
  const fix = 'serve protected-resource metadata there, and name the address in the 401 challenge';
  const problem = `no protected-resource metadata, neither where the challenge says nor at ${wanted} (${why})`;
  // Clients that know the older revisions take the origin for the authorization server.
  return needsResource || !server?.endpoints ? fail(problem, fix) : warn(problem, fix);
};

function authorizationServersProblem(document: Readonly<Record<string, unknown>>): Problem | null {
  const list = document['authorization_servers'];
  const first: unknown = Array.isArray(list) ? list[0] : undefined;
  return typeof first === 'string' && URL.canParse(first)
    ? null
    : fail('the resource metadata name no authorization server', 'list its issuer in authorization_servers');
}

/** RFC 9728 §3.3: the document is about another resource otherwise. */
export const resourceMatch: Check = ({ survey: { given }, resource }) => {
  if (!resource) return null;
  const value = resource.document['resource'];
  const wanted = given.href;
  if (typeof value !== 'string' || !URL.canParse(value))
    return fail('the resource metadata have no "resource"', `write "resource": "${wanted}"`);
  const same = new URL(value).href;
  if (same === wanted) return null;
  const slash = same === `${wanted}/` || `${same}/` === wanted ? ': only a slash at the end differs' : '';
  return fail(
    `"resource" is ${value}, and people type ${wanted}${slash}`,
    'make it the very URL of the MCP endpoint, character for character',
  );
};

/** Fetch §3.2: without these a page never sees the challenge. */
export const corsMcp: Check = ({ survey: { mcp, preflight } }) => {
  if (preflight.problem === 'was not asked') return null;
  const allowed = preflight.headers.get('access-control-allow-origin');
  // Foreign pages may be refused (MCP transports §Security): browser clients then run on an allowed origin.
  if (preflight.status === 403 || mcp.post.status === 403) return null;
  if (preflight.status === 0 || preflight.status >= 400 || allowed === null)
    return fail(
      `a browser may not call the endpoint: its preflight got ${preflight.status}`,
      'answer OPTIONS with CORS headers, without asking for a token',
    );
  return null;
};
