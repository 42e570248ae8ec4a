import type { Profile } from './profile.ts';

export const entra: Profile = {
  name: 'entra',
  title: 'Microsoft Entra ID',
  about:
    'One tenant, any organisation, or personal accounts. Subjects are tenant and object id together, because sub differs ' +
    'by application and oid is unique inside one tenant only; the issuer of a token is checked against its tenant.',
  variables: {
    tenant: {
      about: 'Directory (tenant) id; or organizations, common, consumers for people of any tenant',
      pattern: '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|organizations|common|consumers',
      example: '11111111-2222-4333-8444-555555555555',
    },
    version: {
      about: 'Version of the endpoints; v1 only where a resource cannot do without',
      pattern: 'v1|v2',
      example: 'v2',
      usual: 'v2',
    },
    domain: {
      about: 'Host of a national cloud',
      pattern: 'login\\.microsoftonline\\.(?:com|us)|login\\.partner\\.microsoftonline\\.cn',
      example: 'login.microsoftonline.us',
      usual: 'login.microsoftonline.com',
    },
  },
  settings: {
    type: 'oidc',
    issuer_url: 'https://{domain}/{tenant}/v2.0',
    scopes: ['openid', 'profile', 'email', 'offline_access'],
    refresh_scope: 'send',
    subject_claims: ['tid', 'oid'],
    token_endpoint_auth_method: 'client_secret_post',
    client_assertion_audience: 'token_endpoint',
    revocation: { style: 'none' },
  },
  variants: [
    {
      about: 'People of any organisation',
      when: { tenant: ['organizations', 'common'] },
      settings: { issuer_template: 'https://{domain}/{tenantid}/v2.0' },
    },
    {
      about: 'Personal accounts only, which all live in one tenant',
      when: { tenant: ['consumers'] },
      settings: { issuer_url: 'https://{domain}/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0' },
    },
    {
      about: 'First version of the endpoints: metadata elsewhere, and an issuer on another host',
      when: { version: ['v1'] },
      settings: {
        issuer_url: 'https://{domain}/{tenant}',
        issuer_aliases: ['https://sts.windows.net/{tenant}/'],
      },
    },
    {
      about: 'First version of the endpoints, any organisation',
      when: { version: ['v1'], tenant: ['organizations', 'common'] },
      settings: { issuer_template: 'https://sts.windows.net/{tenantid}/' },
    },
  ],
  recognise: [
    'login.microsoftonline.com',
    'login.microsoftonline.us',
    'login.partner.microsoftonline.cn',
    'sts.windows.net',
  ],
  openAccounts: {
    name: 'Entra ID',
    hosts: [
      'login.microsoftonline.com',
      'login.microsoftonline.us',
      'login.partner.microsoftonline.cn',
      'login.chinacloudapi.cn',
      'login.windows.net',
    ],
    tenants: ['common', 'organizations', 'consumers', '9188040d-6c67-4c5b-b112-36a304b66dad'],
  },
  example: { access: { entra_tenants: ['11111111-2222-4333-8444-555555555555'] } },
  refreshTokens: {
    from: 'The scope offline_access.',
    needs: { scopes: ['offline_access'] },
    rotation: 'A new one at every use; the old one stays good (90 days).',
    missing: 'offline_access was taken out of scopes, or a Conditional Access policy limits the session.',
  },
  setUp: {
    at: 'Microsoft Entra admin center > App registrations > New registration',
    steps: [
      'Choose who may use it: "this organizational directory only" goes with your tenant id, the others with ' +
        'organizations, common or consumers.',
      'Under Redirect URI choose the platform Web and paste {redirect_uri}.',
      'Under Certificates & secrets make a client secret (its value, not its id) and put it into a file; or upload a ' +
        'certificate and name its key in client_key_file and itself in client_key_certificate_file.',
      'Under API permissions add what your MCP server calls; write those scopes in full (api://…/read) into scopes.',
      'In the Manifest of an API of yours set requestedAccessTokenVersion to 2, or its tokens are of v1.',
    ],
  },
  limits: [
    'E-mail addresses are not verified by Entra ID, and a tenant’s admin can write any: they never satisfy an e-mail rule.',
    'There is no revocation endpoint: disconnecting forgets the tokens here, and an admin ends them there.',
    'One access token is for one resource: scopes of two APIs cannot be asked for together.',
    'resource is never sent: Entra ID refuses it beside scopes of another application (AADSTS9010010).',
    'Metadata do not say so, and PKCE works all the same.',
  ],
  documentation: [
    'https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow',
    'https://learn.microsoft.com/en-us/entra/identity-platform/id-token-claims-reference',
    'https://learn.microsoft.com/en-us/entra/identity-platform/refresh-tokens',
    'https://learn.microsoft.com/en-us/entra/identity-platform/certificate-credentials',
    'https://learn.microsoft.com/en-us/entra/identity-platform/authentication-national-cloud',
  ],
  unverified: [
    {
      what: 'variants',
      note: 'The issuer of v1 tokens in the cloud of 21Vianet is another host; write issuer_template there.',
    },
    {
      what: 'settings.refresh_scope',
      note: 'That scopes vanish without being repeated is reported by users, not documented.',
    },
  ],
};
