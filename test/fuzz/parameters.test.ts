import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OAuthError } from '../../src/oauth/errors.ts';
import type { Parameters } from '../../src/oauth/parameters.ts';
import { parseParameters } from '../../src/oauth/parameters.ts';
import { bounded, fuzz } from './cases.ts';
import { around, damaged, repeats } from './texts.ts';

const name = fc.constantFrom(
  'client_id',
  'redirect_uri',
  'state',
  'scope',
  'resource',
  'code',
  '__proto__',
  'é',
);
const value = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 20 }), fc.webUrl());
const pairs = fc.uniqueArray(fc.tuple(name, value), { maxLength: 6, selector: ([key]) => key });
const form = pairs.map((list) => new URLSearchParams(list).toString());

/** The parameters, or the only refusal there may be. */
function read(text: string): Parameters | 'refused' {
  try {
    return parseParameters(text);
  } catch (error) {
    if (error instanceof OAuthError && error.error === 'invalid_request' && error.status === 400)
      return 'refused';
    throw error;
  }
}

describe('form and query parameters', () => {
  it('come out as any form encoder wrote them', () => {
    fuzz(
      pairs.filter((list) => list.every(([, text]) => !text.includes('\0') && text.isWellFormed())),
      (list) => {
        const parameters = parseParameters(new URLSearchParams(list).toString());
        for (const [key, text] of list) {
          expect(parameters.get(key)).toBe(text === '' ? undefined : text);
          expect(parameters.all(key)).toEqual(text === '' ? [] : [text]);
        }
      },
      0.2,
    );
  });

  it('are read or refused, never anything else', () => {
    fuzz(around(form), (text) => void read(text), 0.3);
  });

  it('mean the same to the parser of the URL standard whenever they are taken', () => {
    fuzz(
      damaged(form),
      (text) => {
        const parameters = read(text);
        if (parameters === 'refused') return;
        // The constructor would swallow a leading question mark.
        const others = new URLSearchParams(`&${text}`);
        for (const key of others.keys()) {
          if (key !== 'resource') expect(others.getAll(key)).toHaveLength(1);
          expect(parameters.all(key)).toEqual(others.getAll(key).filter((item) => item !== ''));
        }
      },
      0.5,
    );
  });

  it('cost no more than their length', () => {
    for (const text of repeats(
      ['', 'a=', 'resource=', '%'],
      ['a&', 'a=b&', 'resource=b&', '%', '+', '&', '%e2%82'],
    ))
      bounded(() => read(text));
  });
});
