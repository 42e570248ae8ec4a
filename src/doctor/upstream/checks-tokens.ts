import type { AuthorizationServer } from 'oauth4webapi';
import { fail, finding, warn } from '../finding.ts';
import type { Finding } from '../finding.ts';
import { listOf } from './party.ts';
import type { Located, Party } from './party.ts';

interface Lack {
  readonly said: string;
  readonly fix: string;
}

/** Whether logins and connections go on without the person. */
export function refreshFinding(located: Located): Finding {
  const { config, known } = located;
  const lack = lackOf(located);
  const evidence = renewsEvidence(located);
  if (lack === null) {
    // Where nobody signs in, nobody's evidence grows old.
    if (config.type === 'oidc' || evidence || config.when === 'later')
      return finding('refresh', `logins can be renewed without the person${from(located)}`);
    const told = warn(
      'its tokens can be refreshed, and nothing renews what we know about people: a login ends at identity_max_age',
      'name its userinfo endpoint, or write a longer identity_max_age',
    );
    return finding('refresh', told);
  }
  const missing = known ? ` (${known.refreshTokens.missing})` : '';
  return finding(
    'refresh',
    evidence || config.when === 'later'
      ? warn(`${lack.said}: people sign in again when its access token has ended${missing}`, lack.fix)
      : fail(`no login can be renewed: ${lack.said}, and there is no userinfo${missing}`, lack.fix),
  );
}

function from({ known }: Party): string {
  return known ? `; what brings a refresh token: ${known.refreshTokens.from}` : '';
}

function renewsEvidence({ config, server }: Located): boolean {
  if (config.settings.identityFromToken !== null && config.type === 'oauth2') return false;
  return config.userinfo !== null || server.userinfo_endpoint !== undefined;
}

/** What keeps refresh tokens from us; `null`: nothing that can be seen. */
function lackOf(located: Located): Lack | null {
  const { config, server, scopes, known } = located;
  const grants = listOf(server.grant_types_supported);
  if (grants !== null && !grants.includes('refresh_token'))
    return {
      said: 'it does not list refresh_token among its grant types',
      fix: 'switch refresh tokens on for the client there',
    };
  const { scopes: one, params = {} } = known?.refreshTokens.needs ?? {};
  if (one && !one.some((scope) => scopes.includes(scope)))
    return { said: `we do not ask for ${one[0]}`, fix: `add ${one[0]} to its scopes` };
  const sent = config.additionalAuthorizationParams;
  const unsent = Object.entries(params).find(([name, value]) => sent[name] !== value);
  if (unsent)
    return {
      said: `we do not send ${unsent.join('=')}`,
      fix: `write ${unsent.join(': ')} into additional_authorization_params`,
    };
  return known || config.type === 'oauth2' || scopes.includes('offline_access') ? null : offline(server);
}

/** OpenID Connect Core §11. */
function offline(server: AuthorizationServer): Lack {
  return {
    said: 'we do not ask for offline_access',
    fix: listOf(server.scopes_supported)?.includes('offline_access')
      ? 'add offline_access to its scopes'
      : 'look in its manual how it is asked for refresh tokens',
  };
}

/** Scopes that the provider is known to answer with an error. */
export function refusedFinding({ known, scopes }: Located): readonly Finding[] {
  const refused = scopes.filter((scope) => known?.refusedScopes?.includes(scope));
  if (!known || refused.length === 0) return [];
  const names = refused.join(' ');
  return [finding('scopes', fail(`${known.title} refuses ${names}`, `take ${names} out of scopes`))];
}

/** Whether disconnecting can end tokens at the provider. */
export function revocationFinding({ config, server }: Located): Finding {
  const { revocation } = config.settings;
  if (revocation === null)
    return finding('revocation', 'it cannot end tokens: disconnecting forgets them here, and only here');
  if (revocation.endpoint !== null || server.revocation_endpoint !== undefined)
    return finding('revocation', 'tokens are ended there when somebody disconnects');
  const told = warn(
    'nothing names a revocation endpoint: after disconnecting, its tokens stay good until they end',
    'look in its manual for one and write revocation, or nothing when it has none',
  );
  return finding('revocation', told);
}
