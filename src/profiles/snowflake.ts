import type { Profile } from './profile.ts';

export const snowflake: Profile = {
  name: 'snowflake',
  title: 'Snowflake',
  about:
    'Snowflake OAuth of one account. No OpenID Connect and no userinfo: who somebody is, the first token answer tells.',
  variables: {
    account: {
      about: 'Account identifier, as in the host of the account (organisation and account with a hyphen)',
      pattern: '[A-Za-z0-9][A-Za-z0-9._-]*',
      example: 'example-analytics',
    },
  },
  settings: {
    type: 'oauth2',
    authorization_endpoint: 'https://{account}.snowflakecomputing.com/oauth/authorize',
    token_endpoint: 'https://{account}.snowflakecomputing.com/oauth/token-request',
    token_endpoint_auth_method: 'client_secret_basic',
    scopes: ['refresh_token'],
    refresh_scope: 'omit',
    identity_from_token: { subject_path: 'username', name_path: 'username' },
    revocation: { style: 'none' },
  },
  recognise: ['*.snowflakecomputing.com'],
  example: { access: { subjects: ['ALICE'] } },
  refreshTokens: {
    from: 'The scope refresh_token, with OAUTH_ISSUE_REFRESH_TOKENS on in the security integration.',
    needs: { scopes: ['refresh_token'] },
    rotation:
      'None: the same one stays good as long as OAUTH_REFRESH_TOKEN_VALIDITY says, and is not repeated.',
    missing: 'The integration issues none: the connection ends after ten minutes.',
  },
  setUp: {
    at: 'a worksheet, with a role that may create integrations',
    steps: [
      'CREATE SECURITY INTEGRATION … TYPE = OAUTH, OAUTH_CLIENT = CUSTOM, OAUTH_CLIENT_TYPE = ’CONFIDENTIAL’, ' +
        'OAUTH_REDIRECT_URI = ’{redirect_uri}’, OAUTH_ISSUE_REFRESH_TOKENS = TRUE, ENABLED = TRUE.',
      'SELECT SYSTEM$SHOW_OAUTH_CLIENT_SECRETS(’NAME’) tells client id and secret; the secret goes into a file.',
      'For another role than the user’s default write session:role:NAME into scopes, after refresh_token.',
    ],
  },
  limits: [
    'Subjects are login names: when one is given to somebody else, they become the same user here.',
    'A refresh does not tell whose token it is, so evidence about a user cannot be renewed: with access rules people sign ' +
      'in again when it is older than identity_max_age.',
    'ACCOUNTADMIN, SECURITYADMIN, ORGADMIN and GLOBALORGADMIN cannot be used this way unless Snowflake’s support allows it.',
    'A token is for one role; session:role-any in scopes lets a session switch, where the account has that.',
  ],
  documentation: [
    'https://docs.snowflake.com/en/user-guide/oauth-custom',
    'https://docs.snowflake.com/en/sql-reference/sql/create-security-integration-oauth-snowflake',
  ],
  unverified: [
    { what: 'settings.revocation', note: 'No revocation endpoint is documented.' },
    {
      what: 'settings.refresh_scope',
      note: 'The documented refresh has no scope; what one would do is not said.',
    },
  ],
};
