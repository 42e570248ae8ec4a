import { randomBytes } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { exportJWK, generateKeyPair } from 'jose';
import type { Configuration, KoaContextWithOIDC } from 'oidc-provider';
import './quiet.ts';
import { Provider, errors, interactionPolicy } from 'oidc-provider';
import { findAccount, people } from './accounts.ts';
import { openFileAdapters } from './file-adapter.ts';
import type { LoopbackServer } from './loopback-server.ts';
import { listenOnLoopback } from './loopback-server.ts';
import { readOrMake } from './private-files.ts';
import {
  pageHeaders,
  renderHomePage,
  renderProblemPage,
  renderSignInPage,
  renderSignOutPage,
  renderSignedOutPage,
  sendPage,
} from './provider-pages.ts';

/** What the provider needs to know to run. */
export interface ProviderOptions {
  /** 0: any free one. */
  readonly port: number;
  /** Holds keys, sessions and grants; made when missing. */
  readonly directory: string;
  /** The one client that is registered. */
  readonly client: { readonly id: string; readonly secret: string; readonly redirectUri: string };
  /** Seconds; short by default, so that refreshing upstream tokens is part of the demo. */
  readonly accessTokenLifespan?: number;
}

interface ProviderSecrets {
  readonly jwks: { readonly keys: readonly object[] };
  readonly cookieKeys: readonly string[];
}

async function makeSecrets(): Promise<string> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const key = {
    ...(await exportJWK(privateKey)),
    alg: 'RS256',
    use: 'sig',
    kid: randomBytes(8).toString('hex'),
  };
  return JSON.stringify({ jwks: { keys: [key] }, cookieKeys: [randomBytes(32).toString('base64url')] });
}

async function loadSecrets(directory: string): Promise<ProviderSecrets> {
  // Written by `makeSecrets` and readable by nobody else.
  return JSON.parse(await readOrMake(join(directory, 'secrets.json'), makeSecrets)) as ProviderSecrets;
}

/** The default prompts, and one that shows the accounts again to somebody who is signed in already. */
function prompts(): ReturnType<typeof interactionPolicy.base> {
  const policy = interactionPolicy.base();
  policy.add(new interactionPolicy.Prompt({ name: 'select_account', requestable: true }), 0);
  return policy;
}

/** Nobody is asked what a registered client may see: the gateway asks, and asking twice teaches people to click. */
async function grantEverythingAsked(
  ctx: KoaContextWithOIDC,
): Promise<InstanceType<Provider['Grant']> | undefined> {
  const { client, session, params, provider } = ctx.oidc;
  if (client === undefined || session?.accountId === undefined) return undefined;
  const existing = session.grantIdFor(client.clientId);
  const kept = existing === undefined ? undefined : await provider.Grant.find(existing);
  const grant =
    kept?.accountId === session.accountId
      ? kept
      : new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  const asked = params?.['scope'];
  grant.addOIDCScope(typeof asked === 'string' ? asked : 'openid');
  await grant.save();
  return grant;
}

function showPage(ctx: KoaContextWithOIDC, html: string): void {
  ctx.set(pageHeaders);
  ctx.body = html;
}

async function configure(options: ProviderOptions): Promise<Configuration> {
  const secrets = await loadSecrets(options.directory);
  const fortnight = 14 * 24 * 3600;
  return {
    adapter: await openFileAdapters({ directory: join(options.directory, 'grants'), now: Date.now }),
    clients: [
      {
        client_id: options.client.id,
        client_secret: options.client.secret,
        client_name: 'Sallyport',
        redirect_uris: [options.client.redirectUri],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        token_endpoint_auth_method: 'client_secret_basic',
      },
    ],
    jwks: secrets.jwks,
    cookies: { keys: [...secrets.cookieKeys] },
    claims: { openid: ['sub'], profile: ['name'], email: ['email', 'email_verified'] },
    conformIdTokenClaims: false,
    findAccount: (_ctx, id) => findAccount(id),
    interactions: { policy: prompts(), url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    loadExistingGrant: grantEverythingAsked,
    // OpenID Connect Core §11 ties offline access to prompt=consent; like most real providers, this one does not insist.
    issueRefreshToken: async (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    expiresWithSession: () => false,
    rotateRefreshToken: true,
    pkce: { required: () => true },
    routes: { userinfo: '/userinfo', end_session: '/session/end' },
    ttl: {
      AccessToken: options.accessTokenLifespan ?? 300,
      AuthorizationCode: 60,
      IdToken: 600,
      RefreshToken: fortnight,
      Grant: fortnight,
      Session: fortnight,
      Interaction: 600,
    },
    features: {
      devInteractions: { enabled: false },
      revocation: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx, form) => showPage(ctx, renderSignOutPage(form)),
        postLogoutSuccessSource: (ctx) => showPage(ctx, renderSignedOutPage()),
      },
    },
    renderError: (ctx, out) => showPage(ctx, renderProblemPage(out.error_description ?? out.error)),
  };
}

/** The account that was clicked; reads at most 4 KiB. */
async function clickedAccount(request: IncomingMessage): Promise<string | undefined> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) {
    body += String(chunk);
    if (body.length > 4096) return undefined;
  }
  return new URLSearchParams(body).get('account') ?? undefined;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Shows the accounts, or takes the click on one. Consent alone (`prompt=consent`) is given without asking. */
async function interact(provider: Provider, { request, response }: Exchange): Promise<void> {
  const { uid, prompt } = await provider.interactionDetails(request, response);
  if (prompt.name === 'consent') {
    await provider.interactionFinished(request, response, { consent: {} }, { mergeWithLastSubmission: true });
  } else if (request.method === 'POST') {
    const account = await clickedAccount(request);
    const known = people.some(({ id }) => id === account);
    const result = known
      ? { login: { accountId: String(account), remember: true }, select_account: {}, consent: {} }
      : { error: 'access_denied', error_description: 'nobody was chosen' };
    await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  } else {
    const html = renderSignInPage({ action: `/interaction/${uid}`, clientName: 'Sallyport' });
    sendPage(response, { status: 200, html });
  }
}

function explainInteraction(error: unknown, response: ServerResponse): void {
  const expired = error instanceof errors.SessionNotFound;
  const what = expired ? 'This sign-in is over or belongs to another browser.' : 'The sign-in failed.';
  sendPage(response, { status: expired ? 400 : 500, html: renderProblemPage(what) });
}

function route(provider: Provider): RequestListener {
  const protocol = provider.callback();
  return (request, response) => {
    const [path = ''] = (request.url ?? '').split('?');
    if (path === '/') return sendPage(response, { status: 200, html: renderHomePage() });
    if (!path.startsWith('/interaction/')) return void protocol(request, response);
    interact(provider, { request, response }).catch((error: unknown) => explainInteraction(error, response));
  };
}

/** Starts the demo's identity provider: a certified OpenID provider, on loopback, with two people and no passwords. */
export async function startProvider(options: ProviderOptions): Promise<LoopbackServer> {
  const place = { port: options.port, what: 'the demo identity provider', variable: 'DEMO_PROVIDER_PORT' };
  return listenOnLoopback(place, async (url) => route(new Provider(url, await configure(options))));
}
