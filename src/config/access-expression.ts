import type { ASTNode, Environment } from '@marcbachmann/cel-js';

/** What an expression may look at. Numbers are `bigint` or `number`; lists and maps hold the same again. */
export type ExpressionValue =
  | string
  | boolean
  | number
  | bigint
  | null
  | readonly ExpressionValue[]
  | ReadonlyMap<string, ExpressionValue>;

/** What an expression said. `failed` names the kind of failure and its place, never a value. */
export type ExpressionResult = { readonly r: 'yes' | 'no' } | { readonly r: 'failed'; readonly what: string };

/** A condition that was read, checked and bounded. Never throws, never waits. */
export type Expression = (variables: Readonly<Record<string, ExpressionValue>>) => ExpressionResult;

/** A text that is no condition, or one that we do not run. */
export type ReadExpression =
  | { readonly r: 'ok'; readonly expression: Expression }
  /** `at`: the character, counted from 1; `null` when it is about the whole. */
  | { readonly r: 'wrong'; readonly problem: string; readonly at: number | null };

/** Longest expression, in characters. */
const maxLength = 4096;

const limits = {
  maxAstNodes: 500,
  maxDepth: 32,
  maxListElements: 200,
  maxMapEntries: 50,
  maxCallArguments: 4,
};

/**
 * What may be called. Nothing here costs more than its input is long, and nothing makes more data: no regular expressions
 * (the library's backtrack), no `map`, no `cel.bind`, no changing of case (the library's knows more than ASCII).
 */
const functions: ReadonlySet<string> = new Set(
  'has size startsWith endsWith contains string int double bool dyn type exists exists_one all filter'.split(
    ' ',
  ),
);

/** These walk a list; one within another would take the square of what a provider sends. */
const loops: ReadonlySet<string> = new Set(['exists', 'exists_one', 'all', 'filter']);

let environment: Promise<Environment> | null = null;

/** Reads a condition in the Common Expression Language. The library is loaded with the first one. */
export async function readExpression(text: string): Promise<ReadExpression> {
  if (text.length > maxLength)
    return { r: 'wrong', problem: `is longer than ${maxLength} characters`, at: null };
  environment ??= makeEnvironment();
  try {
    const run = (await environment).parse(text);
    const refused = refusedCall(run.ast, false);
    if (refused) return { r: 'wrong', ...refused };
    const { valid, type = '', error } = run.check();
    if (!valid) return wrong(error);
    // `dyn`: a claim that may be true; whatever else it is at the time is a no.
    if (type !== 'bool' && type !== 'dyn')
      return { r: 'wrong', problem: `is not a condition: its type is ${type.replaceAll('$', '')}`, at: null };
    return { r: 'ok', expression: (variables) => evaluate(() => run({ ...variables })) };
  } catch (error) {
    return wrong(error);
  }
}

async function makeEnvironment(): Promise<Environment> {
  const cel = await import('@marcbachmann/cel-js');
  const known = { subject: 'string', name: 'string', email: 'string', email_domain: 'string' };
  return new cel.Environment({ limits, homogeneousAggregateLiterals: false })
    .registerVariable({ name: 'user', schema: known })
    .registerVariable('claims', 'map<string, dyn>')
    .registerVariable('upstream', 'string')
    .registerVariable({ name: 'client', schema: { id: 'string', name: 'string' } })
    .registerVariable('resource', 'string');
}

function evaluate(run: () => unknown): ExpressionResult {
  try {
    const value = run();
    if (typeof value === 'boolean') return { r: value ? 'yes' : 'no' };
    return { r: 'failed', what: 'it is neither true nor false' };
  } catch (error) {
    // The library's own words may quote claims.
    const { code, at } = placeOf(error);
    return {
      r: 'failed',
      what: `it cannot be evaluated: ${code}${at === null ? '' : ` at character ${at}`}`,
    };
  }
}

function wrong(error: unknown): Extract<ReadExpression, { r: 'wrong' }> {
  const { at, summary } = placeOf(error);
  return { r: 'wrong', problem: summary, at };
}

/** What the library's errors tell; anything else it throws (a stack that ran out) is a failure without a place. */
function placeOf(error: unknown): {
  readonly code: string;
  readonly summary: string;
  readonly at: number | null;
} {
  const told: Readonly<Record<string, unknown>> = error instanceof Error ? { ...fieldsOf(error) } : {};
  const { code, summary, start } = told;
  return {
    code: typeof code === 'string' ? code.replaceAll('_', ' ') : 'unknown failure',
    summary: typeof summary === 'string' ? summary : 'cannot be read',
    at: typeof start === 'number' ? start + 1 : null,
  };
}

/** `code`, `summary` and `range` are accessors on the library's errors. */
function fieldsOf(error: Error): Readonly<Record<string, unknown>> {
  const { code, summary, range } = error as Error & { code?: unknown; summary?: unknown; range?: unknown };
  const start = typeof range === 'object' && range !== null && 'start' in range ? range.start : null;
  return { code, summary, start };
}

/** The first call that is not on the list, or a loop within a loop. */
function refusedCall(node: unknown, looping: boolean): { problem: string; at: number } | null {
  if (Array.isArray(node)) {
    for (const one of node) {
      const refused = refusedCall(one, looping);
      if (refused) return refused;
    }
    return null;
  }
  if (!isNode(node)) return null;
  const called = calledName(node);
  const at = node.pos + 1;
  if (called !== null && !functions.has(called))
    return { problem: `calls ${called}(), which does not exist here`, at };
  const walks = called !== null && loops.has(called);
  if (walks && looping) return { problem: `calls ${called}() within another loop`, at };
  if (!walks) return refusedCall(node.args, looping);
  const [, list, inner] = node.args as readonly unknown[];
  return refusedCall(list, looping) ?? refusedCall(inner, true);
}

function calledName({ op, args }: ASTNode): string | null {
  const named: unknown = Array.isArray(args) ? args[0] : null;
  return (op === 'call' || op === 'rcall') && typeof named === 'string' ? named : null;
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value && 'pos' in value;
}
