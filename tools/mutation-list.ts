import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** One guard taken away, and the tests that must then fail. */
export interface Mutation {
  /** `class/name`: the file's name and the mutation's own. */
  readonly id: string;
  readonly why: string;
  /** Below the root of the repository. */
  readonly file: string;
  /** Occurs once in `file`. */
  readonly find: string;
  readonly replace: string;
  readonly tests: readonly string[];
}

const texts = ['name', 'why', 'file', 'find', 'replace'] as const;

/**
 * Every mutation of `test/mutations/*.json`, in order.
 * @throws {TypeError} naming the file whose content is not a list of mutations
 */
export function readMutations(root: string): readonly Mutation[] {
  return globSync('test/mutations/*.json', { cwd: root })
    .toSorted()
    .flatMap((path) => {
      const entries: unknown = JSON.parse(readFileSync(join(root, path), 'utf8'));
      if (!Array.isArray(entries) || !entries.every(isEntry)) {
        throw new TypeError(`${path}: a list of { ${texts.join(', ')}, tests } is expected`);
      }
      const group = basename(path, '.json');
      return entries.map(({ name, why, file, find, replace, tests }) => {
        return { id: `${group}/${name}`, why, file, find, replace, tests };
      });
    });
}

type Entry = Omit<Mutation, 'id'> & { readonly name: string };

function isEntry(value: unknown): value is Entry {
  if (typeof value !== 'object' || value === null) return false;
  // Only looked at through `unknown` values.
  const entry = value as Readonly<Record<string, unknown>>;
  const { tests } = entry;
  return (
    texts.every((name) => typeof entry[name] === 'string') &&
    Array.isArray(tests) &&
    tests.length > 0 &&
    tests.every((test) => typeof test === 'string')
  );
}

/**
 * The text with the guard taken away.
 * @throws {Error} when `find` is not there exactly once, or nothing would change
 */
export function mutate(text: string, { id, file, find, replace }: Mutation): string {
  const parts = text.split(find);
  if (find === '' || parts.length !== 2) {
    throw new Error(`${id}: its text occurs ${parts.length - 1} times in ${file}, not once`);
  }
  if (find === replace) throw new Error(`${id}: changes nothing`);
  return parts.join(replace);
}
