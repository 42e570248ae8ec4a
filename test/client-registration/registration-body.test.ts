import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readJson } from '../../src/clients/registration-body.ts';
import { refusal } from '../parameters/refusal.ts';

describe('the body of a registration', () => {
  it('is read as JSON is', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), (value) => {
        const text = JSON.stringify(value);
        expect(readJson(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it.each([
    ['{"client_name":"a","client_name":"b"}', 'client_name'],
    [
      '{"redirect_uris":["https://good.example/"],"redirect_\\u0075ris":["https://evil.example/"]}',
      'redirect_uris',
    ],
    ['{"a":{"b":1,"c":2,"b" : 3}}', 'b'],
    ['[{"__proto__":1,"__proto__":2}]', '__proto__'],
  ])('has no member twice, however it is spelled: %s', (text, name) => {
    const error = refusal(() => readJson(text));
    expect(error).toMatchObject({ error: 'invalid_client_metadata', description: `${name} is there twice` });
  });

  it('may have the same name at different places, and in texts', () => {
    const text = '{"a":{"a":"\\"a\\":1,\\"a\\":{["},"b":[{"a":1},{"a":2}],"c":"a"}';
    expect(readJson(text)).toEqual(JSON.parse(text));
  });

  it('is neither deep nor endless', () => {
    const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;
    expect(readJson(nested(8))).toBeDefined();
    expect(refusal(() => readJson(nested(9))).description).toContain('nested');
    expect(refusal(() => readJson(nested(20_000))).description).toContain('nested');
    expect(refusal(() => readJson(`[${'1,'.repeat(2000)}1]`)).description).toContain('parts');
  });

  it.each(['', '{', "{'a':1}", 'null x', '{"a":1,}'])('is JSON: %j', (text) => {
    expect(refusal(() => readJson(text)).description).toBe('the body is not JSON');
  });
});
