import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkRedirectUri, classOf, redirectTarget } from '../../src/oauth/redirect-uri.ts';

/** As real clients register them. */
const real: readonly (readonly [string, 'https' | 'loopback' | 'private-use'])[] = [
  ['https://claude.ai/api/mcp/auth_callback', 'https'],
  ['https://claude.com/api/mcp/auth_callback', 'https'],
  ['https://chatgpt.com/connector_platform_oauth_redirect', 'https'],
  ['https://chatgpt.com/connector/oauth/aBc-123_x', 'https'],
  ['https://vscode.dev/redirect', 'https'],
  ['https://insiders.vscode.dev/redirect', 'https'],
  ['https://www.cursor.com/agents/mcp/oauth/callback', 'https'],
  ['https://global.consent.azure-apim.net/redirect/my-20connector-5f1', 'https'],
  ['https://oauth-redirect.googleusercontent.com/r/project', 'https'],
  ['https://grok.com/connectors-oauth-exchange-code/', 'https'],
  ['https://webui.example.com/oauth/clients/mcp:tools/callback', 'https'],
  ['https://app.example.com:8443/cb?tenant=a%20b', 'https'],
  ['https://app.example.com:443/cb', 'https'],
  ['https://app.example.com:4430/cb', 'https'],
  ['https://app.example.com/.well-known/v1./..cb', 'https'],
  ['https://App.Example.com', 'https'],
  ['https://192.0.2.7/cb', 'https'],
  ['https://[2001:db8::7]/cb', 'https'],
  ['https://localhost:3000/cb', 'https'],
  ['http://127.0.0.1/', 'loopback'],
  ['http://127.0.0.1:33418/', 'loopback'],
  ['http://127.0.0.1/callback', 'loopback'],
  ['http://127.255.255.254:1/cb', 'loopback'],
  ['http://localhost/callback', 'loopback'],
  ['http://localhost', 'loopback'],
  ['http://localhost:3334/oauth/callback', 'loopback'],
  ['http://LOCALHOST:3334/oauth/callback', 'loopback'],
  ['HTTP://localhost:3334/oauth/callback', 'loopback'],
  ['http://[::1]:6274/oauth/callback/debug', 'loopback'],
  ['http://127.0.0.1:52311/callback/9f2b?x=1', 'loopback'],
  ['cursor://anysphere.cursor-mcp/oauth/callback', 'private-use'],
  ['claude://claude.ai/mcp-auth-callback/sdk', 'private-use'],
  ['vscode://vscode.github-authentication/did-authenticate', 'private-use'],
  ['vscode-insiders://ms-vscode.copilot/cb', 'private-use'],
  ['com.example.app:/oauth2redirect', 'private-use'],
  ['com.example.app:/oauth2redirect?x=1', 'private-use'],
  ['com.example.app:callback', 'private-use'],
  ['msauth.com.example.app://auth', 'private-use'],
  ['com.googleusercontent.apps.123-abc:/oauth2callback', 'private-use'],
  ['bravely-done://cb', 'private-use'],
  ['operator://cb', 'private-use'],
  ['items-list://cb', 'private-use'],
  ['my-chrome://cb', 'private-use'],
  ['cobweb+app://cb', 'private-use'],
];

describe('a redirect URI that a real client has', () => {
  it.each(real)('%s is taken as %s', (uri, kind) => {
    expect(checkRedirectUri(uri)).toBeNull();
    expect(classOf(uri)).toBe(kind);
  });
});

describe('what a page shows of a redirect URI', () => {
  it.each([
    ['https://app.example.com:8443/cb?x=1', 'https', 'app.example.com:8443'],
    ['https://APP.example.com/', 'https', 'app.example.com'],
    ['http://127.0.0.1:33418/cb', 'loopback', '127.0.0.1:33418'],
    ['http://[::1]:1/cb', 'loopback', '[::1]:1'],
    ['cursor://anysphere.cursor-mcp/cb', 'private-use', 'cursor:'],
    ['com.example.App:/cb', 'private-use', 'com.example.app:'],
  ])('of %s is the %s %s', (uri, kind, display) => {
    expect(redirectTarget(uri)).toEqual({ kind, display });
  });
});

describe('every redirect URI that is accepted', () => {
  const authority = fc.oneof(
    fc.constantFrom(
      'localhost',
      '127.0.0.1',
      '[::1]',
      '0x7f.1',
      '127.1',
      'a@b',
      'a%2eb',
      'evil.com.',
      'x.localhost',
    ),
    fc.domain(),
    fc.string({ maxLength: 8 }),
  );
  const scheme = fc.oneof(
    fc.constantFrom('http', 'https', 'HTTPS', 'javascript', 'cursor', 'data', 'file', 'ws', 'com.example'),
    fc.string({ maxLength: 6 }),
  );
  const rest = fc.oneof(
    fc.webPath(),
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.constantFrom('/..', '/%2e', '#', '?'),
  );
  const uri = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc
      .tuple(scheme, fc.constantFrom(':', '://', ':/', ':///'), authority, rest)
      .map((parts) => parts.join('')),
  );

  it('goes where it says: browsers read the same scheme, host and path as we', () => {
    fc.assert(
      fc.property(uri, (text) => {
        if (checkRedirectUri(text) !== null) return;
        const url = new URL(text);
        expect(text).toMatch(/^[\x21-\x7e]+$/u);
        expect([url.username, url.password, url.hash]).toEqual(['', '', '']);
        expect(text.toLowerCase().startsWith(url.protocol)).toBe(true);
        if (classOf(text) === 'private-use') return;
        expect(text.toLowerCase().startsWith(`${url.protocol}//${url.hostname}`)).toBe(true);
        expect(['https:', 'http:']).toContain(url.protocol);
        const loopback = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/u.test(url.hostname);
        expect(url.protocol === 'https:' || loopback).toBe(true);
        const [, path = '', query = ''] = /^[^:]+:\/\/[^/?]*([^?]*)(\?.*)?$/u.exec(text) ?? [];
        expect(url.pathname).toBe(path === '' ? '/' : path);
        expect(url.search).toBe(query === '?' ? '' : query.replaceAll("'", '%27'));
      }),
      { numRuns: 3000 },
    );
  });

  it('gets its verdict without failing, and a refused one in words', () => {
    fc.assert(
      fc.property(uri, (text) => {
        expect(checkRedirectUri(text) ?? 'fine').toMatch(/^[\x20-\x7e]+$/u);
      }),
      { numRuns: 2000 },
    );
  });
});
