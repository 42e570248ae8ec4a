import { checkRedirectUri } from '../oauth/redirect-uri.ts';
import type { RegistrationConfig } from './config.ts';
import { resolveRegistrationPolicy } from './registration-policy.ts';
import { itemsOf } from './resolving.ts';
import type { Resolving } from './resolving.ts';
import { isLoopbackUrl } from './urls.ts';

/** Reads what clients that register themselves may ask for. */
export async function resolveRegistration(resolving: Resolving): Promise<RegistrationConfig> {
  const { config, findings } = resolving;
  const allowConfidential = config.allow_confidential_client_registration ?? false;
  const forced = itemsOf(config.force_confidential_redirect_uris);
  if (forced.length > 0 && !allowConfidential)
    findings.refuse(['force_confidential_redirect_uris'], {
      problem: 'needs allow_confidential_client_registration',
      fix: 'write allow_confidential_client_registration: true, or remove it',
    });
  for (const { item, index } of forced) {
    const isGood = /^https:/i.test(item) && checkRedirectUri(item) === null && !isLoopbackUrl(item);
    if (!isGood)
      findings.refuse(['force_confidential_redirect_uris', index], {
        problem: 'is not an https redirect URI on a host that is not loopback',
        fix: 'write the redirect URI exactly as the client registers it',
      });
  }
  const policy = await resolveRegistrationPolicy(resolving);
  return { ...policy, allowConfidential, forceConfidentialRedirectUris: forced.map(({ item }) => item) };
}

/** Secrets that registration hands out need https, or a loopback host and the operator's word. */
export function checkConfidentialTransport({ config, findings }: Resolving, issuer: string | null): void {
  const secrets = (config.clients ?? []).some(
    (client) => client?.client_secret_file ?? client?.client_secret_env_var,
  );
  if (secrets && /^http:/i.test(issuer ?? '') && !isLoopbackUrl(issuer ?? ''))
    findings.refuse(['issuer'], {
      problem: 'uses http, and clients have secrets, which everybody on the way would see',
      fix: 'use https',
    });
  if (!config.allow_confidential_client_registration) return;
  if (config.insecure_allow_http)
    findings.refuse(['insecure_allow_http'], {
      problem:
        'must not be on while registration hands out secrets, which http would show to everybody on the way',
      fix: 'remove one of insecure_allow_http and allow_confidential_client_registration',
    });
  else if (/^http:/i.test(issuer ?? '') && !config.insecure_allow_confidential_over_loopback_http)
    findings.refuse(['issuer'], {
      problem: 'uses http, and registration hands out secrets',
      fix: 'use https; for tests on this computer write insecure_allow_confidential_over_loopback_http: true',
    });
}
