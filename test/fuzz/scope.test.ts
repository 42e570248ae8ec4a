import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatScope, grantableScopes, parseScope } from '../../src/oauth/scope.ts';
import { bounded, fuzz } from './cases.ts';
import { around, repeats } from './texts.ts';

const token = fc.constantFrom(
  'openid',
  'offline_access',
  'mcp:read',
  'mcp:write',
  'api://x/.default',
  'a',
  '!',
  '~',
);
const list = fc.array(token, { maxLength: 6 });
const text = list.map((scopes) => scopes.join(' '));

describe('a scope list', () => {
  it('holds well-formed tokens, each once, and reads again as it is written', () => {
    fuzz(
      around(text),
      (given) => {
        const scopes = parseScope(given);
        expect(new Set(scopes).size).toBe(scopes.length);
        for (const scope of scopes) expect(scope).toMatch(/^[!#-[\]-~]+$/u);
        expect(parseScope(formatScope(scopes))).toEqual(scopes);
      },
      0.5,
    );
  });

  it('grants nothing that was not asked for, not supported, or not the client’s', () => {
    const lists = fc.record({ asked: around(text), supported: list, client: fc.option(list) });
    fuzz(
      lists,
      ({ asked, supported, client }) => {
        const requested = parseScope(asked);
        const granted = grantableScopes(requested, { supported, client });
        for (const scope of granted) {
          expect(supported).toContain(scope);
          if (client !== null) expect(client).toContain(scope);
          if (requested.length > 0) expect(requested).toContain(scope);
          else if (client === null) expect(scope).not.toBe('offline_access');
        }
      },
      0.5,
    );
  });

  it('is read in a time that grows with its length', () => {
    for (const given of repeats(['', 'openid '], ['a ', '  ', '\t', '"', 'é']))
      bounded(() => parseScope(given));
  });
});
