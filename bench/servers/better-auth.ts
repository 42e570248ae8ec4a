/**
 * better-auth's oauth-provider (`bench/peers/`): JWT access tokens signed with ES256, refresh tokens that rotate, made by its
 * own flow. Its rate limits and its log are off, and its signing key is not sealed, because nobody else's is. The argument is
 * where its rows are: `memory`, its adapter over arrays, or `sqlite`, Node's SQLite in memory, with an index for every look.
 */
import { DatabaseSync } from 'node:sqlite';
import type { RequestListener } from 'node:http';
import type { RequestText } from '../load/plan.ts';
import { importPeer } from '../process/peers.ts';
import { answerParent } from '../process/remote.ts';
import { challenge, codeForm, redirectUri, refreshForm, tokenRequest } from './form.ts';
import { listenOnLoopback } from './listen.ts';

/** What is used of the packages. */
interface BetterAuth {
  readonly handler: (request: Request) => Promise<Response>;
  readonly api: {
    adminCreateOAuthClient(input: { headers: Headers; body: object }): Promise<{ client_id: string }>;
  };
}
type Make<T> = (options?: object) => T;

const { betterAuth } = await importPeer<{ betterAuth: Make<BetterAuth> }>('better-auth');
const { jwt } = await importPeer<{ jwt: Make<unknown> }>('better-auth/plugins');
const { oauthProvider } = await importPeer<{ oauthProvider: Make<unknown> }>('@better-auth/oauth-provider');
const { toNodeHandler } = await importPeer<{ toNodeHandler: (auth: BetterAuth) => RequestListener }>(
  'better-auth/node',
);

const origin = 'http://127.0.0.1:8080';
const base = `${origin}/api/auth`;
const resource = `${origin}/mcp`;
const tokenPath = '/api/auth/oauth2/token';

async function openStore(kind: string | undefined): Promise<unknown> {
  if (kind === 'sqlite') return new DatabaseSync(':memory:');
  const { memoryAdapter } = await importPeer<{ memoryAdapter: (tables: object) => unknown }>(
    'better-auth/adapters/memory',
  );
  const names = ['user', 'session', 'account', 'verification', 'jwks'];
  const oauth = ['Client', 'ClientResource', 'Resource', 'RefreshToken', 'AccessToken', 'Consent'];
  const tables = [...names, ...oauth.map((name) => `oauth${name}`), 'oauthClientAssertion'];
  return memoryAdapter(Object.fromEntries(tables.map((name) => [name, []])));
}

const database = await openStore(process.argv[2]);
const options = {
  baseURL: origin,
  secret: 'a secret for a benchmark of better-auth',
  database,
  emailAndPassword: { enabled: true },
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  logger: { disabled: true },
  plugins: [
    jwt({
      disableSettingJwtHeader: true,
      jwks: { keyPairConfig: { alg: 'ES256' }, disablePrivateKeyEncryption: true },
    }),
    oauthProvider({
      loginPage: '/login',
      consentPage: '/consent',
      scopes: ['offline_access'],
      resources: [resource],
      clientRegistrationDefaultResources: [resource],
      silenceWarnings: { oauthAuthServerConfig: true, openidConfig: true },
    }),
  ],
};
if (database instanceof DatabaseSync) {
  const migration = await importPeer<{
    getMigrations: (of: object) => Promise<{ runMigrations: () => Promise<void> }>;
  }>('better-auth/db/migration');
  await (await migration.getMigrations(options)).runMigrations();
}
const auth = betterAuth(options);

/** Throws what the server said when it was not a success. */
async function expectAnswer(response: Response, status: number): Promise<Response> {
  if (response.status === status) return response;
  throw new Error(`${response.status}, not ${status}: ${await response.text()}`);
}

/** One user, signed in, and one public client that needs no consent page. */
async function signUp(): Promise<{ readonly cookie: string; readonly clientId: string }> {
  const body = { name: 'User', email: 'user@example.com', password: 'a password for a benchmark' };
  const headers = { 'content-type': 'application/json', origin };
  const request = new Request(`${base}/sign-up/email`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  });
  const signedUp = await expectAnswer(await auth.handler(request), 200);
  const cookie = signedUp.headers
    .getSetCookie()
    .map((line) => line.split(';', 1)[0])
    .join('; ');
  const { client_id } = await auth.api.adminCreateOAuthClient({
    headers: new Headers({ cookie }),
    body: {
      redirect_uris: [redirectUri],
      token_endpoint_auth_method: 'none',
      application_type: 'native',
      grant_types: ['authorization_code', 'refresh_token'],
      skip_consent: true,
      scope: 'offline_access',
    },
  });
  return { cookie, clientId: client_id };
}

/** From the authorization request to the refresh token. */
async function refreshToken({ cookie, clientId }: { cookie: string; clientId: string }): Promise<string> {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri,
    code_challenge: challenge,
    code_challenge_method: 'S256',
    scope: 'offline_access',
    state: 'state',
    resource,
  });
  const authorize = new Request(`${base}/oauth2/authorize?${query}`, { headers: { cookie } });
  const { headers } = await expectAnswer(await auth.handler(authorize), 302);
  const location = headers.get('location') ?? '';
  const code = new URL(location, origin).searchParams.get('code');
  if (code === null) throw new Error(`no code in ${location}`);
  const body = new URLSearchParams({ ...codeForm(clientId, code), resource });
  const redeem = new Request(`${origin}${tokenPath}`, { method: 'POST', body });
  const answer = await expectAnswer(await auth.handler(redeem), 200);
  // RFC 6749 §5.1.
  const tokens = (await answer.json()) as { access_token: string; refresh_token: string };
  if (tokens.access_token.split('.').length !== 3) throw new Error('the access token is no JWT');
  return tokens.refresh_token;
}

let signedUp: ReturnType<typeof signUp> | undefined;

async function refreshes(count: number): Promise<readonly RequestText[]> {
  const user = await (signedUp ??= signUp());
  const requests: RequestText[] = [];
  for (let made = 0; made < count; made += 1) {
    requests.push(tokenRequest(tokenPath, refreshForm(user.clientId, await refreshToken(user))));
  }
  return requests;
}

const listener = toNodeHandler(auth);

answerParent({
  start: () => null,
  listen: () => listenOnLoopback(listener),
  refreshes,
});
