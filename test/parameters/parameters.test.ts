import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OAuthError } from '../../src/oauth/errors.ts';
import { Parameters, parseParameters } from '../../src/oauth/parameters.ts';
import { attempt, refusal } from './refusal.ts';

describe('the parameters of a request', () => {
  it('are decoded as forms are encoded', () => {
    const parameters = parseParameters(
      'scope=openid+profile&state=a%20b%2Bc&redirect_uri=http%3A%2F%2Flocalhost',
    );
    expect(parameters.get('scope')).toBe('openid profile');
    expect(parameters.get('state')).toBe('a b+c');
    expect(parameters.get('redirect_uri')).toBe('http://localhost');
  });

  it('keep equal signs in a value', () => {
    expect(parseParameters('state=a=b==').get('state')).toBe('a=b==');
  });

  it('may have no name, which is no other parameter’s value', () => {
    const parameters = parseParameters('=state&state=x');
    expect(parameters.get('')).toBe('state');
    expect(parameters.get('state')).toBe('x');
  });

  it('may have a semicolon in a value, which separates nothing', () => {
    const parameters = parseParameters('state=a;client_id=evil');
    expect(parameters.get('state')).toBe('a;client_id=evil');
    expect(parameters.has('client_id')).toBe(false);
  });

  it('are absent when they are empty (RFC 6749 §3.1)', () => {
    const parameters = parseParameters('state=&nonce&scope=openid');
    expect(parameters.has('state')).toBe(false);
    expect(parameters.has('nonce')).toBe(false);
    expect(parameters.get('nonce')).toBeUndefined();
    expect(parameters.all('state')).toEqual([]);
  });

  it('are none in an empty text, and between separators', () => {
    expect(parseParameters('').has('')).toBe(false);
    expect(parseParameters('&&state=x&&').get('state')).toBe('x');
  });

  it('know nothing that objects inherit', () => {
    const parameters = parseParameters('state=x');
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      expect(parameters.get(name)).toBeUndefined();
      expect(parameters.has(name)).toBe(false);
    }
    expect(parseParameters('__proto__=x').get('__proto__')).toBe('x');
  });

  it('may repeat resource only (RFC 8707 §2)', () => {
    const parameters = parseParameters('resource=https%3A%2F%2Fa&resource=&resource=https%3A%2F%2Fb');
    expect(parameters.all('resource')).toEqual(['https://a', 'https://b']);
    expect(parameters.get('resource')).toBe('https://a');
  });
});

describe('a request is refused', () => {
  it.each([
    ['redirect_uri', 'redirect_uri=http%3A%2F%2Flocalhost&redirect_uri=http%3A%2F%2Fevil'],
    ['client_id', 'client_id=a&client_id=a'],
    ['client_id', 'client_id=a&client%5Fid=b'],
    ['state', 'state=&state=x'],
    ['state', 'state&state=x'],
    ['unknown', 'unknown=1&unknown=2'],
  ])('when %s came more than once, and names it: %s', (name, text) => {
    const error = refusal(() => parseParameters(text));
    expect(error.error).toBe('invalid_request');
    expect(error.description).toContain(name);
  });

  it.each([
    ['a cut escape', 'state=%'],
    ['half an escape', 'state=%2'],
    ['an escape that is none', 'state=%zz'],
    ['a byte that is no UTF-8', 'state=%ff'],
    ['overlong UTF-8', 'state=%c0%af'],
    ['an encoded surrogate', 'state=%ed%a0%80'],
    ['a malformed name', '%zz=1'],
    ['a NUL in a value', 'state=a%00b'],
    ['a NUL in a name', 'sta%00te=a'],
    ['a line break that is not encoded', 'state=a\r\nb'],
    ['a byte that decoding of the body replaced', 'state=\ufffd'],
    ['letters that are not encoded', 'state=é'],
  ])('for %s', (_what, text) => {
    expect(refusal(() => parseParameters(text)).error).toBe('invalid_request');
  });

  it('when it has more than a hundred parameters', () => {
    const many = (count: number): string =>
      Array.from({ length: count }, (_, index) => `p${index}=1`).join('&');
    expect(parseParameters(many(100)).get('p99')).toBe('1');
    expect(refusal(() => parseParameters(many(101))).error).toBe('invalid_request');
    expect(refusal(() => parseParameters('&'.repeat(60_000))).error).toBe('invalid_request');
  });

  it('without repeating a long name whole', () => {
    const name = 'n'.repeat(200);
    const { description } = refusal(() => parseParameters(`${name}=1&${name}=2`));
    expect(description).toContain('n'.repeat(40));
    expect(description).not.toContain('n'.repeat(41));
  });

  it('without putting quotes or line breaks of a name into its answer', () => {
    const { description } = refusal(() => parseParameters('%22%0d%0a=1&%22%0d%0a=2'));
    expect(description).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/u);
  });
});

describe('every text', () => {
  it('is parsed or refused, and nothing else happens', () => {
    const piece = fc.constantFrom('&', '=', '%', '%00', '%ff', '+', 'state', 'resource', ';', '\ud800', ' ');
    const text = fc.oneof(
      fc.string(),
      fc.array(fc.oneof(piece, fc.string({ maxLength: 3 }))).map((all) => all.join('')),
    );
    fc.assert(
      fc.property(text, (input) => {
        const result = attempt(() => parseParameters(input));
        expect([OAuthError, Parameters]).toContain(result.constructor);
      }),
      { numRuns: 2000 },
    );
  });

  it('that URLSearchParams writes comes back unchanged', () => {
    const value = fc.string({ unit: 'binary', minLength: 1 }).filter((text) => !text.includes('\0'));
    const pairs = fc.uniqueArray(fc.tuple(value, value), { selector: ([name]) => name, maxLength: 20 });
    fc.assert(
      fc.property(pairs, (all) => {
        const parameters = parseParameters(new URLSearchParams(all).toString());
        for (const [name, text] of all) expect(parameters.get(name)).toBe(text);
      }),
    );
  });
});
