import type { UpstreamFailure } from './provider.ts';

/** What a token endpoint said when it refused. */
export interface TokenRefusal {
  readonly error: string;
  /** The provider's words; compared, never repeated. */
  readonly description: string;
  /** Numbers that Entra ID adds (`AADSTS…`). */
  readonly numbers: readonly number[];
}

/** What a refusal means. */
export interface TokenFailure {
  readonly failure: UpstreamFailure;
  /** It is about our client, whoever the user is: nobody else needs to be tried for a while. */
  readonly client: boolean;
  /** What the operator can do about it; `null` when it is nothing of theirs. */
  readonly fix: string | null;
}

const passing: TokenFailure = { failure: 'unavailable', client: false, fix: null };
/** Only the user can help, by signing in again. */
const dead: TokenFailure = { failure: 'rejected', client: false, fix: null };
const ourClient = (fix: string): TokenFailure => ({ failure: 'misconfigured', client: true, fix });
const ourRequest = (fix: string): TokenFailure => ({ failure: 'misconfigured', client: false, fix });

const credentials = ourClient('check client_id, the client secret or key, and token_endpoint_auth_method');
/** Sign-ins fail by it, and refreshes go on. */
const redirects = ourRequest('register our redirect URI at the provider');
const grantTypes = ourRequest(
  'allow our client the grant types authorization_code and refresh_token at the provider',
);
const scopes = ourRequest('check scopes, and refresh_scope: the provider refuses what is asked for');
const audience = ourRequest('check audience or resource in the parameters of this upstream');

/**
 * Entra ID puts a number with every refusal, which tells more than `error` does.
 * https://learn.microsoft.com/entra/identity-platform/reference-error-codes
 */
const entra: readonly (readonly [TokenFailure, readonly number[]])[] = [
  // Expired, revoked, inactive, of a single-page application; the account or the device is gone or disabled.
  [dead, [50034, 50057, 50173, 54005, 70000, 70008, 70043, 700003, 700081, 700082, 700084]],
  // Interaction is required: another factor, consent, a new password, a managed device, an assignment.
  [dead, [16000, 50055, 50074, 50076, 50078, 50079, 50105, 50158, 53000, 53001, 53003, 65001]],
  [passing, [50196, 90033]],
  [ourClient('the client secret is wrong: paste its value, not its id'), [7000215]],
  [ourClient('the client secret has expired: make a new one in the app registration'), [7000222]],
  // Of many tenants one may lack the app, or be gone.
  [ourRequest('the app is not known in that tenant: check client_id and issuer'), [700016, 90002]],
  [ourRequest('the app is disabled in that tenant'), [7000112]],
  [ourClient('the client assertion does not verify: upload the certificate to the registration'), [700027]],
  [
    ourClient('a secret or key is needed, or the redirect URI is not of the platform "Web"'),
    [7000218, 9002327],
  ],
  [ourClient('the registration is a public client: use no secret, or register the platform "Web"'), [700025]],
  [scopes, [70011, 90009, 650053]],
  [audience, [500011, 9010010]],
  [redirects, [50011]],
];

/** The words of a refusal, where the code misleads. */
const byWords: readonly { readonly error: string; readonly words: RegExp; readonly means: TokenFailure }[] = [
  // Atlassian: 403 for a refresh token that has ended.
  { error: 'unauthorized_client', words: /refresh[ _]?token is invalid/iu, means: dead },
  // LinkedIn and others speak of the token under the code for malformed requests.
  { error: 'invalid_request', words: /refresh[ _]?token.*(?:expired|revoked)/iu, means: dead },
  // Salesforce, when the same token is refreshed twice at once.
  { error: 'invalid_grant', words: /already being processed/iu, means: passing },
];

const byError: readonly (readonly [TokenFailure, string])[] = [
  // RFC 6749 §4.1.2.1, and what rate limiters send. Slack, Auth0, Salesforce.
  [passing, 'temporarily_unavailable server_error slow_down'],
  [passing, 'ratelimited rate_limited internal_error fatal_error service_unavailable request_timeout'],
  [passing, 'team_added_to_org too_many_attempts too_many_requests rate_limit_exceeded'],
  // RFC 6749 §5.2. GitHub, Slack, Salesforce, Google.
  [credentials, 'invalid_client incorrect_client_credentials bad_client_secret invalid_client_id'],
  [ourClient('the client was deleted or suspended at the provider'), 'deleted_client disabled_client'],
  [ourClient('the client was deleted or suspended at the provider'), 'application_suspended inactive_org'],
  [redirects, 'redirect_uri_mismatch bad_redirect_uri'],
  [grantTypes, 'unauthorized_client unsupported_grant_type invalid_grant_type'],
  [scopes, 'invalid_scope'],
  [audience, 'invalid_target invalid_resource'],
];

const meaningOfNumber = new Map(entra.flatMap(([means, numbers]) => numbers.map((one) => [one, means])));
const meaningOfError = new Map(
  byError.flatMap(([means, codes]) => codes.split(' ').map((one) => [one, means])),
);

/**
 * What a refusal of a token endpoint means for the credential that was presented. A code that nobody knows speaks of the
 * credential: a user who signs in again is better off than one whom a dead connection keeps out.
 */
export function meaningOf(refusal: TokenRefusal): TokenFailure {
  for (const number of refusal.numbers) {
    const means = meaningOfNumber.get(number);
    if (means) return means;
  }
  const told = byWords.find(({ error, words }) => error === refusal.error && words.test(refusal.description));
  return told?.means ?? meaningOfError.get(refusal.error) ?? dead;
}
