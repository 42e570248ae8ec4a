/** A server that remembers consents, and browsers that tell where a navigation comes from. */
import type { AuditEvent } from '../../src/observe/audit/event.ts';
import type { Browser, Stack, Tokens } from '../fixtures/stack.ts';
import { issuer, pkce, sealedRequest, startStack } from '../fixtures/stack.ts';
import type { StackOptions } from '../fixtures/stack.ts';

export const consentUrl = `${issuer}/oauth/consent`;
export const day = 86_400_000;

const desktopUri = 'http://127.0.0.1/callback';
export const siteUri = 'https://app.example/cb';

const secret = 'a secret of the web site that is long enough';

/** Clients that may be remembered; one that may not, one that is never asked about. */
const clients = [
  { client_id: 'desktop', client_name: 'Desktop', redirect_uris: [desktopUri], consent: 'remember' },
  {
    client_id: 'site',
    client_name: 'The site',
    redirect_uris: [siteUri],
    client_secret_env_var: 'SITE_SECRET',
    consent: 'remember',
  },
  { client_id: 'asked', redirect_uris: [desktopUri] },
  { client_id: 'trusted', redirect_uris: [siteUri], client_secret_env_var: 'SITE_SECRET', consent: 'skip' },
];

/** What a browser says of an address that its user, or a program, opened. */
export const opened: Record<string, string> = {
  'sec-fetch-site': 'none',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
};

export interface Scene {
  readonly stack: Stack;
  readonly events: readonly AuditEvent[];
}

/** Consents may be remembered for a year; `consent` changes the section. */
export async function startRemembering(
  config: Record<string, unknown> = {},
  options: StackOptions = {},
): Promise<Scene> {
  const events: AuditEvent[] = [];
  const { consent, ...rest } = config;
  const stack = await startStack(
    {
      clients,
      consent: { remember: '8760h', ...(consent as object | undefined) },
      scopes_supported: ['openid', 'profile', 'email', 'notes:read', 'notes:write'],
      ...rest,
    },
    {
      env: { SITE_SECRET: secret },
      ...options,
      collaborators: { audit: (event) => void events.push(event), ...options.collaborators },
    },
  );
  return { stack, events };
}

export interface Ask {
  readonly client?: string;
  readonly scope?: string;
  readonly redirectUri?: string;
  readonly headers?: Record<string, string>;
  readonly [parameter: string]: unknown;
}

const verifiers = new Map<string, string>();

/** Opens the authorization request of a client in a browser. */
export async function ask(
  stack: Stack,
  browser: Browser,
  { client = 'desktop', scope = 'openid email', redirectUri, headers = opened, ...more }: Ask = {},
): Promise<Response> {
  const { verifier, challenge } = pkce();
  const redirect = redirectUri ?? (client === 'site' || client === 'trusted' ? siteUri : desktopUri);
  const url = stack.authorizeUrl({
    client_id: client,
    redirect_uri: redirect,
    scope,
    code_challenge: challenge,
    state: challenge,
    ...(more as Record<string, string>),
  });
  verifiers.set(challenge, verifier);
  return browser.get(url, headers);
}

/** Fills in a consent page. */
export async function decide(
  browser: Browser,
  page: Response,
  fields: Record<string, string> = {},
): Promise<Response> {
  const request = sealedRequest(await page.text());
  return browser.post(consentUrl, { request, decision: 'allow', ...fields });
}

/** Signs in upstream where an answer leads, and opens what the provider answers. */
export async function finish(
  stack: Stack,
  browser: Browser,
  answer: Response,
  account = 'alice',
): Promise<Response> {
  return browser.get(await stack.provider.signIn(locationOf(answer), account));
}

/** Where an answer leads; throws for a page. */
export function locationOf(answer: Response): string {
  const location = answer.headers.get('location');
  if (location === null) throw new Error(`no redirect: ${answer.status}`);
  return location;
}

/** A whole first login with the box checked. */
export async function remember(
  stack: Stack,
  browser: Browser,
  { account, fields, ...asked }: Ask & { account?: string; fields?: Record<string, string> } = {},
): Promise<Response> {
  const page = await ask(stack, browser, asked);
  const answer = await decide(browser, page, { remember: 'on', ...fields });
  return finish(stack, browser, answer, account);
}

/** Redeems the code that an answer carries. */
export async function redeem(stack: Stack, answer: Response, client = 'desktop'): Promise<Tokens> {
  const location = new URL(locationOf(answer));
  const code = location.searchParams.get('code') ?? '';
  const code_verifier = verifiers.get(location.searchParams.get('state') ?? '') ?? '';
  const form = { grant_type: 'authorization_code', client_id: client, code, code_verifier };
  const response = await stack.token(form);
  if (response.status !== 200) throw new Error(`token: ${response.status} ${await response.text()}`);
  return (await response.json()) as Tokens;
}

/** `page` for a consent page of the first kind, `second` for one after the sign-in, else where the browser is sent. */
export async function shownAs(stack: Stack, answer: Response): Promise<string> {
  const location = answer.headers.get('location');
  if (location?.startsWith(stack.provider.issuer)) return 'upstream';
  if (location !== null) return new URL(location).searchParams.has('code') ? 'code' : location;
  const html = await answer.clone().text();
  if (html.includes('name="second"')) return 'second';
  return html.includes('name="request"') ? 'page' : `${answer.status} error`;
}

/** The sealed value of the page that asks after the sign-in. */
export function secondForm(html: string): string {
  const [, value] = /name="second"\s+value="([^"]+)"/u.exec(html) ?? [];
  if (value === undefined) throw new Error(`no second form in: ${html.slice(0, 300)}`);
  return value;
}
