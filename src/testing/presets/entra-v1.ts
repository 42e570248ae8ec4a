import { aliceTenant as tenant } from '../users.ts';
import { entraQuirks } from './entra.ts';
import { assumed, docs, reports } from './preset.ts';
import type { Preset } from './preset.ts';

/** Microsoft Entra ID, one tenant, first endpoint version: the issuer is on another host and ends in a slash. */
export const entraV1: Preset = {
  documentation: [
    'https://learn.microsoft.com/en-us/previous-versions/azure/active-directory/azuread-dev/v1-protocols-oauth-code',
    'https://learn.microsoft.com/en-us/entra/identity-platform/access-tokens',
  ],
  quirks: {
    ...entraQuirks(tenant),
    issuerPath: assumed(`/${tenant}`),
    documentIssuer: reports(`{foreign}/${tenant}/`),
    idTokenIssuer: reports('{foreign}/{tid}/'),
    paths: assumed({
      authorize: `/${tenant}/oauth2/authorize`,
      token: `/${tenant}/oauth2/token`,
      jwks: '/common/discovery/keys',
      userinfo: `/${tenant}/openid/userinfo`,
      revoke: '/revoke',
      register: '/register',
    }),
    foreignHost: assumed([]),
    onlyTenant: docs(tenant),
    scopeRequired: docs(false),
    // `resource` is how this version says what the token is for.
    resourceAtAuthorize: assumed('ignored'),
    expiresIn: reports('string'),
    refreshTokenWhen: assumed('always'),
    tokenFields: reports({
      ext_expires_in: '3599',
      expires_on: '1388444763',
      not_before: '1388440863',
      resource: '00000002-0000-0000-c000-000000000000',
    }),
    refreshFields: reports({
      ext_expires_in: '3599',
      expires_on: '1388444763',
      not_before: '1388440863',
      resource: '00000002-0000-0000-c000-000000000000',
    }),
    idTokenFields: assumed({
      openid: {
        ver: '1.0',
        oid: '{oid}',
        tid: '{tid}',
        upn: '{email}',
        unique_name: '{email}',
        name: '{name}',
        given_name: '{given_name}',
        family_name: '{family_name}',
        groups: '{groups}',
        roles: '{roles}',
      },
    }),
    accessTokenFields: assumed({ appid: '{client_id}', oid: '{oid}', tid: '{tid}', ver: '1.0' }),
  },
};
