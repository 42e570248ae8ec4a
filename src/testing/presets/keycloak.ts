import { assumed, reports } from './preset.ts';
import type { Preset } from './preset.ts';

/** Keycloak: a realm in the issuer's path, refresh tokens without a fixed end, access tokens without an audience. */
export const keycloak: Preset = {
  documentation: [
    'https://www.keycloak.org/securing-apps/oidc-layers',
    'https://www.keycloak.org/docs/latest/server_admin/',
  ],
  quirks: {
    issuerPath: reports('/realms/test'),
    discovery: reports('appended'),
    paths: assumed({
      authorize: '/realms/test/protocol/openid-connect/auth',
      token: '/realms/test/protocol/openid-connect/token',
      userinfo: '/realms/test/protocol/openid-connect/userinfo',
      jwks: '/realms/test/protocol/openid-connect/certs',
      revoke: '/realms/test/protocol/openid-connect/revoke',
      register: '/realms/test/clients-registrations/openid-connect',
    }),
    issInResponse: assumed(true),
    accessTokenLifetime: reports(300),
    refreshExpiresIn: reports({ name: 'refresh_expires_in', seconds: 0 }),
    tokenFields: reports({ 'not-before-policy': 0, session_state: '7c9e6679-7425-40de-944b-e07fc1f90ae7' }),
    refreshFields: reports({ 'not-before-policy': 0, session_state: '7c9e6679-7425-40de-944b-e07fc1f90ae7' }),
    // Unless "Revoke Refresh Token" is on, the old one keeps working.
    rotation: assumed('overlap'),
    refreshOverlap: assumed(30 * 86_400),
    idTokenFields: assumed({
      openid: { azp: '{client_id}', typ: 'ID', sid: '7c9e6679-7425-40de-944b-e07fc1f90ae7', acr: '1' },
      profile: {
        name: '{name}',
        preferred_username: '{login}',
        given_name: '{given_name}',
        family_name: '{family_name}',
      },
      email: { email: '{email}', email_verified: '{email_verified}' },
    }),
    userinfoFields: assumed({
      sub: '{subject}',
      name: '{name}',
      preferred_username: '{login}',
      given_name: '{given_name}',
      family_name: '{family_name}',
      email: '{email}',
      email_verified: '{email_verified}',
    }),
    accessToken: reports('jwt'),
    accessTokenAudience: reports(null),
    accessTokenFields: assumed({ azp: '{client_id}', typ: 'Bearer', realm_access: { roles: '{roles}' } }),
    registration: reports('initial-access-token'),
    registrationManagement: assumed(true),
  },
};
