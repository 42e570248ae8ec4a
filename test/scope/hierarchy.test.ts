import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { closeHierarchy, missingScopes } from '../../src/oauth/scope-hierarchy.ts';

const names = ['a', 'b', 'c', 'd', 'e'];
/** Each scope may imply later ones only: no circles. */
const acyclic = fc
  .tuple(...names.map((_, index) => fc.subarray(names.slice(index + 1))))
  .map((lists) => Object.fromEntries(lists.map((list, index) => [names[index] ?? '', list])));

/** What a scope includes, by going through what it implies. */
function reach(direct: Readonly<Record<string, readonly string[]>>, scope: string): Set<string> {
  const found = new Set<string>();
  const visit = (name: string): void => {
    for (const next of direct[name] ?? []) {
      if (!found.has(next)) {
        found.add(next);
        visit(next);
      }
    }
  };
  visit(scope);
  return found;
}

describe('what scopes include', () => {
  it('is everything that can be reached, and a scope that reaches itself is refused', () => {
    const any = fc.dictionary(fc.constantFrom(...names), fc.subarray(names), { noNullPrototype: true });
    fc.assert(
      fc.property(fc.oneof(acyclic, any), (direct) => {
        const closed = closeHierarchy(direct);
        const circular = names.some((name) => reach(direct, name).has(name));
        expect(closed.r).toBe(circular ? 'circle' : 'ok');
        if (closed.r !== 'ok') return;
        for (const name of names) expect(new Set(closed.hierarchy[name] ?? [])).toEqual(reach(direct, name));
      }),
    );
  });

  it('satisfies what is needed, and nothing else does', () => {
    fc.assert(
      fc.property(
        acyclic,
        fc.subarray(names),
        fc.array(fc.constantFrom(...names)),
        (direct, granted, needed) => {
          const closed = closeHierarchy(direct);
          if (closed.r !== 'ok') throw new Error('not acyclic');
          const has = (scope: string): boolean =>
            granted.includes(scope) || granted.some((one) => reach(direct, one).has(scope));
          const missing = missingScopes(granted, needed, closed.hierarchy);
          expect(missing).toEqual([...new Set(needed)].filter((scope) => !has(scope)));
        },
      ),
    );
  });

  it('is nothing for names that every object has', () => {
    expect(missingScopes(['constructor', '__proto__'], ['toString'], {})).toEqual(['toString']);
  });
});
