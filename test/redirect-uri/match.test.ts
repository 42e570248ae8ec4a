import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchRedirectUri } from '../../src/oauth/redirect-uri.ts';

/** What Cursor registers, all at once. */
const cursor = [
  'cursor://anysphere.cursor-mcp/oauth/callback',
  'https://www.cursor.com/agents/mcp/oauth/callback',
  'http://localhost:8787/callback',
];

describe('a requested redirect URI', () => {
  it.each(cursor)('matches itself: %s', (uri) => {
    expect(matchRedirectUri(uri, cursor)).toBe(uri);
  });

  it('matches nothing when nothing is registered', () => {
    expect(matchRedirectUri('http://localhost/cb', [])).toBeNull();
  });
});

describe('a loopback address (RFC 8252 §7.3)', () => {
  it.each([
    ['another port', 'http://localhost:8787/callback', 'http://localhost:51234/callback'],
    ['no port', 'http://localhost:8787/callback', 'http://localhost/callback'],
    ['a port where none was registered', 'http://127.0.0.1/callback', 'http://127.0.0.1:51234/callback'],
    ['another case of the host', 'http://localhost/callback', 'http://LOCALHOST:1/callback'],
    ['another case of the scheme', 'http://localhost/callback', 'HTTP://localhost:1/callback'],
    ['IPv6', 'http://[::1]/callback', 'http://[::1]:51234/callback'],
    ['127.0.0.0/8', 'http://127.8.9.10/callback', 'http://127.8.9.10:1/callback'],
    ['no path', 'http://localhost', 'http://localhost:1'],
    ['the same query', 'http://localhost/cb?a=1&b=2', 'http://localhost:1/cb?a=1&b=2'],
    ['an empty query', 'http://localhost/cb?', 'http://localhost:1/cb?'],
  ])('matches with %s, and the requested one is used', (_what, registered, requested) => {
    expect(matchRedirectUri(requested, [registered])).toBe(requested);
  });

  it('matches any of several', () => {
    expect(matchRedirectUri('http://localhost:1/callback', cursor)).toBe('http://localhost:1/callback');
  });

  it.each([
    ['another name of this computer', 'http://localhost/cb', 'http://127.0.0.1:1/cb'],
    ['a name for an address', 'http://127.0.0.1/cb', 'http://localhost:1/cb'],
    ['IPv6 for IPv4', 'http://127.0.0.1/cb', 'http://[::1]:1/cb'],
    ['another address of 127.0.0.0/8', 'http://127.0.0.1/cb', 'http://127.0.0.2:1/cb'],
    ['another path', 'http://localhost/cb', 'http://localhost:1/other'],
    ['a longer path', 'http://localhost/cb', 'http://localhost:1/cb/evil'],
    ['a trailing slash', 'http://localhost/cb', 'http://localhost:1/cb/'],
    ['an empty path for a slash', 'http://localhost/', 'http://localhost:1'],
    ['another case of the path', 'http://localhost/cb', 'http://localhost:1/CB'],
    ['an encoded path', 'http://localhost/cb', 'http://localhost:1/%63b'],
    ['an encoded slash', 'http://localhost/a/b', 'http://localhost:1/a%2Fb'],
    ['another case of an escape', 'http://localhost/a%2fb', 'http://localhost:1/a%2Fb'],
    ['dot segments', 'http://localhost/cb', 'http://localhost:1/x/../cb'],
    ['another query', 'http://localhost/cb?a=1', 'http://localhost:1/cb?a=2'],
    ['another order in the query', 'http://localhost/cb?a=1&b=2', 'http://localhost:1/cb?b=2&a=1'],
    ['a query where none was', 'http://localhost/cb', 'http://localhost:1/cb?a=1'],
    ['an empty query where none was', 'http://localhost/cb', 'http://localhost:1/cb?'],
    ['no query where one was', 'http://localhost/cb?a=1', 'http://localhost:1/cb'],
    ['a fragment', 'http://localhost/cb', 'http://localhost:1/cb#x'],
    ['a user name', 'http://localhost/cb', 'http://x@localhost:1/cb'],
    ['a port that is a password', 'http://localhost/cb', 'http://localhost:1@evil.example/cb'],
    ['https', 'http://localhost/cb', 'https://localhost:1/cb'],
    ['a name below localhost', 'http://localhost/cb', 'http://x.localhost:1/cb'],
    ['a short address', 'http://127.0.0.1/cb', 'http://127.1:1/cb'],
    ['a port that is none', 'http://localhost/cb', 'http://localhost:99999/cb'],
    ['an empty port', 'http://localhost/cb', 'http://localhost:/cb'],
  ])('does not match %s', (_what, registered, requested) => {
    expect(matchRedirectUri(requested, [registered])).toBeNull();
  });
});

describe('any other address', () => {
  it.each([
    ['another port', 'https://app.example.com/cb', 'https://app.example.com:8443/cb'],
    ['the default port', 'https://app.example.com/cb', 'https://app.example.com:443/cb'],
    ['another case of the host', 'https://app.example.com/cb', 'https://APP.example.com/cb'],
    ['a trailing slash', 'https://app.example.com/cb', 'https://app.example.com/cb/'],
    ['a query', 'https://app.example.com/cb', 'https://app.example.com/cb?x=1'],
    ['a longer path', 'https://app.example.com/cb', 'https://app.example.com/cb/x'],
    ['a longer host', 'https://app.example.com', 'https://app.example.com.evil.example'],
    ['a host below', 'https://example.com/cb', 'https://app.example.com/cb'],
    ['http', 'https://app.example.com/cb', 'http://app.example.com/cb'],
    ['https on loopback with another port', 'https://localhost/cb', 'https://localhost:1/cb'],
    ['another port of a private-use scheme', 'cursor://host:1/cb', 'cursor://host:2/cb'],
    ['another case of a private-use scheme', 'cursor://host/cb', 'CURSOR://host/cb'],
    ['another path of a private-use scheme', 'cursor://host/cb', 'cursor://host/evil'],
  ])('is compared exactly: %s does not match', (_what, registered, requested) => {
    expect(matchRedirectUri(requested, [registered])).toBeNull();
  });

  it('over plain http gets no free port, even if an operator registered it', () => {
    const registered = ['http://intranet.example/cb'];
    expect(matchRedirectUri('http://intranet.example/cb', registered)).toBe('http://intranet.example/cb');
    expect(matchRedirectUri('http://intranet.example:8080/cb', registered)).toBeNull();
  });
});

describe('whatever is requested', () => {
  it('matches only itself, or differs from a registered loopback address in the port alone', () => {
    const mutated = fc
      .tuple(fc.constantFrom(...cursor), fc.nat({ max: 60 }), fc.nat({ max: 3 }), fc.string({ maxLength: 6 }))
      .map(([uri, at, cut, text]) => uri.slice(0, at) + text + uri.slice(at + cut));
    fc.assert(
      fc.property(fc.oneof(mutated, fc.string({ unit: 'binary' })), (requested) => {
        const matched = matchRedirectUri(requested, cursor);
        if (matched === null || cursor.includes(requested)) return;
        expect(matched).toBe(requested);
        expect(requested).toMatch(/^http:\/\/localhost(?::\d{1,5})?\/callback$/iu);
      }),
      { numRuns: 3000 },
    );
  });

  it('every port of a loopback address matches', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 65_535 }), (port) => {
        const requested = `http://localhost:${port}/callback`;
        expect(matchRedirectUri(requested, cursor)).toBe(requested);
      }),
    );
  });
});
