import { createHash, randomBytes } from 'node:crypto';
import { appAddress } from './memory-oauth.ts';
import type { RealStack } from './stack.ts';

/** An app that talks to the authorization server with nothing but `fetch`. */
export interface PlainApp {
  readonly clientId: string;
  readonly redirectUri: string;
}

export interface PlainTokens {
  readonly access_token: string;
  readonly refresh_token: string;
}

/** Registers a public app (RFC 7591). */
export async function registerApp(
  stack: RealStack,
  { redirectUri = appAddress, name = 'Plain app' }: { redirectUri?: string; name?: string } = {},
): Promise<PlainApp> {
  const answer = await fetch(`${stack.issuer}/oauth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ client_name: name, redirect_uris: [redirectUri] }),
  });
  if (answer.status !== 201) throw new Error(`registration: ${answer.status} ${await answer.text()}`);
  const { client_id: clientId } = (await answer.json()) as { client_id: string };
  return { clientId, redirectUri };
}

/** An authorization request, and what redeems its code. */
export function authorizationRequest(
  stack: RealStack,
  app: PlainApp,
  extra: Record<string, string> = {},
): { url: string; state: string; verifier: string } {
  const verifier = randomBytes(32).toString('base64url');
  const state = randomBytes(8).toString('hex');
  const url = new URL(`${stack.issuer}/oauth/authorize`);
  url.search = new URLSearchParams({
    response_type: 'code',
    client_id: app.clientId,
    redirect_uri: app.redirectUri,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    resource: stack.endpoint,
    state,
    ...extra,
  }).toString();
  return { url: url.href, state, verifier };
}

/** Redeems a code. */
export async function redeem(
  stack: RealStack,
  app: PlainApp,
  { code, verifier }: { code: string; verifier: string },
): Promise<PlainTokens> {
  const body = new URLSearchParams({
    grant_type: 'authorization_code',
    client_id: app.clientId,
    redirect_uri: app.redirectUri,
    code,
    code_verifier: verifier,
  });
  const answer = await fetch(`${stack.issuer}/oauth/token`, { method: 'POST', body });
  if (answer.status !== 200) throw new Error(`token: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as PlainTokens;
}

/** A whole login of such an app. */
export async function signInApp(stack: RealStack, app: PlainApp): Promise<PlainTokens> {
  const { url, verifier } = authorizationRequest(stack, app);
  const back = await stack.signIn(url);
  return redeem(stack, app, { code: back.searchParams.get('code') ?? '', verifier });
}
