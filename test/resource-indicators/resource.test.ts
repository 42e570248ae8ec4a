import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalResource, chooseResource } from '../../src/oauth/resource.ts';
import { refusal } from '../parameters/refusal.ts';

describe('the canonical form of a resource', () => {
  it.each([
    ['https://mcp.example.com/mcp', 'https://mcp.example.com/mcp'],
    ['https://mcp.example.com', 'https://mcp.example.com'],
    ['https://mcp.example.com/', 'https://mcp.example.com'],
    ['https://mcp.example.com/mcp/', 'https://mcp.example.com/mcp'],
    ['HTTPS://MCP.Example.COM/Mcp', 'https://mcp.example.com/Mcp'],
    ['http://localhost:8080/mcp', 'http://localhost:8080/mcp'],
    ['http://[::1]:8080/mcp', 'http://[::1]:8080/mcp'],
    ['https://mcp.example.com/mcp?tenant=A', 'https://mcp.example.com/mcp?tenant=A'],
    ['https://mcp.example.com/mcp/?tenant=A', 'https://mcp.example.com/mcp?tenant=A'],
  ])('of %s is %s', (text, canonical) => {
    expect(canonicalResource(text)).toBe(canonical);
  });

  it('forgives one trailing slash, not two', () => {
    expect(canonicalResource('https://mcp.example.com/mcp//')).toBe('https://mcp.example.com/mcp/');
  });

  it.each([
    ['nothing', ''],
    ['a path', '/mcp'],
    ['no scheme', 'mcp.example.com/mcp'],
    ['a fragment', 'https://mcp.example.com/mcp#x'],
    ['an empty fragment', 'https://mcp.example.com/mcp#'],
    ['a user name', 'https://user@mcp.example.com/mcp'],
    ['a password', 'https://mcp.example.com:secret@evil.example/mcp'],
    ['a scheme that ours ends', 'xhttps://mcp.example.com/mcp'],
    ['text before it', 'to:https://mcp.example.com/mcp'],
    ['another scheme', 'ftp://mcp.example.com/mcp'],
    ['a URN', 'urn:example:mcp'],
    ['no host', 'https:///mcp'],
    ['a port alone', 'https://:443/mcp'],
    ['a space', 'https://mcp.example.com/m cp'],
    ['a space around', ' https://mcp.example.com/mcp'],
    ['a line break', 'https://mcp.example.com/mcp\n'],
    ['a backslash', 'https://mcp.example.com\\mcp'],
    ['a letter that only looks alike', 'https://mcp.exаmple.com/mcp'],
    ['a port that is none', 'https://mcp.example.com:99999/mcp'],
    ['more than 2048 characters', `https://mcp.example.com/${'a'.repeat(2048)}`],
  ])('does not exist for %s', (_what, text) => {
    expect(canonicalResource(text)).toBeNull();
  });

  it('stays the same when it is formed again', () => {
    const path = fc.array(fc.stringMatching(/^[A-Za-z0-9._~%:@!-]{1,8}$/u), { maxLength: 4 });
    fc.assert(
      fc.property(fc.domain(), path, fc.boolean(), (host, segments, slash) => {
        const text = `HTTPS://${host.toUpperCase()}${segments.map((part) => `/${part}`).join('')}${slash ? '/' : ''}`;
        const canonical = canonicalResource(text);
        expect(canonical).toMatch(/^https:\/\/[^/A-Z]+/u);
        expect(canonicalResource(canonical ?? '')).toBe(canonical);
      }),
    );
  });

  it('is sought in any text without failing', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.string().map((text) => `https://${text}`),
        ),
        (text) => {
          expect(canonicalResource(text) ?? 'https://none').toMatch(/^https?:\/\/[^/?#@\s]+(?:[/?]|$)/u);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('the resource that a token will be for', () => {
  const mcp = 'https://mcp.example.com/mcp';
  const other = 'https://mcp.example.com/other';
  const one = { resources: [mcp], defaultResource: null };
  const two = { resources: [mcp, other], defaultResource: null };

  it('is the requested one, however host and trailing slash are written', () => {
    for (const text of [mcp, `${mcp}/`, 'HTTPS://MCP.EXAMPLE.COM/mcp']) {
      expect(chooseResource([text], two)).toBe(mcp);
    }
  });

  it('is the only one, or the default, when none is requested', () => {
    expect(chooseResource([], one)).toBe(mcp);
    expect(chooseResource([], { ...two, defaultResource: other })).toBe(other);
  });

  it('is never guessed among several', () => {
    expect(refusal(() => chooseResource([], two)).error).toBe('invalid_target');
    expect(refusal(() => chooseResource([], { resources: [], defaultResource: null })).error).toBe(
      'invalid_target',
    );
  });

  it('is never the default when an unknown one is requested', () => {
    const config = { ...two, defaultResource: other };
    expect(refusal(() => chooseResource(['https://evil.example/mcp'], config)).error).toBe('invalid_target');
  });

  it.each([
    ['a longer path', `${mcp}/admin`],
    ['a shorter path', 'https://mcp.example.com'],
    ['another case in the path', 'https://mcp.example.com/MCP'],
    ['the same host as a prefix', 'https://mcp.example.com.evil.example/mcp'],
    ['another scheme', 'http://mcp.example.com/mcp'],
    ['another port', 'https://mcp.example.com:8443/mcp'],
    ['a query', `${mcp}?x=1`],
    ['dot segments', 'https://mcp.example.com/other/../mcp'],
    ['an encoded path', 'https://mcp.example.com/%6dcp'],
    ['a fragment', `${mcp}#x`],
    ['no URI', 'mcp'],
  ])('is not matched by %s', (_what, text) => {
    expect(refusal(() => chooseResource([text], one)).error).toBe('invalid_target');
  });

  it('is one: several are refused, even twice the same', () => {
    expect(refusal(() => chooseResource([mcp, other], two)).error).toBe('invalid_target');
    expect(refusal(() => chooseResource([mcp, mcp], two)).error).toBe('invalid_target');
  });
});
