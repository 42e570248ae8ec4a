import type { AuthorizationServer } from 'oauth4webapi';
import type { UpstreamConfig } from '../../config/config.ts';
import type { Answer } from '../ask.ts';
import { fail, finding, warn } from '../finding.ts';
import type { Finding, Problem } from '../finding.ts';
import { isGeneric, listOf, reasonIn } from './party.ts';
import type { Located } from './party.ts';

/** What the metadata of a provider of OpenID Connect say, measured by what we want of it. */
export function metadataFindings(located: Located): readonly Finding[] {
  const { config, server } = located;
  return [
    ...(config.registration === null
      ? [finding('auth-method', authMethodProblem(config, server) ?? `it takes ${config.authMethod}`)]
      : []),
    finding('pkce', pkceProblem(located) ?? pkceSaid(config)),
    finding('scopes', scopesProblem(located) ?? 'it lists every scope that we ask for, or no list at all'),
    subjectTypes(located),
  ].flat();
}

/** Keys that verify ID tokens. */
export function keysProblem({ status, document, problem }: Answer): Problem | null {
  const keys = document?.['keys'];
  return status === 200 && Array.isArray(keys) && keys.length > 0
    ? null
    : fail(
        `its keys cannot be read (${problem === null ? `status ${status}` : reasonIn(problem)})`,
        'nobody can sign in until jwks_uri answers',
      );
}

/** Absent means `client_secret_basic` (OpenID Connect Discovery §3). */
function authMethodProblem(
  { authMethod, authMethodGiven }: UpstreamConfig,
  server: AuthorizationServer,
): Problem | null {
  const methods = listOf(server.token_endpoint_auth_methods_supported) ?? ['client_secret_basic'];
  // With both ways open the other one is tried by itself.
  const other = !authMethodGiven && methods.some((method) => /^client_secret_(?:basic|post)$/u.test(method));
  if (methods.includes(authMethod) || (authMethod !== 'none' && other)) return null;
  const listed = codes(methods);
  return authMethod === 'none'
    ? warn(
        `it lists no public clients, only ${listed}`,
        'give the client a secret, unless it is registered as public',
      )
    : fail(`it takes ${listed}, and we would use ${authMethod}`, 'change token_endpoint_auth_method');
}

function pkceProblem({ config, server }: Located): Problem | null {
  if (config.settings.pkce === 'never') return null;
  const methods = listOf(server.code_challenge_methods_supported);
  if (methods?.includes('S256') === true) return null;
  if (methods !== null && methods.length > 0)
    return fail(
      `it lists ${codes(methods)} for PKCE, and we use S256 only`,
      'switch S256 on for the client there, or write pkce: never',
    );
  // A profile says so where the metadata do not.
  if (!isGeneric(config.settings.profile)) return null;
  return warn(
    'it does not say that it knows PKCE; we send it all the same',
    'nothing, if the provider ignores what it does not know; else write pkce: never',
  );
}

function pkceSaid({ settings: { pkce } }: UpstreamConfig): string {
  return pkce === 'never' ? 'PKCE is switched off for it' : 'it knows PKCE with S256';
}

/** Providers need not list everything (OpenID Connect Discovery §3): what is not listed is told, and may be fine. */
function scopesProblem({ server, scopes }: Located): Problem | null {
  const listed = listOf(server.scopes_supported);
  const unlisted = listed === null ? [] : scopes.filter((scope) => !listed.includes(scope));
  if (unlisted.length === 0) return null;
  return warn(
    `it does not list ${unlisted.join(' ')} among its scopes`,
    'look whether they are spelled as in its manual, and allowed for our client; take out of scopes what is not',
  );
}

function subjectTypes({ config, server }: Located): readonly Finding[] {
  const types = listOf(server.subject_types_supported) ?? [];
  const own =
    config.type === 'oidc' && config.subjectClaim === 'sub' && config.settings.subjectClaims === null;
  if (!own || types.includes('public') || !types.includes('pairwise')) return [];
  const told = warn(
    'it gives every client another sub for the same person: with a new client id everybody is somebody new',
    'keep the client id, or write subject_claim with a claim that is the same for all clients',
  );
  return [finding('subject', told)];
}

/** Words of a provider's list, as far as they look like codes. */
function codes(words: readonly string[]): string {
  return words
    .slice(0, 8)
    .map((word) => word.replaceAll(/[^\w.:-]/gu, '').slice(0, 64))
    .join(', ');
}
