import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatScope, grantableScopes, parseScope } from '../../src/oauth/scope.ts';

describe('a scope list', () => {
  it.each([
    ['openid profile', ['openid', 'profile']],
    ['openid', ['openid']],
    ['  openid   profile ', ['openid', 'profile']],
    ['openid openid profile openid', ['openid', 'profile']],
    ['mcp:read api://x/.default', ['mcp:read', 'api://x/.default']],
    ['', []],
    ['   ', []],
  ])('%j is read as %j', (text, scopes) => {
    expect(parseScope(text)).toEqual(scopes);
  });

  it('that is absent is empty', () => {
    expect(parseScope(undefined)).toEqual([]);
  });

  it.each(['a"b', 'a\\b', 'a\tb', 'a\nb', 'é', '\0', '\u2028'])(
    'drops the malformed %j (RFC 6749 §3.3)',
    (bad) => {
      expect(parseScope(`openid ${bad} profile`)).toEqual(['openid', 'profile']);
    },
  );

  it('is told apart by case', () => {
    expect(parseScope('OpenID openid')).toEqual(['OpenID', 'openid']);
  });

  it('is never too long to be read: a cut one would name other scopes', () => {
    const filler = Array.from({ length: 2000 }, (_, index) => `s${index}`);
    expect(parseScope([...filler, 'mcp:readwrite'].join(' ')).at(-1)).toBe('mcp:readwrite');
  });

  it('survives writing and reading', () => {
    const token = fc.stringMatching(/^[\x21\x23-\x5b\x5d-\x7e]{1,12}$/u);
    fc.assert(
      fc.property(fc.uniqueArray(token), (scopes) => {
        expect(parseScope(formatScope(scopes))).toEqual(scopes);
      }),
    );
  });

  it('is read from any text without failing, and what comes out is well formed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const scopes = parseScope(text);
        expect(new Set(scopes).size).toBe(scopes.length);
        for (const scope of scopes) expect(scope).toMatch(/^[\x21\x23-\x5b\x5d-\x7e]+$/u);
      }),
    );
  });
});

describe('the scopes that may be granted', () => {
  const supported = ['openid', 'profile', 'offline_access', 'mcp:read', 'mcp:write'];

  it('are the requested ones that exist; unknown ones are dropped, not fatal', () => {
    expect(grantableScopes(['mcp:read', 'nonsense', 'openid'], { supported, client: null })).toEqual([
      'openid',
      'mcp:read',
    ]);
  });

  it('stay within what the client registered', () => {
    const client = ['openid', 'mcp:read'];
    expect(grantableScopes(['mcp:read', 'mcp:write'], { supported, client })).toEqual(['mcp:read']);
  });

  it('stay within what is supported today, whatever was registered once', () => {
    const client = ['openid', 'retired:scope'];
    expect(grantableScopes(['retired:scope', 'openid'], { supported, client })).toEqual(['openid']);
    expect(grantableScopes([], { supported, client })).toEqual(['openid']);
  });

  it('are never others than the requested ones', () => {
    expect(grantableScopes(['nonsense'], { supported, client: null })).toEqual([]);
    expect(grantableScopes(['mcp:write'], { supported, client: ['mcp:read'] })).toEqual([]);
  });

  it('are not found by a wildcard, a prefix or another case', () => {
    for (const scope of ['*', 'mcp:*', 'mcp', 'MCP:READ', 'mcp:read,mcp:write']) {
      expect(grantableScopes([scope], { supported, client: null })).toEqual([]);
    }
  });

  it('are all that the client may have when it asks for none', () => {
    expect(grantableScopes([], { supported, client: ['openid', 'mcp:read'] })).toEqual([
      'openid',
      'mcp:read',
    ]);
    expect(grantableScopes([], { supported, client: null })).toContain('mcp:write');
  });

  it('have offline_access only for a client that named it, now or at registration', () => {
    expect(grantableScopes([], { supported, client: null })).not.toContain('offline_access');
    expect(grantableScopes([], { supported, client: ['openid', 'offline_access'] })).toContain(
      'offline_access',
    );
    expect(grantableScopes(['offline_access'], { supported, client: null })).toEqual(['offline_access']);
  });

  it('are always a part of the catalogue, and of the request if there is one', () => {
    const some = fc.subarray([...supported, 'x', 'y']);
    fc.assert(
      fc.property(some, fc.option(some), (requested, client) => {
        const granted = grantableScopes(requested, { supported, client });
        expect(supported).toEqual(expect.arrayContaining(granted));
        expect(requested.length === 0 || granted.every((scope) => requested.includes(scope))).toBe(true);
        expect(client === null || granted.every((scope) => client.includes(scope))).toBe(true);
      }),
    );
  });
});
