import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bearerChallenge } from '../../src/oauth/challenge.ts';

describe('a Bearer challenge', () => {
  it('is bare when there is nothing to say (RFC 6750 §3.1)', () => {
    expect(bearerChallenge({})).toBe('Bearer');
    expect(bearerChallenge({ scope: '' })).toBe('Bearer');
  });

  it('leads to the metadata of the resource (RFC 9728 §5.1)', () => {
    const resourceMetadata = 'https://mcp.example.com/.well-known/oauth-protected-resource/mcp';
    expect(bearerChallenge({ resourceMetadata, scope: 'mcp:read mcp:write' })).toBe(
      `Bearer resource_metadata="${resourceMetadata}", scope="mcp:read mcp:write"`,
    );
  });

  it('says what was wrong', () => {
    const challenge = bearerChallenge({
      error: 'insufficient_scope',
      description: 'needs more',
      scope: 'a b',
    });
    expect(challenge).toBe('Bearer error="insufficient_scope", error_description="needs more", scope="a b"');
  });

  it('keeps every value within its quotes, and the header within its line', () => {
    const text = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(text, text, text, text, (error, description, scope, resourceMetadata) => {
        const challenge = bearerChallenge({ error, description, scope, resourceMetadata });
        expect(challenge).toMatch(/^Bearer(?: \w+="[\x20-\x21\x23-\x5b\x5d-\x7e]*"(?:,(?= )|$))+$/u);
        const names = [...challenge.matchAll(/(\w+)="[^"]*"/gu)].map(([, name]) => name);
        const all = ['resource_metadata', 'error', 'error_description', ...(scope === '' ? [] : ['scope'])];
        expect(names).toEqual(all);
      }),
    );
  });

  it('cannot be made to hold a second parameter or header', () => {
    const challenge = bearerChallenge({ description: 'x", realm="evil"\r\nSet-Cookie: a=b\\' });
    expect(challenge).toBe('Bearer error_description="x?, realm=?evil???Set-Cookie: a=b?"');
  });
});
