import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkRedirectUri, classOf, matchRedirectUri, redirectTarget } from '../../src/oauth/redirect-uri.ts';
import { bounded, fuzz } from './cases.ts';
import { around, damaged, repeats } from './texts.ts';

const loopback = fc
  .tuple(
    fc.constantFrom('localhost', '127.0.0.1', '127.9.8.7', '[::1]', 'LOCALHOST'),
    fc.constantFrom('', ':1', ':33418', ':65535', ':80'),
    fc.constantFrom('', '/', '/callback', '/a/b?c=d', '/%41'),
  )
  .map(([host, port, rest]) => `http://${host}${port}${rest}`);
const web = fc.oneof(
  fc.webUrl({ withQueryParameters: true }).filter((uri) => uri.startsWith('https:')),
  fc.constantFrom(
    'https://app.example.com/callback',
    'https://claude.ai/api/mcp/auth_callback',
    'https://[2001:db8::1]/x',
  ),
);
const app = fc.constantFrom(
  'cursor://anysphere.cursor-mcp/oauth/callback',
  'com.example.app:/cb',
  'vscode://x/y',
);
const uris = fc.oneof(loopback, web, app);

describe('a redirect URI', () => {
  it('is judged, whatever it is, and shown when it is taken', () => {
    fuzz(
      around(uris),
      (uri) => {
        if (checkRedirectUri(uri) !== null) return;
        const { kind, display } = redirectTarget(uri);
        expect(kind).toBe(classOf(uri));
        expect(display).toMatch(/^[\x21-\x7e]+$/u);
        expect(matchRedirectUri(uri, [uri])).toBe(uri);
      },
      0.4,
    );
  });

  it('leads the browser where it is written to lead: no user, no fragment, no other host', () => {
    fuzz(
      damaged(uris),
      (uri) => {
        if (checkRedirectUri(uri) !== null) return;
        const [, written = ''] = /^[a-z][a-z0-9+.-]*:\/\/([^/?]*)/iu.exec(uri) ?? [];
        expect(written).not.toContain('@');
        if (classOf(uri) === 'private-use') return;
        const { username, password, hash, hostname, protocol, href } = new URL(uri);
        expect([username, password, hash]).toEqual(['', '', '']);
        if (protocol === 'http:') expect(hostname).toMatch(/^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/u);
        expect(href.toLowerCase()).toContain(hostname);
        expect(written.toLowerCase().replace(/:\d+$/u, '')).toBe(hostname);
        expect(['javascript:', 'data:', 'file:']).not.toContain(protocol);
      },
      0.3,
    );
  });

  it('that matches differs from a registered one in nothing but the port of a loopback address', () => {
    const pair = fc.oneof(
      fc.tuple(damaged(uris), uris),
      uris.chain((uri) => fc.tuple(damaged(fc.constant(uri)), fc.constant(uri))),
    );
    fuzz(
      pair,
      ([requested, registered]) => {
        const match = matchRedirectUri(requested, [registered]);
        if (match === null) return;
        expect(match).toBe(requested);
        if (requested === registered) return;
        expect(classOf(requested)).toBe('loopback');
        const [one, two] = [new URL(requested), new URL(registered)];
        one.port = '';
        two.port = '';
        expect(one.href).toBe(two.href);
      },
      0.3,
    );
  });

  it('is judged in a time that grows with its length', () => {
    const openings = ['', 'https://', 'http://127.0.0.1', 'http://[', 'a:', 'com.example:/', 'https://a/'];
    for (const uri of repeats(
      openings,
      ['a.', '%', '../', '1.', '-a', ':1', '?', 'a:', '[', '[::1]', '255.'],
      2048,
    )) {
      bounded(() => checkRedirectUri(uri));
      bounded(() => matchRedirectUri(uri, [uri.slice(1), `${uri} `]));
    }
    for (const uri of repeats(openings, ['a.', '%'])) {
      bounded(() => checkRedirectUri(uri));
      bounded(() => matchRedirectUri(uri, ['http://127.0.0.1/cb']));
    }
  });
});
