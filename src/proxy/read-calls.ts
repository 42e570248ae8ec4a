import { readUnambiguousJson } from './unambiguous-json.ts';

/** One message of a body: what is asked for, and by which id the answer is known. */
export interface Call {
  /** `null`: it answers something, and asks for nothing. */
  readonly method: string | null;
  /** Of the tool, for `tools/call`; else whatever `params` call by a name or URI. */
  readonly target: string | null;
  /** `undefined`: nobody waits for an answer. */
  readonly id: string | number | undefined;
  /** It is of the revision 2026-07-28 or later, whose requests say so themselves. */
  readonly modern: boolean;
}

/** The messages of a body, or a JSON-RPC error that says why they cannot be judged (JSON-RPC 2.0 §5.1). */
export type ReadCalls =
  | { readonly r: 'ok'; readonly calls: readonly Call[]; readonly batch: boolean }
  | { readonly r: 'refused'; readonly code: number; readonly why: string };

type Fields = Readonly<Record<string, unknown>>;

const notJson = -32700;
const notRequest = -32600;
const badParams = -32602;

/** The method that calls a tool; methods are told apart by case (JSON-RPC 2.0 §4). */
export const callsTool = 'tools/call';

/**
 * Reads what a body asks an MCP server for, so that the server behind cannot read anything else: what one of the usual
 * parsers would understand in another way is refused, and so is what is no JSON-RPC message at all.
 * @param knownNames names of tools that may hold any character, because the operator wrote them
 */
export function readCalls(bytes: Buffer, knownNames: ReadonlySet<string>): ReadCalls {
  const read = readUnambiguousJson(bytes);
  if (read.r === 'refused') return { r: 'refused', code: notJson, why: read.why };
  const batch = Array.isArray(read.value);
  const messages: readonly unknown[] = Array.isArray(read.value) ? read.value : [read.value];
  if (messages.length === 0) return refused('the batch is empty');
  const calls: Call[] = [];
  for (const message of messages) {
    const call = readCall(message, knownNames);
    if ('r' in call) return call;
    calls.push(call);
  }
  return { r: 'ok', calls, batch };
}

type Refused = Extract<ReadCalls, { r: 'refused' }>;

function readCall(message: unknown, knownNames: ReadonlySet<string>): Call | Refused {
  if (!isFields(message)) return refused('a message is an object');
  const odd = oddKey(message, messageKeys);
  if (odd) return refused(odd);
  const id = idOf(message);
  const method = own(message, 'method');
  if (method === undefined) return { method: null, target: null, id: undefined, modern: false };
  if (typeof method !== 'string' || !/^[\x21-\x7e]+$/u.test(method))
    return refused('the method is a text of printable characters without spaces');
  const params = own(message, 'params');
  const modern = isModern(params);
  if (method !== callsTool) {
    // Somebody may compare without case; nobody has a method by that name that is not this one.
    if (method.toLowerCase() === callsTool) return refused(`the method is written ${callsTool}`);
    return { method, target: targetOf(params), id, modern };
  }
  if (!isFields(params)) return refused('params is an object', badParams);
  const oddParam = oddKey(params, paramKeys);
  if (oddParam) return refused(oddParam, badParams);
  const name = own(params, 'name');
  if (typeof name !== 'string' || !(isPlainName(name) || knownNames.has(name)))
    return refused('the name of a tool is a text of 1 to 512 printable ASCII characters', badParams);
  return { method, target: name, id, modern };
}

/** Programs trim, cut at a zero byte and fold what looks alike: such names never reach one. */
function isPlainName(name: string): boolean {
  return name.length <= 512 && /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/u.test(name);
}

/** Keys that decide what is asked for. */
const messageKeys = new Set(['jsonrpc', 'id', 'method', 'params']);
const paramKeys = new Set(['name']);

/**
 * Why a key may be read as another: the JSON of Go and of .NET finds fields without case, programs in C end a text at a
 * zero byte, and `__proto__` is no key everywhere.
 */
function oddKey(fields: Fields, known: ReadonlySet<string>): string | null {
  for (const key of Object.keys(fields)) {
    if (!/^[\x20-\x7e]*$/u.test(key)) return 'keys are of printable ASCII characters';
    if (key === '__proto__') return 'the key __proto__ is not allowed';
    const folded = key.trim().toLowerCase();
    if (folded !== key && known.has(folded)) return `the key ${folded} is written in another way`;
  }
  return null;
}

/** What `Mcp-Name` tells of other methods (MCP 2026-07-28, transports, request metadata). */
function targetOf(params: unknown): string | null {
  if (!isFields(params)) return null;
  const target = own(params, 'name') ?? own(params, 'uri');
  return typeof target === 'string' ? target : null;
}

function isModern(params: unknown): boolean {
  const meta = isFields(params) ? own(params, '_meta') : null;
  return isFields(meta) && typeof own(meta, 'io.modelcontextprotocol/protocolVersion') === 'string';
}

function idOf(message: Fields): string | number | undefined {
  const id = own(message, 'id');
  return typeof id === 'string' || typeof id === 'number' ? id : undefined;
}

function own(fields: Fields, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refused(why: string, code: number = notRequest): Refused {
  return { r: 'refused', code, why };
}
