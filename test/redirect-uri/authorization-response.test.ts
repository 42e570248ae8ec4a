import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { authorizationResponseUrl } from '../../src/oauth/authorization-response.ts';
import { parseParameters } from '../../src/oauth/parameters.ts';

const iss = 'https://mcp.example.com';

describe('the address of an authorization response', () => {
  it.each([
    ['http://127.0.0.1:1/cb', 'http://127.0.0.1:1/cb?code=c'],
    ['http://127.0.0.1:1', 'http://127.0.0.1:1?code=c'],
    ['https://app.example/cb?', 'https://app.example/cb?code=c'],
    ['https://app.example/cb?a=1', 'https://app.example/cb?a=1&code=c'],
    ['https://app.example/cb?a=1&', 'https://app.example/cb?a=1&code=c'],
    ['https://app.example/cb?a=%2f+%20&b', 'https://app.example/cb?a=%2f+%20&b&code=c'],
    ['cursor://anysphere.cursor-mcp/cb', 'cursor://anysphere.cursor-mcp/cb?code=c'],
    ['com.example.app:/cb', 'com.example.app:/cb?code=c'],
    ['com.example.app:cb', 'com.example.app:cb?code=c'],
    ['com.example.app:cb?a=1', 'com.example.app:cb?a=1&code=c'],
  ])('for %s is %s', (uri, address) => {
    expect(authorizationResponseUrl(uri, { code: 'c' })).toBe(address);
  });

  it('leaves out what is undefined, and is the redirect URI when nothing is left', () => {
    const address = authorizationResponseUrl('http://localhost/cb', { code: 'c', state: undefined, iss });
    expect([...new URL(address).searchParams.keys()]).toEqual(['code', 'iss']);
    expect(authorizationResponseUrl('http://localhost/cb', { state: undefined })).toBe('http://localhost/cb');
  });

  it('carries iss as it is in the metadata (RFC 9207 §2)', () => {
    const address = authorizationResponseUrl('http://localhost/cb', { code: 'c', iss });
    expect(new URL(address).searchParams.get('iss')).toBe(iss);
  });

  it('carries a state that comes back byte for byte', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), (state) => {
        const address = authorizationResponseUrl('https://app.example/cb?a=1', { code: 'c', state, iss });
        expect(new URL(address).searchParams.get('state')).toBe(state);
        expect(new URL(address).searchParams.getAll('code')).toEqual(['c']);
        expect(address).toMatch(/^[\x21-\x7e]+$/u);
      }),
    );
  });

  it('carries the state of a request that we parsed, whatever bytes it stands for', () => {
    const text = fc.string({ unit: 'binary', minLength: 1 }).filter((state) => !state.includes('\0'));
    fc.assert(
      fc.property(text, (sent) => {
        const state = parseParameters(new URLSearchParams({ state: sent }).toString()).get('state');
        const address = new URL(authorizationResponseUrl('cursor://host/cb', { state }));
        expect(address.searchParams.get('state')).toBe(sent);
      }),
    );
  });

  it('cannot be left by a value: no line break, quote, bracket, fragment or further parameter', () => {
    const state = '\r\nSet-Cookie: x=1\r\n\r\n"><script>\'&code=evil#x';
    const address = authorizationResponseUrl('https://app.example/cb', { code: 'c', state });
    expect(address).toMatch(/^https:\/\/app\.example\/cb\?code=c&state=[\w.%*!()~-]+$/u);
    expect(new URL(address).searchParams.getAll('code')).toEqual(['c']);
  });

  it.each([
    ['a line break', 'https://app.example/cb\r\nSet-Cookie: x=1'],
    ['a NUL', 'https://app.example/\0'],
    ['a space', 'https://app.example/c b'],
    ['a letter outside ASCII', 'https://app.example/é'],
    ['a fragment, which would swallow the answer', 'https://app.example/cb#x'],
  ])('is never made for a redirect URI with %s', (_what, uri) => {
    expect(() => authorizationResponseUrl(uri, { code: 'c' })).toThrow(TypeError);
  });

  it('can be made for a state that is no well-formed text', () => {
    expect(authorizationResponseUrl('http://localhost/cb', { state: 'a\ud800b' })).toBe(
      'http://localhost/cb?state=a%EF%BF%BDb',
    );
  });
});
