import { CallToolRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { callsTool, readCalls } from '../../src/proxy/read-calls.ts';
import type { ReadCalls } from '../../src/proxy/read-calls.ts';
import { createToolRules } from '../../src/proxy/tool-rules.ts';
import { bounded, fuzz } from './cases.ts';
import { anyText, around } from './texts.ts';

/** JSON with the members of objects as they stand in the text, none lost. */
type Tree = string | number | boolean | null | readonly Tree[] | Members;
interface Members {
  readonly members: readonly (readonly [key: string, value: Tree])[];
}

const isMembers = (tree: Tree | undefined): tree is Members =>
  typeof tree === 'object' && tree !== null && 'members' in tree;

/** As somebody writes it who wants two readers to differ: any letter may be escaped. */
function write(tree: Tree, escape: (text: string) => string): string {
  if (isMembers(tree))
    return `{${tree.members.map(([key, value]) => `${escape(key)}:${write(value, escape)}`).join(',')}}`;
  if (Array.isArray(tree)) return `[${tree.map((one: Tree) => write(one, escape)).join(',')}]`;
  return typeof tree === 'string' ? escape(tree) : JSON.stringify(tree);
}

/** How a parser finds a member of an object: which of several, and how it compares keys. */
type Reader = (object: Members, key: string) => Tree | undefined;

const folds: readonly ((key: string) => string)[] = [
  (key) => key,
  (key) => key.toLowerCase(),
  (key) => key.normalize('NFKC').toLowerCase(),
  (key) => key.trim(),
  (key) => key.split('\0', 1)[0] ?? '',
];

const readers: readonly Reader[] = folds.flatMap((fold): Reader[] => {
  const all = ({ members }: Members, key: string): (Tree | undefined)[] =>
    members.filter(([name]) => fold(name) === key).map(([, value]) => value);
  return [(object, key) => all(object, key)[0], (object, key) => all(object, key).at(-1)];
});

/** The tools that a server calls which reads like this. */
function toolsFor(reader: Reader, body: Tree): readonly Tree[] {
  const messages = Array.isArray(body) ? (body as readonly Tree[]) : [body];
  return messages.flatMap((message) => {
    if (!isMembers(message)) return [];
    const method = reader(message, 'method');
    const params = reader(message, 'params');
    if (typeof method !== 'string' || method.trim().toLowerCase() !== callsTool) return [];
    const name = isMembers(params) ? reader(params, 'name') : undefined;
    return name === undefined ? [] : [name];
  });
}

const toolsIn = (read: Extract<ReadCalls, { r: 'ok' }>): readonly (string | null)[] =>
  read.calls.filter(({ method }) => method === callsTool).map(({ target }) => target);

const words = ['tools/call', 'Tools/Call', 'ping', 'safe_x', 'delete_all', 'DELETE_ALL', ' delete_all', ''];
const keys = ['jsonrpc', 'id', 'method', 'params', 'name', 'arguments', '_meta', 'Method', 'NAME', 'Params'];
const oddKeys = ['__proto__', 'name\0', 'method ', 'paramſ', 'ｎame', 'x', ':', '"', '\\'];

const tree = fc.letrec<{ value: Tree; object: Tree; list: Tree }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    { arbitrary: fc.constantFrom<Tree>(...words, 1, true, null), weight: 4 },
    { arbitrary: fc.string(), weight: 1 },
    { arbitrary: tie('object'), weight: 3 },
    { arbitrary: tie('list'), weight: 1 },
  ),
  object: fc
    .array(fc.tuple(fc.constantFrom(...keys, ...keys, ...oddKeys), tie('value')), { maxLength: 5 })
    .map((members): Tree => ({ members })),
  list: fc.array(tie('value'), { maxLength: 3 }),
}));

const call = fc
  .tuple(fc.constantFrom(...words), fc.constantFrom(...words), tree.object, tree.object)
  .map(([method, name, more, params]): Tree => {
    const inner: Tree = { members: [['name', name], ...(isMembers(params) ? params.members : [])] };
    return {
      members: [['method', method], ['params', inner], ...(isMembers(more) ? more.members.slice(0, 1) : [])],
    };
  });

const clean = fc
  .tuple(fc.constantFrom(...words), fc.constantFrom(...words), tree.value)
  .map(([method, name, id]): Tree => ({
    members: [
      ['id', id],
      ['method', method],
      ['params', { members: [['name', name]] }],
    ],
  }));

const body = fc.oneof(call, clean, tree.object, fc.array(fc.oneof(call, clean), { maxLength: 3 }));
const escaping = fc.constantFrom<(text: string) => string>(
  (text) => JSON.stringify(text),
  (text) =>
    `"${Array.from({ length: text.length }, (_, at) => `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`).join('')}"`,
  (text) => JSON.stringify(text).replaceAll('/', String.raw`\/`),
);

const read = (text: string): ReadCalls => bounded(() => readCalls(Buffer.from(text), new Set()));

describe('a body of calls', () => {
  it('that is let through calls for every parser the tools that were checked', () => {
    let passed = 0;
    fuzz(
      fc.tuple(body, escaping),
      ([message, escape]) => {
        const result = read(write(message, escape));
        if (result.r === 'refused') return;
        passed += 1;
        for (const reader of readers) expect(toolsFor(reader, message)).toEqual(toolsIn(result));
      },
      0.6,
    );
    expect(passed).toBeGreaterThan(100);
  });

  it('of any bytes near a call is read, or refused in words', () => {
    const text = JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: callsTool,
      params: { name: 'safe_x', arguments: { a: [1, 'x'] } },
    });
    fuzz(
      fc.oneof(around(fc.constant(text)), anyText),
      (near) => {
        const result = read(near);
        if (result.r === 'refused') expect(result.why).toMatch(/^[\x20-\x7e]{10,120}$/u);
        else expect(toolsIn(result)).toEqual(expect.arrayContaining(namesForTheSdk(near)));
      },
      0.4,
    );
  });

  it('is judged in a time that grows with its length only', () => {
    for (const text of ['['.repeat(200_000), '{"a":'.repeat(50_000), `"${'\\'.repeat(200_000)}"`])
      expect(read(text).r).toBe('refused');
    expect(read(`[${'[],'.repeat(100_000)}[]]`).r).toBe('refused');
    expect(
      read(`{"id":"${String.raw`\"`.repeat(100_000)}","x":${'['.repeat(5000)}${']'.repeat(5000)}}`).r,
    ).toBe('ok');
  });
});

/** What the official SDK's server would call. */
function namesForTheSdk(text: string): string[] {
  const value: unknown = JSON.parse(text);
  return (Array.isArray(value) ? value : [value]).flatMap((message) => {
    const parsed = CallToolRequestSchema.safeParse(message);
    return parsed.success ? [parsed.data.params.name] : [];
  });
}

describe('rules for tools', () => {
  const part = fc.constantFrom('*', 'a', 'b', 'A', '.', '_');
  const pattern = fc.array(part, { minLength: 1, maxLength: 6 }).map((parts) => parts.join(''));
  const name = fc
    .array(fc.constantFrom('a', 'b', 'A', 'B', '.', '_', '*'), { maxLength: 8 })
    .map((parts) => parts.join(''));

  it('match as a regular expression of the same meaning does', () => {
    fuzz(
      fc.tuple(pattern, name),
      ([glob, tool]) => {
        const rules = createToolRules([{ pattern: glob, scopes: ['x'] }]);
        const meant = glob.replaceAll(/[.\\]/gu, String.raw`\$&`).replaceAll('*', '[^]*');
        expect(rules.scopesFor(tool).length > 0).toBe(new RegExp(`^${meant}$`, 'iu').test(tool));
      },
      0.5,
    );
  });

  it('never demand less of a name in another case', () => {
    const rule = fc.record({ pattern, scopes: fc.subarray(['x', 'y', 'z']) });
    fuzz(fc.tuple(fc.array(rule, { maxLength: 5 }), name), ([list, tool]) => {
      const rules = createToolRules(list);
      if (rules.names.has(tool)) return;
      const folded = createToolRules(list.map((one) => ({ ...one, pattern: one.pattern.toLowerCase() })));
      expect(rules.scopesFor(tool)).toEqual(
        expect.arrayContaining([...folded.scopesFor(tool.toLowerCase())]),
      );
    });
  });

  it('are quick for names that nearly match', () => {
    const rules = createToolRules([{ pattern: `${'*a'.repeat(40)}*b`, scopes: ['x'] }]);
    expect(bounded(() => rules.scopesFor('a'.repeat(512)))).toEqual([]);
  });
});
