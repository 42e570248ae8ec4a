import type { NeedId } from '../known-clients/search.ts';
import { createAsking } from './ask.ts';
import type { Asking } from './ask.ts';
import {
  challengeGet,
  challengeHead,
  challengePost,
  https,
  resourceExact,
  resourceMatch,
  resourceMetadata,
} from './checks-endpoint.ts';
import type { Check } from './checks-endpoint.ts';
import { hygiene } from './checks-hygiene.ts';
import {
  corsMetadata,
  corsRegister,
  corsToken,
  endpointUrls,
  issuerMatch,
  metadataShape,
  pkceMethods,
  pkceS256,
  registrationAny,
  registrationDcr,
  serverMetadata,
  tokenJson,
} from './checks-server.ts';
import { clientProfiles } from './clients.ts';
import type { ClientProfile } from './clients.ts';
import { fail, finding, report, warn } from './finding.ts';
import type { Finding, Report, Verdict } from './finding.ts';
import { tryRegistration } from './register.ts';
import { survey } from './survey.ts';
import type { Survey } from './survey.ts';
import { viewOf } from './view.ts';
import type { View } from './view.ts';

/** What clients need, in the order in which they find out. */
const needs: Readonly<Record<NeedId, { readonly fine: string; readonly check: Check }>> = {
  https: { fine: 'the URL is safe to send tokens to', check: https },
  'challenge-post': { fine: 'POST without a token gets a challenge', check: challengePost },
  'challenge-get': { fine: 'GET without a token gets a challenge', check: challengeGet },
  'challenge-head': { fine: 'HEAD without a token gets a challenge', check: challengeHead },
  'resource-metadata': { fine: 'the resource metadata are found', check: resourceMetadata },
  'resource-match': { fine: 'the resource metadata are about this very URL', check: resourceMatch },
  'resource-exact': { fine: 'the resource is this URL, character for character', check: resourceExact },
  'server-metadata': { fine: 'the authorization-server metadata are found', check: serverMetadata },
  'metadata-shape': { fine: 'the metadata have the right shape', check: metadataShape },
  'issuer-match': { fine: 'the issuer is the same text everywhere', check: issuerMatch },
  endpoints: { fine: 'the endpoints are URLs that may be used', check: endpointUrls },
  'pkce-methods': { fine: 'S256 is among the PKCE methods, if there are any', check: pkceMethods },
  'pkce-s256': { fine: 'PKCE with S256 is offered', check: pkceS256 },
  'registration-dcr': { fine: 'clients can register themselves', check: registrationDcr },
  'registration-cimd-or-dcr': { fine: 'clients can make themselves known', check: registrationAny },
  'token-json': { fine: 'the token endpoint refuses in JSON', check: tokenJson },
  'cors-metadata': { fine: 'browsers may read the metadata', check: corsMetadata },
  'cors-token': { fine: 'browsers may call the token endpoint', check: corsToken },
  'cors-register': { fine: 'browsers may register', check: corsRegister },
};

/** Needs that only an MCP endpoint has: an authorization server is asked about the rest. */
const ofEndpoints: ReadonlySet<string> = new Set<NeedId>([
  'challenge-post',
  'challenge-get',
  'challenge-head',
  'resource-metadata',
  'resource-match',
  'resource-exact',
]);

export interface ExamineOptions {
  /** Also registers a client, which some servers keep. */
  readonly register: boolean;
}

/**
 * Plays what the main clients do before they sign in, against an MCP server or an authorization server. Sends no credentials,
 * and changes nothing unless told to register.
 */
export async function examineUrl(given: URL, { register }: ExamineOptions): Promise<Report> {
  const ask = await createAsking(given);
  try {
    const seen = await survey(given, ask);
    return await judge(seen, { ask, register });
  } finally {
    await ask.close();
  }
}

async function judge(seen: Survey, { ask, register }: { ask: Asking; register: boolean }): Promise<Report> {
  const subject = { mode: 'url', subject: seen.given.href } as const;
  const { post } = seen.mcp;
  if (post.status === 0) {
    const told = fail(
      `there is no answer: ${post.problem ?? ''}`,
      'check the address, and from where it can be reached',
    );
    return report(
      subject,
      [finding('reachable', told)],
      verdicts(clientProfiles, () => ['reachable']),
    );
  }
  if (isOpen(seen)) {
    const told = warn(
      'it answers without a token: nobody needs to sign in',
      'protect it, unless that is meant',
    );
    return report(
      subject,
      [finding('sign-in', told)],
      verdicts(clientProfiles, () => []),
    );
  }
  const issuer = authorizationServerOf(seen);
  const breakages = new Map<string, Finding>();
  const broken = new Map<string, readonly string[]>();
  for (const profile of clientProfiles) {
    const view = issuer === null ? viewOf(profile, seen) : viewOfServer(profile, seen, issuer);
    broken.set(profile.id, play(profile, view, { breakages, endpoint: issuer === null }));
  }
  const general = generalView(seen, issuer);
  const found = [
    ...breakages.values(),
    ...Object.entries(hygiene)
      .filter(([check]) => issuer === null || !/^(?:challenge-metadata|cors-mcp)$/u.test(check))
      .map(([check, { fine, check: look }]) => finding(check, look(general) ?? fine)),
    ...(register ? await tryRegistration(general, ask) : []),
  ];
  return report(
    subject,
    found,
    verdicts(clientProfiles, ({ id }) => broken.get(id) ?? []),
  );
}

/** Checks all needs of one client; the same finding of several clients is kept once. @returns what breaks it */
function play(
  profile: ClientProfile,
  view: View,
  { breakages, endpoint }: { breakages: Map<string, Finding>; endpoint: boolean },
): readonly string[] {
  const broken: string[] = [];
  for (const [check, { fine, check: look }] of Object.entries(needs)) {
    if (!profile.needs.some((need) => need === check) || (!endpoint && ofEndpoints.has(check))) continue;
    const problem = look(view);
    if (problem?.level === 'fail') broken.push(check);
    const key = problem ? `${check} ${problem.level} ${problem.message}` : check;
    const known = breakages.get(key) ?? finding(check, problem ?? fine);
    const clients = problem?.level === 'fail' ? [...known.clients, profile.id] : known.clients;
    breakages.set(key, { ...known, clients });
  }
  return broken;
}

function verdicts(
  profiles: readonly ClientProfile[],
  because: (profile: ClientProfile) => readonly string[],
): readonly Verdict[] {
  return profiles.map((profile) => {
    const { id, name } = profile;
    const reasons = because(profile);
    return { id, name, verdict: reasons.length === 0 ? 'works' : 'breaks', because: reasons };
  });
}

/** An MCP server that says nothing about tokens anywhere. */
function isOpen({ mcp, resource }: Survey): boolean {
  return mcp.post.status === 200 && Object.values(resource).every(({ document }) => document === null);
}

/** The issuer that the URL is, when it is no MCP endpoint but an authorization server. */
function authorizationServerOf({ given, mcp, challenge, resource, servers }: Survey): string | null {
  const described = Object.values(resource).some(({ document }) => document?.['resource'] === given.href);
  const isResource = challenge !== null || mcp.post.status === 401 || described;
  if (isResource) return null;
  const own = [given.origin + given.pathname.replace(/\/$/u, ''), given.origin];
  return own.find((issuer) => servers.get(issuer)?.endpoints) ?? null;
}

function viewOfServer(profile: ClientProfile, seen: Survey, issuer: string): View {
  const there = {
    ...seen,
    resource: {},
    servers: new Map([...seen.servers, [seen.given.origin, serverAt(seen, issuer)]]),
  };
  return viewOf({ ...profile, originFallback: true }, there);
}

function serverAt({ servers }: Survey, issuer: string): NonNullable<View['server']> {
  const server = servers.get(issuer);
  if (!server) throw new TypeError('an issuer that was not looked at');
  return server;
}

/** What a client that knows everything finds. */
function generalView(seen: Survey, issuer: string | null): View {
  const profile = clientProfiles.find(({ id }) => id === 'sdk-2026-07-28');
  if (!profile) throw new TypeError('the newest client is missing');
  return issuer === null ? viewOf(profile, seen) : viewOfServer(profile, seen, issuer);
}
