import type { z } from 'zod';
import type { JsonSchemaNode } from './json-schema.ts';
import { runConfigJsonSchema, schemaAt } from './json-schema.ts';
import type { Complaint, Path } from './problems.ts';
import { suggest } from './suggest.ts';

/** A complaint and its place. */
export interface PlacedComplaint extends Complaint {
  readonly path: Path;
}

type Issue = z.core.$ZodIssue;

/** Made at the first complaint: it costs more than everything else about one. */
let known: JsonSchemaNode | undefined;

/** Says what zod found in our words: what is wrong, and what to write. */
export function complaintsFrom(issues: readonly Issue[], value: unknown): readonly PlacedComplaint[] {
  const schema = (known ??= runConfigJsonSchema());
  return issues.flatMap((issue) => explain(issue, { path: pathOf(issue.path), value, schema }));
}

interface Place {
  /** From the root of the file. */
  readonly path: Path;
  /** The whole file. */
  readonly value: unknown;
  readonly schema: JsonSchemaNode;
}

function explain(issue: Issue, place: Place): readonly PlacedComplaint[] {
  const { path, schema } = place;
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ path: [...path, key], ...unknownField(key, schemaAt(schema, path)) }));
  if (issue.code === 'invalid_union') {
    const nested = issue.errors.find((branch) => branch.some((one) => isBelow(one)));
    if (nested)
      return nested.flatMap((one) => explain(one, { ...place, path: [...path, ...pathOf(one.path)] }));
  }
  const node = schemaAt(schema, path);
  const found = valueAt(place.value, path);
  if (found === undefined) return [{ path, ...missing(String(path.at(-1)), node) }];
  return [{ path, problem: problemOf(issue, found), fix: fixFor(node, found) }];
}

/** A branch of a union that got as far as a field is the one that was meant. */
function isBelow(issue: Issue): boolean {
  return issue.path.length > 0 || issue.code === 'unrecognized_keys';
}

function unknownField(key: string, node: JsonSchemaNode | null): Complaint {
  const known = Object.keys(node?.properties ?? {});
  const meant = suggest(key, known);
  const fix = meant === null ? `remove it; known here: ${known.join(', ')}` : `did you mean "${meant}"?`;
  return { problem: 'is not a known field', fix };
}

function missing(key: string, node: JsonSchemaNode | null): Complaint {
  const [example] = node?.examples ?? [];
  const sample = node?.enum?.join(' or ') ?? (example === undefined ? '…' : JSON.stringify(example));
  const about = node?.description === undefined ? '' : ` (${node.description.replace(/\.$/, '')})`;
  return { problem: 'is missing', fix: `add ${key}: ${sample}${about}` };
}

function problemOf(issue: Issue, found: unknown): string {
  if (issue.code === 'invalid_type')
    return `is ${kindOf(found)}, not ${words[issue.expected] ?? issue.expected}`;
  if (issue.code === 'invalid_value')
    return typeof found === 'string' ? 'is not one of the words that are known here' : `is ${kindOf(found)}`;
  if (issue.code === 'too_small')
    return typeof found === 'number' ? `is less than ${issue.minimum}` : 'is empty';
  // The rest are texts of our schema.
  return issue.code === 'too_big' ? `is more than ${issue.maximum}` : issue.message;
}

const words: Readonly<Record<string, string>> = {
  string: 'a text',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
  array: 'a list',
  object: 'a section with fields',
  record: 'a section with fields',
};

function kindOf(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  return words[typeof value] ?? `a ${typeof value}`;
}

function fixFor(node: JsonSchemaNode | null, found: unknown): string {
  if (node?.enum) return fixForWord(node.enum.map(String), found);
  const [example] = node?.examples ?? [];
  if (typeof found === 'number' && typeof example === 'string' && node?.type === 'string')
    return 'put it in quotes';
  if (example !== undefined) return `write something like ${JSON.stringify(example)}`;
  if (isNumeric(node) && typeof found === 'string') return 'write a number, without quotes';
  if (node?.type === 'boolean') return 'write true or false, without quotes';
  if (node?.type === 'object')
    return `write fields below it: ${Object.keys(node.properties ?? {}).join(', ')}`;
  if (node?.type === 'array') return 'write a list: one item per line, each after "- "';
  return node?.description === undefined
    ? 'write a text; in quotes when it looks like a number'
    : node.description;
}

function isNumeric(node: JsonSchemaNode | null): boolean {
  return node?.type === 'integer' || node?.type === 'number';
}

function fixForWord(known: readonly string[], found: unknown): string {
  const meant = typeof found === 'string' ? suggest(found, known) : null;
  return meant === null ? `write ${known.join(' or ')}` : `did you mean "${meant}"?`;
}

/** `undefined` where there is nothing. */
function valueAt(value: unknown, path: Path): unknown {
  let place: unknown = value;
  for (const step of path) {
    if (typeof place !== 'object' || place === null || !Object.hasOwn(place, step)) return undefined;
    // `hasOwn` above proves that the property is there; the type of an unknown object cannot carry that.
    place = (place as Record<string | number, unknown>)[step];
  }
  return place;
}

/** Our schema has no symbols for keys. */
function pathOf(path: readonly PropertyKey[]): Path {
  return path.map((step) => (typeof step === 'symbol' ? String(step) : step));
}
