import { describe, expect, it } from 'vitest';
import type { MetadataConfig } from '../../src/oauth/metadata.ts';
import {
  assertionAlgorithms,
  authorizationServerMetadata,
  openidConfiguration,
  protectedResourceMetadata,
} from '../../src/oauth/metadata.ts';

const issuer = 'https://mcp.example.com/t1';
const resource = 'https://mcp.example.com/t1/mcp';
const config: MetadataConfig = {
  issuer,
  authorizationBaseUrl: 'https://login.example.com',
  scopesSupported: ['openid', 'profile', 'offline_access', 'mcp:read'],
  registration: { allowConfidential: false, forceConfidentialRedirectUris: [] },
  clients: [],
  proxies: [],
  scopesOnDemand: [],
};

const server = (changes: Partial<MetadataConfig> = {}): object =>
  authorizationServerMetadata({ config: { ...config, ...changes }, idTokenAlg: 'ES256' });
const openid = (changes: Partial<MetadataConfig> = {}): object =>
  openidConfiguration({ config: { ...config, ...changes }, idTokenAlg: 'ES256' });

describe('the authorization server metadata (RFC 8414)', () => {
  it('is this document, and nothing that is not served', () => {
    expect(server()).toEqual({
      issuer,
      authorization_endpoint: 'https://login.example.com/oauth/authorize',
      token_endpoint: `${issuer}/oauth/token`,
      jwks_uri: `${issuer}/.well-known/jwks.json`,
      registration_endpoint: `${issuer}/oauth/register`,
      revocation_endpoint: `${issuer}/oauth/revoke`,
      introspection_endpoint: `${issuer}/oauth/introspect`,
      scopes_supported: ['openid', 'profile', 'offline_access', 'mcp:read'],
      response_types_supported: ['code'],
      response_modes_supported: ['query'],
      grant_types_supported: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_methods_supported: ['none', 'private_key_jwt'],
      token_endpoint_auth_signing_alg_values_supported: assertionAlgorithms,
      revocation_endpoint_auth_methods_supported: ['none', 'private_key_jwt'],
      revocation_endpoint_auth_signing_alg_values_supported: assertionAlgorithms,
      introspection_endpoint_auth_methods_supported: [
        'client_secret_basic',
        'client_secret_post',
        'private_key_jwt',
      ],
      introspection_endpoint_auth_signing_alg_values_supported: assertionAlgorithms,
      code_challenge_methods_supported: ['S256'],
      authorization_response_iss_parameter_supported: true,
    });
  });

  it.each<readonly [string, Partial<MetadataConfig>]>([
    [
      'confidential clients may register',
      { registration: { allowConfidential: true, forceConfidentialRedirectUris: [] } },
    ],
    [
      'some clients are given a secret',
      {
        registration: { allowConfidential: false, forceConfidentialRedirectUris: ['https://app.example/cb'] },
      },
    ],
    [
      'a static client has a secret',
      { clients: [{ authMethod: 'none' }, { authMethod: 'client_secret_post' }] },
    ],
  ])('names the methods with a secret when %s, after none', (_when, changes) => {
    const methods = ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'];
    expect(server(changes)).toMatchObject({
      token_endpoint_auth_methods_supported: methods,
      revocation_endpoint_auth_methods_supported: methods,
    });
  });

  it('names only none when every client is public and nobody registers', () => {
    const registration = { ...config.registration, policy: 'off' };
    expect(server({ registration, clients: [{ authMethod: 'none' }] })).toMatchObject({
      token_endpoint_auth_methods_supported: ['none'],
    });
  });

  it('leaves out a list without members (RFC 8414 §3.2)', () => {
    expect(server({ scopesSupported: [] })).not.toHaveProperty('scopes_supported');
    for (const document of [server(), openid(), server({ scopesSupported: [] })]) {
      for (const value of Object.values(document)) {
        expect(value).toBeDefined();
        expect(value).not.toBeNull();
        expect(value).not.toEqual([]);
      }
    }
  });

  it('has nothing that only OpenID Connect knows', () => {
    expect(server()).not.toHaveProperty('subject_types_supported');
    expect(server()).not.toHaveProperty('id_token_signing_alg_values_supported');
  });
});

describe('the OpenID document', () => {
  it('says the same as the other, and more', () => {
    expect(openid()).toMatchObject(server());
    expect(openid()).toMatchObject({
      userinfo_endpoint: `${issuer}/oauth/userinfo`,
      subject_types_supported: ['public'],
      claims_supported: 'sub iss aud exp iat auth_time nonce at_hash name email email_verified'.split(' '),
      prompt_values_supported: ['login', 'select_account', 'consent'],
    });
  });

  it('names the algorithm that really signs', () => {
    expect(openidConfiguration({ config, idTokenAlg: 'RS256' })).toMatchObject({
      id_token_signing_alg_values_supported: ['RS256'],
    });
  });

  it('says no to request_uri, which would otherwise count as supported (OpenID Connect Discovery §3)', () => {
    expect(openid()).toMatchObject({
      request_parameter_supported: false,
      request_uri_parameter_supported: false,
      claims_parameter_supported: false,
    });
  });
});

describe('the metadata of a protected resource (RFC 9728)', () => {
  const proxy = { resource, scopes: ['mcp:read'], scopesSupported: null, tools: null };

  it('leads to us, with every scope but offline_access', () => {
    expect(protectedResourceMetadata({ config, resource })).toEqual({
      resource,
      authorization_servers: [issuer],
      bearer_methods_supported: ['header'],
      scopes_supported: ['openid', 'profile', 'mcp:read'],
    });
  });

  it('names just the scopes that its proxy demands', () => {
    const document = protectedResourceMetadata({ config: { ...config, proxies: [proxy] }, resource });
    expect(document).toMatchObject({ scopes_supported: ['mcp:read'] });
  });

  it('does not name the scopes of another resource’s proxy', () => {
    const other = { ...proxy, resource: `${resource}/other`, scopes: ['mcp:admin'] };
    const document = protectedResourceMetadata({ config: { ...config, proxies: [other, proxy] }, resource });
    expect(document).toMatchObject({ scopes_supported: ['mcp:read'] });
  });

  it('never names offline_access, not even if a proxy demands it', () => {
    const odd = { ...proxy, scopes: ['mcp:read', 'offline_access'] };
    const document = protectedResourceMetadata({ config: { ...config, proxies: [odd] }, resource });
    expect(document).toMatchObject({ scopes_supported: ['mcp:read'] });
  });

  it('leaves out a list without members (RFC 9728 §3.2)', () => {
    const document = protectedResourceMetadata({ config: { ...config, scopesSupported: [] }, resource });
    expect(document).not.toHaveProperty('scopes_supported');
  });
});
