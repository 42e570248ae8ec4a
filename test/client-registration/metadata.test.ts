import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { portless } from '../../src/oauth/redirect-uri.ts';
import { OAuthError } from '../../src/oauth/errors.ts';
import { attempt, refusal } from '../parameters/refusal.ts';
import { callback, newRegistry, now, webCallback } from './registry.ts';

const registry = newRegistry();
const register = (metadata: object): Readonly<Record<string, unknown>> =>
  registry.register({ redirect_uris: [callback], ...metadata });

describe('the answer to a registration (RFC 7591 §3.2.1)', () => {
  it('tells what is in force for a client that says nothing but its address', () => {
    expect(register({})).toEqual({
      client_id: expect.stringMatching(/^sp_c1_[\w-]+$/u),
      client_id_issued_at: now / 1000,
      redirect_uris: [callback],
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      scope: 'openid profile offline_access mcp:read mcp:write',
      id_token_signed_response_alg: 'ES256',
    });
  });

  it('repeats name and kind', () => {
    expect(register({ client_name: 'Claude Code (tools)', application_type: 'native' })).toMatchObject({
      client_name: 'Claude Code (tools)',
      application_type: 'native',
    });
    expect(register({ application_type: 'web' })).toMatchObject({ application_type: 'web' });
  });

  it('repeats a software_id, which is a word for programs', () => {
    expect(register({ software_id: 'acme-1.2' })).toMatchObject({ software_id: 'acme-1.2' });
    for (const id of [1, ['a'], 'a b', 'a\nb', 'é', '\u202Ea', 'a'.repeat(257)]) {
      const error = refusal(() => register({ software_id: id }));
      expect(error.error).toBe('invalid_client_metadata');
      expect(error.description).toContain('software_id');
    }
  });

  it('repeats nothing that means nothing here', () => {
    const answer = register({
      client_id: 'mine',
      client_secret: 'mine',
      client_uri: 'javascript:alert(1)',
      logo_uri: 'https://evil.example/track.png',
      contacts: ['a@b'],
      software_version: '1',
      software_statement: 'ey',
      jwks: { keys: [] },
      id_token_signed_response_alg: 'none',
      registration_access_token: 'x',
      __proto__: { admin: true },
      admin: true,
    });
    expect(Object.keys(answer).sort()).toEqual(Object.keys(register({})).sort());
    expect(answer['client_id']).toBe(register({})['client_id']);
    expect(answer['id_token_signed_response_alg']).toBe('ES256');
  });

  it('tells the algorithm that really signs ID tokens', () => {
    const rsa = newRegistry({ idTokenAlg: 'RS256' });
    expect(rsa.register({ redirect_uris: [callback] })['id_token_signed_response_alg']).toBe('RS256');
  });

  it('takes null for absent', () => {
    const nothing = {
      client_name: null,
      token_endpoint_auth_method: null,
      grant_types: null,
      response_types: null,
      scope: null,
      application_type: null,
    };
    expect(register(nothing)).toEqual(register({}));
  });
});

describe('what real clients send is taken', () => {
  it.each<readonly [string, object]>([
    [
      'Cursor',
      {
        client_name: 'Cursor',
        redirect_uris: [
          'cursor://anysphere.cursor-mcp/oauth/callback',
          'https://www.cursor.com/agents/mcp/oauth/callback',
          'http://localhost:8787/callback',
        ],
        token_endpoint_auth_method: 'none',
      },
    ],
    [
      'VS Code, with a grant that we do not serve',
      {
        client_name: 'Visual Studio Code',
        client_uri: 'https://code.visualstudio.com',
        redirect_uris: [
          'https://insiders.vscode.dev/redirect',
          'https://vscode.dev/redirect',
          'http://127.0.0.1/',
          'http://127.0.0.1:33418/',
        ],
        grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
        response_types: ['code'],
        token_endpoint_auth_method: 'none',
        application_type: 'native',
      },
    ],
    [
      'mcp-remote, with a scope that we do not have',
      {
        client_name: 'MCP CLI Proxy',
        redirect_uris: ['http://localhost:3334/oauth/callback'],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        token_endpoint_auth_method: 'none',
        software_id: '2e6dc280-f3c3-4e01-99a7-8181dbd1d23d',
        software_version: '0.15.1',
        scope: 'openid email profile unheard:of',
        application_type: 'native',
      },
    ],
    [
      'mcpc, with hardly anything',
      { client_name: 'mcpc', redirect_uris: ['http://localhost:8000/callback'] },
    ],
    ['Grok', { redirect_uris: ['https://grok.com/connectors-oauth-exchange-code/'] }],
    [
      'Claude',
      {
        redirect_uris: [
          'https://claude.ai/api/mcp/auth_callback',
          'https://claude.com/api/mcp/auth_callback',
        ],
      },
    ],
  ])('%s', (_client, metadata) => {
    const answer = registry.register(metadata);
    const { redirect_uris } = metadata as { redirect_uris: string[] };
    expect(answer).toMatchObject({
      redirect_uris,
      grant_types: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_method: 'none',
    });
    expect(registry.find(answer.client_id)?.redirectUris).toEqual([...new Set(redirect_uris.map(portless))]);
  });
});

describe('redirect URIs', () => {
  it('are one to ten', () => {
    const many = (count: number): string[] =>
      Array.from({ length: count }, (_, index) => `http://localhost/${index}`);
    expect(register({ redirect_uris: many(10) })['redirect_uris']).toHaveLength(10);
    for (const redirect_uris of [
      many(11),
      [],
      undefined,
      null,
      callback,
      { 0: callback },
      [1],
      [null],
      [[callback]],
    ]) {
      expect(refusal(() => register({ redirect_uris })).error).toBe('invalid_redirect_uri');
    }
  });

  it('are kept once each, in order', () => {
    const answer = register({ redirect_uris: [webCallback, callback, webCallback] });
    expect(answer['redirect_uris']).toEqual([webCallback, callback]);
  });

  it('are named when one of them is bad', () => {
    const error = refusal(() => register({ redirect_uris: [callback, 'javascript:alert(1)', webCallback] }));
    expect(error.error).toBe('invalid_redirect_uri');
    expect(error.status).toBe(400);
    expect(error.description).toContain('javascript:alert(1)');
    expect(error.description).not.toContain(callback);
  });

  it('are named in a part that is safe to send', () => {
    const { description } = refusal(() => register({ redirect_uris: [`https://é"\r\n${'a'.repeat(5000)}`] }));
    expect(description).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]{1,400}$/u);
  });
});

describe('the name of a client', () => {
  it.each([
    ['Claude', 'Claude'],
    ['  Zoë’s\tapp \r\n', 'Zoë’s app'],
    ['アプリ 🚀', 'アプリ 🚀'],
    ['Evil\u202Eknab\u202C', 'Evil knab'],
    ['a\u200Bb\u2066c\u2069\uFEFF', 'a b c'],
    ['a\0b\u001b[31mc\u007f\u0085', 'a b [31mc'],
    ['line\u2028break\u2029', 'line break'],
    ['half \ud800 letter', 'half letter'],
    ['<b>"bold"</b>', '<b>"bold"</b>'],
  ])('is shown without what misleads: %j is %j', (name, shown) => {
    const answer = register({ client_name: name });
    expect(answer['client_name']).toBe(shown);
    expect(registry.find(String(answer['client_id']))?.name).toBe(shown);
  });

  it('is absent when nothing visible is left', () => {
    for (const client_name of ['', '   ', '\u202E\u200B']) {
      const answer = register({ client_name });
      expect(answer).not.toHaveProperty('client_name');
      expect(registry.find(String(answer['client_id']))?.name).toBeNull();
    }
  });

  it('has at most 256 characters', () => {
    expect(register({ client_name: 'n'.repeat(256) })['client_name']).toHaveLength(256);
    expect(refusal(() => register({ client_name: 'n'.repeat(257) })).error).toBe('invalid_client_metadata');
  });
});

describe('grants and responses', () => {
  it('leave out refresh tokens for a client that does', () => {
    const answer = register({ grant_types: ['authorization_code'] });
    expect(answer['grant_types']).toEqual(['authorization_code']);
    expect(registry.find(String(answer['client_id']))?.grantTypes).toEqual(['authorization_code']);
  });

  it.each([
    [{ grant_types: ['refresh_token'] }],
    [{ grant_types: ['client_credentials'] }],
    [{ grant_types: [] }],
    [{ response_types: ['token'] }],
    [{ response_types: [] }],
    [{ response_types: ['code token'] }],
    [{ application_type: 'service' }],
  ])('must leave the code flow: %j is refused', (metadata) => {
    expect(refusal(() => register(metadata)).error).toBe('invalid_client_metadata');
  });

  it('may name more responses than we give', () => {
    expect(register({ response_types: ['code', 'code id_token'] })['response_types']).toEqual(['code']);
  });
});

describe('scopes', () => {
  it.each<readonly [string, unknown, string]>([
    ['a text', 'openid mcp:read', 'openid mcp:read'],
    ['a list', ['openid', 'mcp:read'], 'openid mcp:read'],
    ['a list of lists', ['openid mcp:read'], 'openid mcp:read'],
    ['unknown ones among them', 'unheard:of openid mcp:admin', 'openid'],
    ['the same twice', 'openid openid', 'openid'],
  ])('are read from %s', (_what, scope, granted) => {
    expect(register({ scope })['scope']).toBe(granted);
  });

  it.each(['', ' ', [], 'unheard:of'])('are all supported ones when %j names none of ours', (scope) => {
    const answer = register({ scope });
    expect(answer['scope']).toBe('openid profile offline_access mcp:read mcp:write');
    expect(registry.find(String(answer['client_id']))?.scopes).toBeNull();
  });

  it('get the baseline added, after the named ones and once', () => {
    const baselined = newRegistry({ baselineScopes: ['openid', 'offline_access', 'retired'] });
    const answer = baselined.register({ redirect_uris: [callback], scope: 'mcp:read openid' });
    expect(answer['scope']).toBe('mcp:read openid offline_access');
    expect(baselined.find(answer.client_id)?.scopes).toEqual(['mcp:read', 'openid', 'offline_access']);
  });

  it('are not mentioned when there are none', () => {
    const bare = newRegistry({ scopesSupported: [] });
    expect(bare.register({ redirect_uris: [callback], scope: 'openid' })).not.toHaveProperty('scope');
  });
});

describe('metadata of a wrong type are refused', () => {
  it.each([null, undefined, 1, true, 'text', [], [{ redirect_uris: [callback] }]])('%j', (body) => {
    expect(refusal(() => registry.register(body)).error).toBe('invalid_client_metadata');
  });

  it.each([
    ['client_name', 1],
    ['client_name', ['a']],
    ['token_endpoint_auth_method', {}],
    ['token_endpoint_auth_method', 'x'.repeat(257)],
    ['grant_types', 'authorization_code'],
    ['grant_types', [1]],
    ['grant_types', Array.from({ length: 21 }, () => 'authorization_code')],
    ['response_types', 'code'],
    ['scope', 1],
    ['scope', [1]],
    ['scope', 'x'.repeat(4097)],
    ['application_type', 1],
  ])('%s: %j, and the answer names the member', (name, value) => {
    const error = refusal(() => register({ [name]: value }));
    expect(error.error).toBe('invalid_client_metadata');
    expect(error.description).toContain(name);
  });

  it('or taken; nothing else happens, whatever JSON comes', () => {
    const member = fc.constantFrom(
      'redirect_uris',
      'client_name',
      'scope',
      'grant_types',
      'application_type',
      '__proto__',
    );
    const uri = fc.oneof(fc.constantFrom(callback, webCallback), fc.string());
    const value = fc.oneof(fc.jsonValue(), fc.array(uri, { maxLength: 3 }), fc.string({ unit: 'binary' }));
    const body = fc.oneof(fc.jsonValue(), fc.dictionary(member, value));
    fc.assert(
      fc.property(body, (metadata) => {
        const answer = attempt(() => registry.register(metadata));
        const refused = answer instanceof OAuthError;
        expect(refused || answer.client_id.length <= 1024).toBe(true);
        expect(refused || registry.find(answer.client_id)?.id === answer.client_id).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});
