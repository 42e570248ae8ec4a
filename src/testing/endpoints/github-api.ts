import { json } from '../exchange.ts';
import type { SimulatedAnswer, SimulatedRequest } from '../exchange.ts';
import type { TokenRecord } from '../ledger.ts';
import type { Simulation } from '../simulation.ts';
import type { Json, JsonObject } from '../template.ts';
import type { SimulatedUser } from '../users.ts';
import { readAccess } from './userinfo.ts';

const notFound = json(404, { message: 'Not Found', status: '404' });

/**
 * The part of GitHub's REST API that says who somebody is and where they belong. Organisations and teams are the user's
 * attributes `organizations` (`acme`) and `teams` (`acme/platform`), invitations `pending_organizations` and
 * `pending_teams`; seeing them needs `read:org`, e-mails `user:email`.
 */
export function answerGitHubApi(simulation: Simulation, request: SimulatedRequest): SimulatedAnswer {
  const access = readAccess(simulation, request);
  if (!('grant' in access)) return access;
  const viewer = viewerOf(simulation, access);
  if (request.method !== 'GET') return notFound;
  const url = request.url.href;
  const [first, second, third, fourth, fifth, sixth] = request.url.pathname.slice(1).split('/');
  if (first === 'user' && second === 'emails') return emails(viewer);
  if (first === 'user' && second === 'orgs') return organizationsOf(viewer);
  if (first === 'user' && second === 'teams') return teamsOf(viewer, request.url);
  if (first === 'user' && second === 'memberships' && third === 'orgs' && fourth === undefined)
    return memberships(viewer, request.url);
  if (first === 'user' && second === 'memberships' && third === 'orgs')
    return membership(viewer, { of: viewer.user, kind: 'organizations', name: fourth ?? '', url });
  if (first === 'orgs' && third === 'teams' && fifth === 'memberships')
    return teamMembership(simulation, viewer, { team: `${second}/${fourth}`, login: sixth ?? '', url });
  if (first === 'orgs' && third === 'members')
    return organizationMember(simulation, viewer, { organization: second ?? '', login: fourth ?? '' });
  return notFound;
}

/** What a request may see: whoever the token is for, through the scopes that were granted. */
interface Viewer {
  readonly user: SimulatedUser;
  readonly may: (...scopes: readonly string[]) => boolean;
}

function viewerOf({ quirks }: Simulation, { grant, scopes: granted }: TokenRecord): Viewer {
  const all = quirks.apiPermissions === 'all';
  return { user: grant.user, may: (...scopes) => all || scopes.some((scope) => granted.includes(scope)) };
}

function listOf(user: SimulatedUser, attribute: string): string[] {
  const value = user[attribute];
  return Array.isArray(value) ? value.map(String) : [];
}

function emails(viewer: Viewer): SimulatedAnswer {
  if (!viewer.may('user', 'user:email')) return notFound;
  const { email = null, email_verified: verified = false, login } = viewer.user;
  const noreply = `${login}@users.noreply.github.com`;
  return json(200, [
    { email: noreply, primary: false, verified: true, visibility: null },
    ...(email === null ? [] : [{ email, primary: true, verified, visibility: 'private' }]),
  ]);
}

/** Without `read:org` GitHub answers an empty list rather than an error. */
function organizationsOf(viewer: Viewer): SimulatedAnswer {
  if (!viewer.may('user', 'read:org')) return json(200, []);
  return json(200, listOf(viewer.user, 'organizations').map(organization));
}

function organization(login: string): JsonObject {
  return { login, id: 1, url: `https://api.github.com/orgs/${login}`, description: '' };
}

function teamsOf(viewer: Viewer, url: URL): SimulatedAnswer {
  if (!viewer.may('user', 'repo', 'read:org')) return json(403, { message: 'Resource not accessible' });
  const teams = listOf(viewer.user, 'teams').map((team): Json => {
    const [owner = '', slug = ''] = team.split('/');
    return { id: 1, name: slug, slug, organization: organization(owner) };
  });
  return pageOf(teams, url);
}

/** Active memberships and invitations; `state` leaves one kind. */
function memberships({ user, may }: Viewer, url: URL): SimulatedAnswer {
  if (!may('read:org', 'admin:org', 'write:org')) return json(403, { message: 'Resource not accessible' });
  const wanted = url.searchParams.get('state');
  const { login, id } = user;
  const list = (['active', 'pending'] as const).flatMap((state) =>
    listOf(user, state === 'active' ? 'organizations' : 'pending_organizations').map((name): Json => {
      const told = { login, id: BigInt(id) };
      return { state, role: 'member', organization: organization(name), user: told };
    }),
  );
  return pageOf(
    list.filter((item) => wanted === null || (item as JsonObject)['state'] === wanted),
    url,
  );
}

/** A page of a list, and the address of the next one in `Link`. */
function pageOf(list: readonly Json[], url: URL): SimulatedAnswer {
  const size = Math.min(Number(url.searchParams.get('per_page') ?? 30), 100);
  const page = Number(url.searchParams.get('page') ?? 1);
  const answer = json(200, list.slice((page - 1) * size, page * size));
  if (page * size >= list.length) return answer;
  const next = new URL(url);
  next.searchParams.set('page', String(page + 1));
  return { ...answer, headers: { ...answer.headers, link: `<${next.href}>; rel="next"` } };
}

interface Membership {
  readonly of: SimulatedUser | undefined;
  readonly kind: 'organizations' | 'teams';
  readonly name: string;
  readonly url: string;
}

/** An invitation that was not accepted yet is a membership too, with the state `pending`. */
function membership(viewer: Viewer, { of, kind, name, url }: Membership): SimulatedAnswer {
  if (!viewer.may('read:org', 'admin:org', 'write:org'))
    return json(403, { message: 'Resource not accessible' });
  if (!of) return notFound;
  const answer = { url, role: 'member' };
  if (listOf(of, kind).includes(name)) return json(200, { ...answer, state: 'active' });
  return listOf(of, `pending_${kind}`).includes(name) ? json(200, { ...answer, state: 'pending' }) : notFound;
}

function teamMembership(
  { users }: Simulation,
  viewer: Viewer,
  { team, login, url }: { team: string; login: string; url: string },
): SimulatedAnswer {
  const of = users.find((user) => user.login === login);
  return membership(viewer, { of, kind: 'teams', name: team, url });
}

/** 204 for a member; 302 for somebody who may not see, 404 for nobody. */
function organizationMember(
  { users }: Simulation,
  viewer: Viewer,
  { organization: name, login }: { organization: string; login: string },
): SimulatedAnswer {
  if (!viewer.may('read:org')) {
    const location = `/orgs/${name}/public_members/${login}`;
    return { status: 302, headers: { location }, body: '' };
  }
  const user = users.find((candidate) => candidate.login === login);
  const member = user !== undefined && listOf(user, 'organizations').includes(name);
  return member ? { status: 204, headers: {}, body: '' } : notFound;
}
