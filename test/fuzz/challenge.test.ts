import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Challenge } from '../../src/oauth/challenge.ts';
import { bearerChallenge, readBearerChallenge } from '../../src/oauth/challenge.ts';
import { bounded, fuzz } from './cases.ts';
import { anyText, around, repeats } from './texts.ts';

const param = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)="((?:[\t \x21\x23-\x5b\x5d-\x7e]|\\[\t\x20-\x7e])*)"(?:, |$)/u;

/** A strict reader of one challenge (RFC 9110 §11.6.1): scheme, then quoted parameters, each once, and nothing else. */
function readChallenge(header: string): Map<string, string> {
  expect(header).toMatch(/^Bearer(?: |$)/u);
  const parameters = new Map<string, string>();
  let rest = header.slice('Bearer '.length);
  while (rest !== '') {
    const [whole = '', name = '', value = ''] = param.exec(rest) ?? [];
    expect(whole, `what follows is a parameter: ${rest}`).not.toBe('');
    expect(parameters.has(name)).toBe(false);
    parameters.set(name, value.replaceAll(/\\(.)/gu, '$1'));
    rest = rest.slice(whole.length);
  }
  return parameters;
}

const challenge = fc.record(
  { error: anyText, description: anyText, scope: anyText, resourceMetadata: fc.oneof(fc.webUrl(), anyText) },
  { requiredKeys: [] },
);
const wireNames = {
  error: 'error',
  description: 'error_description',
  scope: 'scope',
  resourceMetadata: 'resource_metadata',
} as const;

describe('a challenge', () => {
  it('of any content is one header that a strict reader reads', () => {
    fuzz(challenge, (told) => {
      const header = bearerChallenge(told);
      expect(() => new Headers({ 'www-authenticate': header })).not.toThrow();
      const parameters = readChallenge(header);
      for (const [name, wireName] of Object.entries(wireNames)) {
        const text = told[name as keyof Challenge];
        const absent = text === undefined || (name === 'scope' && text === '');
        expect(parameters.has(wireName)).toBe(!absent);
        // What a quoted text may hold comes back as it was.
        if (!absent && /^[\x20-\x21\x23-\x5b\x5d-\x7e]*$/u.test(text))
          expect(parameters.get(wireName)).toBe(text);
      }
    });
  });

  it('that we wrote reads again as a strict reader reads it', () => {
    fuzz(
      challenge,
      (told) => {
        const header = bearerChallenge(told);
        expect(new Map(readBearerChallenge(header))).toEqual(readChallenge(header));
      },
      0.3,
    );
  });

  it('of a stranger is read or not, whatever stands around it', () => {
    const written = challenge.map(
      (told) => `Basic realm="x, y=\\"z", ${bearerChallenge(told)}, DPoP algs="ES256"`,
    );
    fuzz(
      around(written),
      (header) => {
        for (const [name, value] of readBearerChallenge(header) ?? []) {
          expect(name).toMatch(/^[^\s=",]+$/u);
          expect(header.replaceAll('\\', '')).toContain(value.replaceAll('\\', ''));
        }
      },
      0.5,
    );
    for (const text of repeats(
      ['', 'Bearer ', 'Bearer a="'],
      ['a=b, ', 'a ', '\\', ', ', '="', '" ', 'a = '],
    ))
      bounded(() => readBearerChallenge(text));
  });

  it('is written in a time that grows with its content', () => {
    for (const text of repeats([''], ['"', '\\', 'é', '\r\n']))
      bounded(() => bearerChallenge({ description: text }));
  });
});
