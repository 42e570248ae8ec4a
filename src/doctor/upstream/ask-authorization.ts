import { randomToken } from '../../crypto/random.ts';
import { sha256 } from '../../crypto/hash.ts';
import { buildAuthorizationUrl } from '../../upstream/authorization-url.ts';
import { failureOfCallbackError, printableCode } from '../../upstream/failures.ts';
import { answerTo } from '../ask.ts';
import type { Answer } from '../ask.ts';
import { fail, finding, warn } from '../finding.ts';
import type { Finding, Problem } from '../finding.ts';
import { reasonIn } from './party.ts';
import type { Located } from './party.ts';

/** What came of it; the answer also tells the time there. */
export interface Asked {
  readonly answer: Answer;
  readonly finding: Finding;
}

const check = 'authorization-request';

/**
 * Asks for what a browser would ask at the beginning of a sign-in, and goes no further: no redirect is followed, nobody
 * signs in. Holds no secret.
 */
export async function askAuthorization(located: Located): Promise<Asked> {
  const { config, look, scopes, server } = located;
  const url = buildAuthorizationUrl(
    server.authorization_endpoint ?? '',
    {
      state: randomToken(),
      nonce: randomToken(),
      codeChallenge: sha256(randomToken()),
      prompt: null,
      maxAge: null,
      loginHint: null,
    },
    { config, scopes, nonce: config.type === 'oidc' },
  );
  const answer = await answerTo(look, url, { headers: { accept: 'text/html,*/*;q=0.8' } });
  return { answer, finding: judge(answer, located) };
}

function judge(answer: Answer, located: Located): Finding {
  const { status, problem, headers } = answer;
  const address = 'compare the address with the provider’s manual';
  if (status === 0)
    return finding(
      'endpoint',
      fail(`its authorization endpoint gives no answer: ${reasonIn(problem)}`, address),
    );
  if (status >= 300 && status < 400) return finding(check, judgeRedirect(answer, located));
  if (status === 429 || status >= 500)
    return finding(
      'endpoint',
      fail(`its authorization endpoint answers with ${status}`, 'try again later, or in a browser'),
    );
  if (headers.get('cf-mitigated') === 'challenge')
    return finding(
      check,
      warn('a firewall wants to see a browser before it lets us ask', 'try a sign-in in a browser'),
    );
  if (status === 404)
    return finding(
      'endpoint',
      fail(
        `its authorization endpoint answers with 404`,
        `${address}; some providers say so to a client id that they do not know: compare client_id, too`,
      ),
    );
  if (status < 400) return finding(check, 'it takes our request, and would let people sign in');
  return finding(
    check,
    fail(
      `it answers our request for a sign-in with an error page (${status})`,
      `look whether client_id is the one that it shows, whether ${located.config.redirectUri} is registered there, ` +
        `and whether the client may ask for ${located.scopes.join(' ') || 'nothing'}`,
    ),
  );
}

/** A redirect to a sign-in is what is wanted; to us, or to a page about errors, it is a refusal. */
function judgeRedirect({ url, headers }: Answer, located: Located): Problem | string {
  const to = URL.parse(headers.get('location') ?? '', url);
  if (!to) return fail('it redirects to nowhere', 'try a sign-in in a browser');
  const code = to.searchParams.get('error') ?? new URLSearchParams(to.hash.slice(1)).get('error');
  if (code !== null) return refusal(printableCode(code), located);
  if (isBack(to, located.config.redirectUri)) return 'it takes our request';
  if (/\/error(?:\/|$)/u.test(to.pathname))
    return warn(
      'it sends browsers to a page about an error',
      `try a sign-in in a browser; compare client_id, and look whether ${located.config.redirectUri} is registered there`,
    );
  return 'it takes our request, and sends people on to sign in';
}

function isBack(to: URL, redirectUri: string): boolean {
  const own = new URL(redirectUri);
  return to.origin === own.origin && to.pathname === own.pathname;
}

/** RFC 6749 §4.1.2.1 and what Cognito, GitHub and others say in its place. */
const fixes: Readonly<Record<string, (located: Located) => string>> = {
  invalid_scope: ({ scopes }) =>
    `take out of scopes what the client may not ask for, or allow it there: ${scopes.join(' ')}`,
  unauthorized_client: () => 'allow the client the authorization code grant at the provider',
  unsupported_response_type: () => 'switch the authorization code flow on for the client at the provider',
  invalid_target: () => 'compare resource and audience with the APIs that the provider knows',
  invalid_client: ({ config }) => `compare client_id (${config.clientId}) with what the provider shows`,
  access_denied: () => 'look whether the client is active there, and whom it is assigned to',
  redirect_uri_mismatch: ({ config }) => `register ${config.redirectUri} at the provider`,
  redirect_mismatch: ({ config }) => `register ${config.redirectUri} at the provider`,
  invalid_request: () =>
    'look at additional_authorization_params, resource and pkce: the provider refuses one of our parameters',
};

function refusal(code: string, located: Located): Problem | string {
  const fix = Object.hasOwn(fixes, code) ? fixes[code]?.(located) : undefined;
  const said = `it refuses our request for a sign-in: ${code === '' ? 'an error without a code' : code}`;
  if (fix !== undefined) return fail(said, fix);
  const failure = failureOfCallbackError(code);
  // Nobody was signed in, and nobody was asked.
  if (failure === 'denied') return 'it takes our request, and wants somebody to sign in';
  if (failure === 'unavailable') return warn(said, 'try again later');
  return fail(said, 'look the code up in its manual; compare client_id, redirect URI and scopes');
}
