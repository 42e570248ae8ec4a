import type { AuthorizationServer } from 'oauth4webapi';
import type { UpstreamConfig } from '../../config/config.ts';
import { randomToken } from '../../crypto/random.ts';
import { silentLog } from '../../observe/log.ts';
import { checkCallback } from '../../upstream/callback.ts';
import { step } from '../../upstream/failures.ts';
import { UpstreamError } from '../../upstream/provider.ts';
import { createStanding } from '../../upstream/standing.ts';
import { exchangeCode } from '../../upstream/token-requests.ts';
import type { UpstreamHttp } from '../../upstream/upstream-http.ts';
import { fail, finding, warn } from '../finding.ts';
import type { Finding, Problem } from '../finding.ts';
import { reasonIn } from './party.ts';
import type { Located } from './party.ts';

const check = 'client-authentication';

/**
 * Redeems a code that nobody issued, authenticated as at a sign-in. Our credentials go where a sign-in would send them,
 * and nowhere else: a redirect is not followed.
 * @param secretFrom the field and the file or variable that the secret is from; `null` when there is none
 */
export async function askToken(located: Located, secretFrom: string | null): Promise<Finding> {
  const { config, http } = located;
  let changed = false;
  const watched: UpstreamHttp = {
    ...http,
    changeAuth() {
      const other = http.changeAuth();
      changed ||= other;
      return other;
    },
  };
  const way = (): string => methodOf(config, changed);
  try {
    await step({ upstream: config.name, step: 'token endpoint' }, () =>
      redeem({ ...located, http: watched }),
    );
  } catch (error) {
    const told = error instanceof UpstreamError ? error : null;
    if (told) return judge(told, { config, way: way(), changed, secretFrom });
    throw error;
  }
  return finding(
    check,
    fail(
      'it gave tokens for a code that nobody issued',
      'do not use this provider before somebody has looked at it',
    ),
  );
}

/** The code says who asks: a provider's log may show it. */
async function redeem({ config, http, scopes, server }: Located): Promise<void> {
  const clock = Date.now;
  const state = randomToken();
  const code = `sallyport-doctor-${randomToken(16)}`;
  const exchange = { state, nonce: '', codeVerifier: randomToken() };
  const callback = {
    ...exchange,
    parameters: new URLSearchParams({ code, state, ...issuerOf(server) }),
  };
  const parameters = checkCallback(callback, { upstream: config.name, server, client: http.client() });
  const standing = createStanding(config.name, { clock, log: silentLog });
  await exchangeCode({ config, http, server, scopes, clock, standing }, { ...exchange, parameters });
}

/** RFC 9207 §2.4: promised, so it has to be there. */
function issuerOf(server: AuthorizationServer): Record<string, string> {
  return server.authorization_response_iss_parameter_supported === true ? { iss: server.issuer } : {};
}

/** Methods that are the other one's alternative when nobody said which it is. */
function methodOf({ authMethod }: UpstreamConfig, changed: boolean): string {
  if (!changed) return authMethod;
  return authMethod === 'client_secret_basic' ? 'client_secret_post' : 'client_secret_basic';
}

/** "The code is no good": said to a client that is known. GitHub and Slack have names of their own. */
const badCode: ReadonlySet<string> = new Set(['invalid_grant', 'bad_verification_code', 'invalid_code']);

interface Way {
  readonly config: UpstreamConfig;
  readonly way: string;
  readonly changed: boolean;
  readonly secretFrom: string | null;
}

function judge({ failure, code, message }: UpstreamError, asked: Way): Finding {
  if (badCode.has(code)) return finding(check, `it knows us by ${asked.way}${advice(asked)}`);
  if (failure === 'misconfigured') return finding(check, fail(message, fixOf(code, asked)));
  const status = /status (\d{3})/u.exec(message)?.[1] ?? '';
  if (code === '' && failure === 'unavailable')
    return finding('endpoint', unanswered({ message, status, config: asked.config }));
  return finding(
    check,
    warn(
      `${message}, to a code that is none: that tells nothing about our credentials`,
      'try a sign-in; a refusal then is in the log with its fix',
    ),
  );
}

function advice({ way, changed }: Way): string {
  return changed
    ? `, and not by the other way of sending the secret: token_endpoint_auth_method: ${way} spares a request`
    : '';
}

function unanswered({
  message,
  status,
  config,
}: {
  readonly message: string;
  readonly status: string;
  readonly config: UpstreamConfig;
}): Problem {
  const said =
    status === ''
      ? `its token endpoint gives no answer: ${reasonIn(message).replace(/^token endpoint: /u, '')}`
      : `its ${message}`;
  const where = config.type === 'oidc' ? 'issuer_url' : 'token_endpoint';
  return fail(
    said,
    `compare ${where} with the provider’s manual, and look whether something stands between us`,
  );
}

/** Nothing of the secret is told, its length included. */
function fixOf(code: string, { config, way, changed, secretFrom }: Way): string {
  const { clientId, settings } = config;
  if (!credentialCodes.has(code)) return `compare the registration of ${clientId} at the provider with ours`;
  if (way === 'none')
    return `give the client ${clientId} a secret (client_secret_file), or register it as public at the provider`;
  if (way === 'private_key_jwt')
    return (
      `upload the public part of ${settings.clientKey?.pem.origin ?? 'client_key_file'} to ${clientId} at the provider, ` +
      'and compare client_key_id and client_assertion_audience with its manual'
    );
  const tried = changed ? 'both ways of sending it were tried' : `it was sent by ${way}`;
  return `compare what ${secretFrom ?? 'the client secret'} holds with the secret of ${clientId} at the provider; ${tried}`;
}

const credentialCodes: ReadonlySet<string> = new Set([
  'invalid_client',
  'incorrect_client_credentials',
  'bad_client_secret',
  'invalid_client_id',
]);
