import type { Profile } from './profile.ts';

export const salesforce: Profile = {
  name: 'salesforce',
  title: 'Salesforce',
  about:
    'A Salesforce organisation by its My Domain, or the common sign-in page. Never repeats scopes at a refresh, which ' +
    'Salesforce refuses, and looks for a new token in time although no answer says how long one lives.',
  variables: {
    domain: {
      about: 'My Domain host; login.salesforce.com admits people of every organisation',
      pattern: '[a-z0-9-]+(?:\\.[a-z0-9-]+)+',
      example: 'example.my.salesforce.com',
      usual: 'login.salesforce.com',
    },
  },
  settings: {
    type: 'oidc',
    issuer_url: 'https://{domain}',
    scopes: ['openid', 'profile', 'email', 'refresh_token', 'api'],
    refresh_scope: 'omit',
    missing_expires_in: '15m',
    token_endpoint_auth_method: 'client_secret_post',
    client_assertion_audience: 'issuer',
  },
  recognise: ['login.salesforce.com', 'test.salesforce.com', '*.my.salesforce.com'],
  openAccounts: { name: 'Salesforce', hosts: ['login.salesforce.com', 'test.salesforce.com'] },
  example: { access: { email_domains: ['example.com'] } },
  refreshTokens: {
    from: 'The scope refresh_token.',
    needs: { scopes: ['refresh_token', 'offline_access'] },
    rotation: 'The same one stays good, unless rotation is switched on for the app.',
    missing: 'The app’s policy or its selected scopes leave it out.',
  },
  setUp: {
    at: 'Salesforce Setup > External Client App Manager (or App Manager > New Connected App)',
    steps: [
      'Enable OAuth and paste {redirect_uri} into Callback URL.',
      'Select the scopes openid, id/profile/email, refresh_token and api.',
      'Copy Consumer Key into client_id and put the Consumer Secret into a file.',
      'Under the app’s OAuth policies choose who is permitted and how long refresh tokens are good.',
    ],
  },
  limits: [
    'A token lives as long as the session settings of the organisation say (15 minutes to 24 hours of inactivity): ' +
      '15 minutes are assumed; write missing_expires_in to change that.',
    'The API is at the instance_url of the token answer, which is not handed on: give your MCP server the My Domain.',
    'With login.salesforce.com people of every organisation can sign in: write access rules.',
  ],
  documentation: [
    'https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_web_server_flow.htm',
    'https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_refresh_token_flow.htm',
    'https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_using_openid_discovery_endpoint.htm',
  ],
  unverified: [
    { what: 'settings.refresh_scope', note: 'That a scope at a refresh is refused is reported by users.' },
    {
      what: 'settings.missing_expires_in',
      note: 'The lifetime is a setting of the organisation; 15 minutes is its least value.',
    },
  ],
};
