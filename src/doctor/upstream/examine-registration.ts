import type { UpstreamConfig, UpstreamRegistrationConfig } from '../../config/config.ts';
import { discoverRegistration } from '../../upstream/registration/discover.ts';
import type { RegistrationServer } from '../../upstream/registration/discover.ts';
import { answerTo } from '../ask.ts';
import { fail, finding, warn } from '../finding.ts';
import type { Finding, Problem } from '../finding.ts';
import { reasonIn } from './party.ts';
import type { Party } from './party.ts';

/** Looks at where we would register, and registers nothing; the initial access token stays here. */
export async function examineRegistration(
  party: Party,
  registration: UpstreamRegistrationConfig,
): Promise<readonly Finding[]> {
  const { config, http, look } = party;
  const { discoveryUrl, registrationEndpoint } = registration;
  let server: RegistrationServer | null = null;
  if (discoveryUrl !== null) {
    const context = { upstream: config.name, http, insecureAllowHttp: config.insecureAllowHttp };
    try {
      server = await discoverRegistration(discoveryUrl, context);
    } catch (error) {
      const why = error instanceof Error ? error.message : 'unknown failure';
      return [
        finding('registration', fail(why, 'compare dcr_config.discovery_url with the provider’s manual')),
      ];
    }
  }
  const answer = await answerTo(look, server?.registrationEndpoint ?? registrationEndpoint ?? '');
  const problem = endpointProblem(answer, registration) ?? missing(server, config);
  const said = 'we register there by ourselves at the first start; nothing was registered now';
  return [
    finding('registration', problem ?? said),
    ...(server ? [finding('auth-method', methodProblem(server, config) ?? 'it takes a way of ours')] : []),
  ];
}

function endpointProblem(
  { status, problem }: { readonly status: number; readonly problem: string | null },
  { discoveryUrl }: UpstreamRegistrationConfig,
): Problem | null {
  const field = discoveryUrl === null ? 'dcr_config.registration_endpoint' : 'what the metadata name';
  if (status === 0)
    return fail(
      `its registration endpoint gives no answer: ${reasonIn(problem)}`,
      `compare ${field} with the provider’s manual`,
    );
  if (status >= 500)
    return fail(`its registration endpoint answers with ${status}`, 'try again later, or ask the provider');
  // Some routers say so to whatever is no POST.
  return status === 404
    ? warn(
        'its registration endpoint answers a look with 404',
        `compare ${field} with the provider’s manual; it may be fine, because we may only look`,
      )
    : null;
}

/** Plain OAuth 2.0 has no other place to learn its endpoints from. */
function missing(server: RegistrationServer | null, config: UpstreamConfig): Problem | null {
  const given =
    config.type === 'oidc' || (config.authorizationEndpoint !== '' && config.tokenEndpoint !== '');
  if (given || !server || server.endpoints !== null) return null;
  return fail(
    'its metadata name no authorization and token endpoint',
    'write authorization_endpoint and token_endpoint beside dcr_config',
  );
}

function methodProblem({ methods, s256 }: RegistrationServer, config: UpstreamConfig): Problem | null {
  if (methods === null) return null;
  const key = config.settings.clientKey !== null;
  const ours = config.authMethodGiven
    ? [config.authMethod]
    : [
        'client_secret_basic',
        'client_secret_post',
        ...(key ? ['private_key_jwt'] : []),
        ...(s256 ? ['none'] : []),
      ];
  if (ours.some((method) => methods.includes(method))) return null;
  return fail(
    `it lists no way to authenticate that we would use (${ours.join(', ')})`,
    'write token_endpoint_auth_method and, for private_key_jwt, client_key_file',
  );
}
