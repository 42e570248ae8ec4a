import { assumed, docs, reports } from './preset.ts';
import type { Preset } from './preset.ts';

const identity = {
  instance_url: 'https://example.my.salesforce.com',
  id: '{origin}/id/00D000000000001/{id}',
  issued_at: '{now_ms}',
  signature: 'cGxhY2Vob2xkZXI=',
} as const;

/** Salesforce: no `expires_in`, and a refresh with a scope is refused. */
export const salesforce: Preset = {
  documentation: [
    'https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_web_server_flow.htm',
    'https://help.salesforce.com/s/articleView?id=sf.remoteaccess_oauth_refresh_token_flow.htm',
    'https://help.salesforce.com/s/articleView?id=sf.remoteaccess_using_userinfo_endpoint.htm',
  ],
  quirks: {
    paths: reports({
      authorize: '/services/oauth2/authorize',
      token: '/services/oauth2/token',
      userinfo: '/services/oauth2/userinfo',
      jwks: '/id/keys',
      revoke: '/services/oauth2/revoke',
      register: '/services/oauth2/register',
    }),
    clientAuthentication: assumed(['client_secret_post', 'client_secret_basic', 'private_key_jwt']),
    expiresIn: reports('absent'),
    accessTokenLifetime: assumed(7200),
    tokenFields: docs(identity),
    refreshFields: docs(identity),
    refreshTokenWhen: reports('scope'),
    refreshTokenScope: reports('refresh_token'),
    rotation: reports('not-returned'),
    scopeOnRefresh: reports('refused'),
    idTokenOnRefresh: assumed('omitted'),
    revocation: assumed('google'),
    subject: assumed('{origin}/id/00D000000000001/{id}'),
    userinfoFields: assumed({
      sub: '{subject}',
      user_id: '{id}',
      organization_id: '00D000000000001',
      preferred_username: '{email}',
      nickname: '{login}',
      name: '{name}',
      email: '{email}',
      email_verified: '{email_verified}',
      given_name: '{given_name}',
      family_name: '{family_name}',
      zoneinfo: 'America/Los_Angeles',
      active: true,
      user_type: 'STANDARD',
      language: 'en_US',
      locale: 'en_US',
      utcOffset: -28800000,
    }),
  },
};
