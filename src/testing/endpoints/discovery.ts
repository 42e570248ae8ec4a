import { json } from '../exchange.ts';
import type { SimulatedAnswer } from '../exchange.ts';
import type { Simulation } from '../simulation.ts';
import type { Json } from '../template.ts';

/** The metadata document (OpenID Connect Discovery §3, RFC 8414 §2). */
export function answerDiscovery({ quirks, addresses }: Simulation): SimulatedAnswer {
  const { endpoints } = addresses;
  const oidc = quirks.protocol === 'oidc';
  const standardRevocation = quirks.revocation === 'rfc7009' || quirks.revocation === 'google';
  const registers = quirks.registration === 'open' || quirks.registration === 'initial-access-token';
  const document: Record<string, Json> = {
    issuer: addresses.documentIssuer,
    authorization_endpoint: endpoints.authorize,
    token_endpoint: endpoints.token,
    response_types_supported: ['code'],
    grant_types_supported: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_methods_supported: quirks.clientAuthentication,
    ...(quirks.clientAuthentication.includes('private_key_jwt') && {
      token_endpoint_auth_signing_alg_values_supported: ['RS256', 'ES256'],
    }),
    ...(oidc && {
      jwks_uri: endpoints.jwks,
      subject_types_supported: [quirks.subject.includes('{pairwise}') ? 'pairwise' : 'public'],
      id_token_signing_alg_values_supported: [quirks.signingAlg],
      scopes_supported: scopesOf(quirks),
    }),
    ...(quirks.userinfo !== 'absent' && { userinfo_endpoint: endpoints.userinfo }),
    ...(standardRevocation && { revocation_endpoint: endpoints.revoke }),
    ...(registers && { registration_endpoint: endpoints.register }),
    ...(quirks.pkceAdvertised && { code_challenge_methods_supported: ['S256'] }),
    ...(quirks.issInResponse && { authorization_response_iss_parameter_supported: true }),
  };
  for (const name of quirks.metadataOmits) delete document[name];
  return json(200, document);
}

function scopesOf({ refreshTokenWhen, refreshTokenScope }: Simulation['quirks']): string[] {
  const scopes = ['openid', 'profile', 'email'];
  return refreshTokenWhen === 'scope' ? [...scopes, refreshTokenScope] : scopes;
}

/** The public keys (RFC 7517 §5). */
export async function answerJwks({ keys, quirks }: Simulation): Promise<SimulatedAnswer> {
  const jwks = await keys.jwks({ withAlg: quirks.jwksWithAlg });
  return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(jwks) };
}
