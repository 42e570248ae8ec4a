import type { GuardedFetch } from '../../net/guarded-fetch.ts';
import type { Identity } from '../../types/tokens.ts';
import { isPassingStatus, step } from '../failures.ts';
import { isRecord } from '../identity.ts';
import { parseLossless } from '../../oauth/lossless-json.ts';
import { UpstreamError } from '../provider.ts';
import { asciiLowerCase } from './addresses.ts';
import type { Memberships } from './memberships.ts';

/** Where to ask, and as whom. */
export interface GithubQuestion {
  /** Base of the API, without a slash at its end. */
  readonly api: string;
  readonly fetch: GuardedFetch;
  readonly accessToken: string;
  readonly identity: Identity;
}

const pageSize = 100;

/** Somebody with more memberships than these pages hold is not looked at further. */
const maxPages = 10;

/** A page of a list, or that GitHub does not show it to this token. */
type Page =
  | { readonly r: 'ok'; readonly items: readonly unknown[]; readonly more: boolean }
  | { readonly r: 'refused'; readonly status: number };

/**
 * Asks GitHub which organizations and teams somebody is an active member of, with the user's own token.
 * @throws {UpstreamError} `unavailable` for timeouts, rate limits and 5xx; `rejected` when the token is not good (any
 *   more); `invalid` for redirects, for anything that is no list, and for memberships of somebody else
 */
export function askGithub(question: GithubQuestion): Promise<Memberships> {
  const { upstream } = question.identity;
  return step({ upstream, step: 'memberships' }, () => readMemberships(question));
}

async function readMemberships(question: GithubQuestion): Promise<Memberships> {
  const organizations = await readList(question, '/user/memberships/orgs?state=active&');
  const active = organizations.items.flatMap((item) => activeOrganization(item, question) ?? []);
  const teams = await readList(question, '/user/teams?');
  // A team of an organization whose invitation was never accepted is not the user's team yet.
  const mine = teams.items.flatMap((item) => teamOf(item) ?? []).filter(({ of }) => active.includes(of));
  return {
    organizations: [...new Set(active)],
    teams: [...new Set(mine.map(({ of, team }) => `${of}/${team}`))],
    refused: organizations.refused ?? teams.refused,
  };
}

/** The organization of an active membership; `null` for one that is pending or told in another form. */
function activeOrganization(item: unknown, { identity }: GithubQuestion): string | null {
  if (!isRecord(item) || !isRecord(item['organization']) || !isRecord(item['user'])) return null;
  if (idOf(item['user']['id']) !== accountOf(identity))
    throw new UpstreamError('invalid', identity.upstream, 'GitHub: the memberships are of another user');
  return item['state'] === 'active' ? nameOf(item['organization']['login']) : null;
}

function teamOf(item: unknown): { readonly of: string; readonly team: string } | null {
  if (!isRecord(item) || !isRecord(item['organization'])) return null;
  const of = nameOf(item['organization']['login']);
  const team = nameOf(item['slug']);
  return of === null || team === null ? null : { of, team };
}

/** The number that GitHub knows the account by, however subjects are configured. */
function accountOf({ claims, subject }: Identity): string | null {
  return idOf(Object.hasOwn(claims, 'id') ? claims['id'] : subject);
}

function idOf(value: unknown): string | null {
  if (Number.isSafeInteger(value)) return String(value);
  return typeof value === 'string' && /^\d+$/.test(value) ? value : null;
}

function nameOf(value: unknown): string | null {
  return typeof value === 'string' && /^[\w.-]{1,100}$/.test(value) ? asciiLowerCase(value) : null;
}

async function readList(
  question: GithubQuestion,
  path: string,
): Promise<{ readonly items: readonly unknown[]; readonly refused: string | null }> {
  const items: unknown[] = [];
  for (let page = 1; page <= maxPages; page += 1) {
    // oxlint-disable-next-line no-await-in-loop -- only a page tells whether there is another one
    const got = await readPage(question, `${path}per_page=${pageSize}&page=${page}`);
    if (got.r === 'refused') return { items, refused: `status ${got.status}` };
    items.push(...got.items);
    if (!got.more) break;
  }
  return { items, refused: null };
}

async function readPage({ api, fetch, accessToken, identity }: GithubQuestion, path: string): Promise<Page> {
  const { upstream } = identity;
  const response = await fetch(`${api}${path}`, {
    headers: {
      accept: 'application/vnd.github+json',
      authorization: `Bearer ${accessToken}`,
      'x-github-api-version': '2022-11-28',
      'user-agent': 'sallyport',
    },
  });
  const { status, headers } = response;
  if (isPassingStatus(status) || isRateLimited(response))
    throw new UpstreamError('unavailable', upstream, `GitHub: status ${status}`);
  if (status === 401) throw new UpstreamError('rejected', upstream, 'GitHub: status 401');
  if (status === 403 || status === 404) return { r: 'refused', status };
  // A redirect too: whoever answers for another address may answer for another organization.
  if (status !== 200) throw new UpstreamError('invalid', upstream, `GitHub: status ${status}`);
  const items = listFrom(await response.text());
  if (!items) throw new UpstreamError('invalid', upstream, 'GitHub: the answer is not a list');
  const next = /\brel="?next"?/.test(headers.get('link') ?? '');
  return { r: 'ok', items, more: next || items.length >= pageSize };
}

/** GitHub limits with 403 too, and says so in headers. */
function isRateLimited({ status, headers }: Response): boolean {
  return status === 403 && (headers.get('x-ratelimit-remaining') === '0' || headers.has('retry-after'));
}

function listFrom(body: string): readonly unknown[] | null {
  try {
    const value = parseLossless(body);
    return Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}
