import { ourSections } from './our-sections.ts';

/** Deepest nesting of a configuration that makes sense; a programmatic one may even be circular. */
const maxDepth = 16;

/** Maps from free names to texts: an empty text means itself there. */
const textMaps: ReadonlySet<string> = new Set([
  'additional_authorization_params',
  'additional_headers',
  'token_params',
  'refresh_params',
]);

/** Our own fields inside ToolHive's sections. */
const ourFields: ReadonlySet<string> = new Set([
  'display_name',
  'token_endpoint_auth_method',
  'sqlite',
  'github_api_url',
  'profile',
  'email_verified_fields',
  'body',
  'trust',
  'allow_hosts',
  'deny_hosts',
  'built_in_documents',
  'logos',
  'allow_loopback',
]);

/**
 * A copy of a configuration in which ToolHive's sections have lost what Go reads as absent: `null` and `''`. Our own
 * sections keep them, because an `access:` without rules must be a mistake and never "no rules".
 * @throws {RangeError} when it is nested too deeply
 */
export function tidy(raw: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const entries = Object.entries(raw).map(([name, value]): [string, unknown] =>
    ourSections.includes(name) ? [name, copy(value, maxDepth)] : [name, withoutZeros(value, maxDepth)],
  );
  return Object.fromEntries(
    entries.filter(([name, value]) => value !== undefined && (ourSections.includes(name) || !isZero(value))),
  );
}

/** Whether a tidy configuration has none of our own sections and fields: then it was written for ToolHive. */
export function isToolhiveFile(config: Readonly<Record<string, unknown>>): boolean {
  return !Object.keys(config).some((name) => ourSections.includes(name)) && !hasOurFields(config);
}

/** Whether a value is an object as JSON knows it. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function hasOurFields(value: unknown): boolean {
  if (Array.isArray(value)) return value.some((item) => hasOurFields(item));
  if (!isPlainObject(value)) return false;
  return Object.entries(value).some(([name, below]) => ourFields.has(name) || hasOurFields(below));
}

function isZero(value: unknown): boolean {
  return value === null || value === undefined || value === '';
}

function copy(value: unknown, depth: number): unknown {
  return walk(value, depth, (_name, below) => copy(below, depth - 1));
}

function withoutZeros(value: unknown, depth: number): unknown {
  const cleaned = walk(value, depth, (name, below) =>
    textMaps.has(name) ? copy(below, depth - 1) : withoutZeros(below, depth - 1),
  );
  if (!isPlainObject(cleaned)) return cleaned;
  return Object.fromEntries(Object.entries(cleaned).filter(([, below]) => !isZero(below)));
}

/** `Object.fromEntries` makes even `__proto__` a plain property, which the schema then refuses. */
function walk(value: unknown, depth: number, step: (name: string, below: unknown) => unknown): unknown {
  if (depth === 0) throw new RangeError('a configuration is not nested that deeply');
  if (Array.isArray(value)) return value.map((item) => step('', item));
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, below]) => [name, step(name, below)]));
}
