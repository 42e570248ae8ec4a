import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Stack } from '../fixtures/stack.ts';
import { issuer, pkce, resource, sealedRequest, startStack } from '../fixtures/stack.ts';

type Document = Record<string, unknown>;

describe('discovery', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack();
  });
  afterAll(() => stack.close());

  const read = async (path: string): Promise<Document> => (await (await stack.call(path)).json()) as Document;

  it('publishes what MCP clients demand (RFC 8414)', async () => {
    expect(await read('/.well-known/oauth-authorization-server')).toMatchObject({
      issuer,
      authorization_endpoint: `${issuer}/oauth/authorize`,
      token_endpoint: `${issuer}/oauth/token`,
      registration_endpoint: `${issuer}/oauth/register`,
      revocation_endpoint: `${issuer}/oauth/revoke`,
      jwks_uri: `${issuer}/.well-known/jwks.json`,
      response_types_supported: ['code'],
      response_modes_supported: ['query'],
      grant_types_supported: ['authorization_code', 'refresh_token'],
      code_challenge_methods_supported: ['S256'],
      token_endpoint_auth_methods_supported: ['none', 'private_key_jwt'],
      authorization_response_iss_parameter_supported: true,
    });
  });

  it('publishes the OpenID document with the algorithm that really signs', async () => {
    const document = await read('/.well-known/openid-configuration');
    expect(document).toMatchObject({
      issuer,
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['ES256'],
      userinfo_endpoint: `${issuer}/oauth/userinfo`,
    });
    expect(
      (await read('/.well-known/oauth-authorization-server'))['subject_types_supported'],
    ).toBeUndefined();
  });

  it('advertises nothing that is not served', async () => {
    const document = {
      ...(await read('/.well-known/openid-configuration')),
      ...(await read('/.well-known/oauth-authorization-server')),
    };
    const endpoints = Object.entries(document).filter(([name]) => /(_endpoint|_uri)$/u.test(name));
    expect(endpoints.length).toBeGreaterThanOrEqual(6);
    for (const [, url] of endpoints) {
      expect(stack.auth.serves(new URL(String(url)).pathname), String(url)).toBe(true);
    }
    expect(Object.values(document)).not.toContain(null);
  });

  it('publishes protected-resource metadata for the resource, without offline_access', async () => {
    const document = await read('/.well-known/oauth-protected-resource/mcp');
    expect(document).toMatchObject({
      resource,
      authorization_servers: [issuer],
      bearer_methods_supported: ['header'],
    });
    expect(document['scopes_supported']).not.toContain('offline_access');
    expect((await stack.call('/.well-known/oauth-protected-resource/other')).status).toBe(404);
  });

  it.each([
    'oauth-authorization-server',
    'openid-configuration',
    'jwks.json',
    'oauth-protected-resource/mcp',
  ])('serves %s to scripts, caches and HEAD', async (name) => {
    const path = `/.well-known/${name}`;
    const headers = { origin: 'https://inspector.example', 'mcp-protocol-version': '2024-11-05' };
    const response = await stack.call(path, { headers });
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(response.headers.get('content-type')).toContain('application/json');
    expect(response.headers.get('cache-control')).toMatch(/^public, max-age=\d+$/u);
    const preflight = await stack.call(path, {
      method: 'OPTIONS',
      headers: {
        ...headers,
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'mcp-protocol-version',
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-headers')).toContain('MCP-Protocol-Version');
    const head = await stack.call(path, { method: 'HEAD' });
    expect(head.status).toBe(200);
    expect(await head.text()).toBe('');
  });

  it('publishes public keys only', async () => {
    const { keys } = (await read('/.well-known/jwks.json')) as { keys: Document[] };
    expect(keys).toHaveLength(1);
    expect(Object.keys(keys[0] ?? {}).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
  });

  it('knows no other suffix and no other path', async () => {
    for (const path of [
      '/.well-known/oauth-authorization-server/evil',
      '/',
      '/oauth/',
      '/oauth/token/',
      '/OAUTH/TOKEN',
    ]) {
      expect((await stack.call(path)).status).toBe(404);
    }
  });

  it('takes nothing from Host or X-Forwarded headers', async () => {
    const spoofed = await stack.call('/.well-known/oauth-authorization-server', {
      headers: {
        host: 'evil.example',
        'x-forwarded-host': 'evil.example',
        'x-forwarded-proto': 'http',
        forwarded: 'host=evil.example',
      },
    });
    expect(await spoofed.text()).not.toContain('evil');
  });
});

describe('an issuer with a path', () => {
  const pathIssuer = 'https://mcp.example.com/t1';
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ issuer: pathIssuer });
  });
  afterAll(() => stack.close());

  it.each([
    '/.well-known/oauth-authorization-server/t1',
    '/.well-known/openid-configuration/t1',
    '/t1/.well-known/openid-configuration',
  ])('serves %s', async (path) => {
    const response = await stack.call(path);
    expect(response.status).toBe(200);
    expect(((await response.json()) as Document)['issuer']).toBe(pathIssuer);
  });

  it.each([
    '/.well-known/oauth-authorization-server',
    '/.well-known/openid-configuration',
    '/.well-known/openid-configuration/t2',
  ])('does not serve %s, which belongs to somebody else', async (path) => {
    expect((await stack.call(path)).status).toBe(404);
  });

  it('serves the endpoints with and without the path (front proxies that strip it), and whole logins work', async () => {
    const body = JSON.stringify({ redirect_uris: ['http://127.0.0.1:1/cb'] });
    const headers = { 'content-type': 'application/json' };
    const registered = await stack.call('/t1/oauth/register', { method: 'POST', body, headers });
    expect(registered.status).toBe(201);
    const { client_id } = (await registered.json()) as { client_id: string };
    const { challenge, verifier } = pkce();
    const query = new URLSearchParams({
      response_type: 'code',
      client_id,
      code_challenge: challenge,
      code_challenge_method: 'S256',
      resource,
      redirect_uri: 'http://127.0.0.1:1/cb',
    });
    const browser = stack.browser();
    const page = await (await browser.get(`${pathIssuer}/oauth/authorize?${query}`)).text();
    const form = { request: sealedRequest(page), decision: 'allow' };
    const posted = await browser.post(`${pathIssuer}/oauth/consent`, form);
    const back = await stack.provider.signIn(posted.headers.get('location') ?? '', 'alice');
    expect(back.startsWith(`${pathIssuer}/oauth/callback?`)).toBe(true);
    const redirect = new URL((await browser.get(back)).headers.get('location') ?? '');
    expect(redirect.searchParams.get('iss')).toBe(pathIssuer);
    const code = redirect.searchParams.get('code') ?? '';
    const token = new URLSearchParams({
      grant_type: 'authorization_code',
      client_id,
      code,
      code_verifier: verifier,
    });
    expect((await stack.call('/oauth/token', { method: 'POST', body: token })).status).toBe(200);
  });

  it('serves the root documents only when a front proxy strips the path', async () => {
    const stripped = await startStack({ issuer: pathIssuer, listen: { path_stripped: true } });
    expect((await stripped.call('/.well-known/openid-configuration')).status).toBe(200);
    await stripped.close();
  });
});
