import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { mutate, readMutations } from '../../tools/mutation-list.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const mutations = readMutations(root);

describe('the list of mutations', () => {
  it('has some, each with a name of its own', () => {
    const ids = mutations.map(({ id }) => id);
    expect(ids.length).toBeGreaterThan(0);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it.each(mutations)('$id still fits the code that it breaks', (mutation) => {
    const text = readFileSync(join(root, mutation.file), 'utf8');
    expect(mutate(text, mutation)).not.toBe(text);
  });

  it.each(mutations)('$id names tests that exist', ({ tests }) => {
    expect(tests.filter((test) => !existsSync(join(root, test)))).toEqual([]);
  });
});
