import type { AuthorizationServer } from 'oauth4webapi';
import type { OidcUpstreamConfig, UpstreamConfig } from '../config/config.ts';
import { silentLog } from '../observe/log.ts';
import { loadMetadata } from '../upstream/metadata.ts';
import { createUpstreamHttp } from '../upstream/upstream-http.ts';
import { answerTo } from './ask.ts';
import type { Answer } from './ask.ts';
import { certificateFinding, clockFinding } from './checks-connection.ts';
import { fail, finding, warn } from './finding.ts';
import type { Finding, Problem } from './finding.ts';

/** What an identity provider says about itself, measured by what we want of it. Sends no credentials. */
export async function examineUpstream(upstream: UpstreamConfig): Promise<readonly Finding[]> {
  const { name, redirectUri } = upstream;
  const told = upstream.type === 'oidc' ? await examineOidc(upstream) : await examineOAuth2(upstream);
  const register = finding('redirect-uri', `${redirectUri} is what to register at the provider`);
  return [register, ...told].map((one) => about(name, one));
}

function about(name: string, one: Finding): Finding {
  return { ...one, message: `${name}: ${one.message}` };
}

async function examineOidc(upstream: OidcUpstreamConfig): Promise<readonly Finding[]> {
  const http = createUpstreamHttp(upstream, { clock: Date.now, log: silentLog }, namedBy(upstream));
  try {
    const server = await loadMetadata(upstream, http);
    const keys = await answerTo(http.fetch, server.jwks_uri ?? '');
    return [
      finding('discovery', `the metadata of ${upstream.issuer} are as they should be`),
      finding('jwks', keysProblem(keys) ?? 'its keys can be read'),
      finding('auth-method', authMethodProblem(upstream, server) ?? `it takes ${upstream.authMethod}`),
      finding('pkce', pkceProblem(server) ?? 'it knows PKCE with S256'),
      finding('refresh', refreshProblem(upstream, server) ?? 'logins can be renewed without the person'),
      ...clockFinding('clock', keys),
      ...(await certificateFinding('certificate', upstream.issuer)),
    ];
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unknown failure';
    return [
      finding(
        'discovery',
        fail(
          why,
          'compare issuer_url with what the provider prints, and look whether it can be reached from here',
        ),
      ),
      ...(await certificateFinding('certificate', upstream.issuer)),
    ];
  } finally {
    http.close();
  }
}

/** Plain OAuth 2.0 says nothing about itself: all there is to see is that somebody answers. */
async function examineOAuth2(upstream: UpstreamConfig & { type: 'oauth2' }): Promise<readonly Finding[]> {
  const http = createUpstreamHttp(upstream, { clock: Date.now, log: silentLog }, namedBy(upstream));
  try {
    const { authorizationEndpoint, tokenEndpoint, userinfo } = upstream;
    const answers = [
      ['authorization endpoint', await answerTo(http.fetch, authorizationEndpoint)],
      ['token endpoint', await answerTo(http.fetch, tokenEndpoint)],
      ...(userinfo ? [['userinfo endpoint', await answerTo(http.fetch, userinfo.endpoint)] as const] : []),
    ] as const;
    const refresh =
      userinfo === null
        ? warn('nothing tells who signed in, and no login can be renewed', 'name its userinfo endpoint')
        : 'logins can be renewed through userinfo';
    return [
      ...answers.map(([what, answer]) =>
        finding('endpoint', endpointProblem(what, answer) ?? `its ${what} answers`),
      ),
      finding('refresh', refresh),
      ...clockFinding('clock', answers[1][1]),
      ...(await certificateFinding('certificate', tokenEndpoint)),
    ];
  } finally {
    http.close();
  }
}

function endpointProblem(what: string, { status, problem }: Answer): Problem | null {
  if (status === 0 && problem?.includes('redirect to another origin') === true) return null;
  if (status === 0)
    return fail(
      `its ${what} gives no answer: ${problem ?? ''}`,
      'compare the address with the provider’s manual',
    );
  return status === 404 || status >= 500
    ? fail(`its ${what} answers with ${status}`, 'compare the address with the provider’s manual')
    : null;
}

function keysProblem({ status, document, problem }: Answer): Problem | null {
  const keys = document?.['keys'];
  return status === 200 && Array.isArray(keys) && keys.length > 0
    ? null
    : fail(
        `its keys cannot be read (${problem ?? `status ${status}`})`,
        'nobody can sign in until jwks_uri answers',
      );
}

/** Absent means `client_secret_basic` (OpenID Connect Discovery §3). */
function authMethodProblem(
  { authMethod, authMethodGiven }: UpstreamConfig,
  server: AuthorizationServer,
): Problem | null {
  const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
  // With both ways open the other one is tried by itself.
  const other = !authMethodGiven && methods.some((method) => /^client_secret_(?:basic|post)$/u.test(method));
  if (methods.includes(authMethod) || (authMethod !== 'none' && other)) return null;
  const listed = methods.join(', ');
  return authMethod === 'none'
    ? warn(
        `it lists no public clients, only ${listed}`,
        'give the client a secret, unless it is registered as public',
      )
    : fail(`it takes ${listed}, and we would use ${authMethod}`, 'change token_endpoint_auth_method');
}

function pkceProblem({ code_challenge_methods_supported: methods }: AuthorizationServer): Problem | null {
  return methods?.includes('S256') === true
    ? null
    : warn(
        'it does not say that it knows PKCE; we send it all the same',
        'nothing, if the provider ignores what it does not know',
      );
}

function refreshProblem(upstream: OidcUpstreamConfig, server: AuthorizationServer): Problem | null {
  const lists = server.scopes_supported?.includes('offline_access') === true;
  const asked = upstream.scopes?.includes('offline_access') ?? lists;
  if (asked) return null;
  const renewed = server.userinfo_endpoint !== undefined || upstream.userinfo !== null;
  const how = lists
    ? 'add offline_access to its scopes'
    : 'look in its manual how it is asked for refresh tokens';
  return renewed
    ? warn('we do not ask for offline_access: people sign in again when its access token has ended', how)
    : fail('no login can be renewed: neither offline_access nor userinfo', how);
}

function namedBy(upstream: UpstreamConfig): readonly string[] {
  const userinfo = upstream.userinfo ? [upstream.userinfo.endpoint] : [];
  return upstream.type === 'oidc'
    ? [upstream.issuer, ...userinfo]
    : [upstream.authorizationEndpoint, upstream.tokenEndpoint, ...userinfo];
}
