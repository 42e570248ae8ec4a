/** The steps of a login, one by one, so that a test can put an attacker between them. */
import { startOidcProvider } from '../fixtures/oidc-provider.ts';
import type { Browser, Stack } from '../fixtures/stack.ts';
import { issuer, pkce, sealedRequest, startStack, upstreamSecret } from '../fixtures/stack.ts';

export const consentUrl = `${issuer}/oauth/consent`;

/** The name of the browser's cookie, as a server of this stack sets it. */
export async function cookieName(stack: Stack, clientId: string): Promise<string> {
  const browser = stack.browser();
  await askConsent(stack, browser, { client_id: clientId });
  const [name] = browser.cookies.keys();
  if (name === undefined) throw new Error('no cookie was set');
  return name;
}

/** From the authorization request to the sealed form of the consent page. */
export async function askConsent(
  stack: Stack,
  browser: Browser,
  parameters: Record<string, string | undefined>,
): Promise<string> {
  const url = stack.authorizeUrl({ code_challenge: pkce().challenge, ...parameters });
  return sealedRequest(await (await browser.get(url)).text());
}

/** Says yes on the consent page; where the browser is sent. */
export async function allow(browser: Browser, request: string): Promise<string> {
  const answer = await browser.post(consentUrl, { request, decision: 'allow' });
  const location = answer.headers.get('location');
  if (location === null) throw new Error(`consent: ${answer.status} ${await answer.text()}`);
  return location;
}

/** The provider's answer for a login that this browser consented to. */
export async function answerOf(
  stack: Stack,
  browser: Browser,
  { clientId, account = 'alice', redirectUri: redirect_uri }: Asked,
): Promise<string> {
  const request = await askConsent(stack, browser, {
    client_id: clientId,
    ...(redirect_uri !== undefined && { redirect_uri }),
  });
  return stack.provider.signIn(await allow(browser, request), account);
}

interface Asked {
  readonly clientId: string;
  readonly account?: string;
  readonly redirectUri?: string;
}

/** A server whose callback, and so its consent page, is on another origin than its authorization endpoint. */
export async function startApart(): Promise<Stack> {
  const callback = 'https://login.example.com/oauth/callback';
  const redirect_uris = [callback];
  const client = { client_id: 'sallyport', client_secret: upstreamSecret, redirect_uris };
  const provider = await startOidcProvider({ clients: [client] });
  const oidc_config = {
    issuer_url: provider.issuer,
    client_id: 'sallyport',
    client_secret_env_var: 'UPSTREAM_SECRET',
    redirect_uri: callback,
  };
  return startStack({ upstreams: [{ name: 'demo', type: 'oidc', oidc_config }] }, { provider });
}

/** A code, and what redeems it. */
export interface Code {
  readonly code: string;
  readonly verifier: string;
  readonly form: Readonly<Record<string, string>>;
}

/** A whole login up to its code. */
export async function codeFor(
  stack: Stack,
  clientId: string,
  {
    account,
    ...more
  }: { readonly account?: string; readonly redirect_uri?: string; readonly scope?: string } = {},
): Promise<Code> {
  const { verifier, challenge } = pkce();
  const answer = await stack.login({ client_id: clientId, code_challenge: challenge, ...more }, account);
  const code = answer.searchParams.get('code');
  if (code === null) throw new Error(`no code in ${answer.href}`);
  const form = { grant_type: 'authorization_code', client_id: clientId, code, code_verifier: verifier };
  return { code, verifier, form };
}

/** What a browser gets: `403 page`, or where it is sent. */
export async function shown(answer: Response): Promise<string> {
  const html = await answer.text();
  const location = answer.headers.get('location');
  const kind = html.startsWith('<!doctype html>') ? 'page' : 'no page';
  return `${answer.status} ${location ?? kind}`;
}

/** Status and OAuth error of an answer. */
export async function outcome(answer: Response): Promise<string> {
  if (answer.status === 200) return '200';
  const { error } = (await answer.json()) as { error?: unknown };
  return `${answer.status} ${String(error)}`;
}
