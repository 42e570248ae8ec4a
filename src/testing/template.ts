import type { Fields, Template } from './quirks/tokens.ts';

/** A JSON value; numbers that a double cannot hold are `bigint`. */
export type Json = string | number | bigint | boolean | null | readonly Json[] | JsonObject;

/** A JSON object. */
export interface JsonObject {
  readonly [name: string]: Json;
}

/** What the names in braces stand for. */
export type Attributes = Readonly<Record<string, Json | undefined>>;

/**
 * Fills a text: `{name}` becomes the attribute. A name without an attribute stays as it is, braces included, which is
 * how Entra's metadata comes to say `{tenantid}`.
 */
export function fillText(template: string, attributes: Attributes): string {
  return template.replaceAll(/\{(\w+)\}/g, (whole, name: string) => {
    const value = attributes[name];
    return value === undefined ? whole : textOf(value);
  });
}

/** Fills an object; members that are nothing but a name without an attribute are left out. */
export function fillFields(fields: Fields, attributes: Attributes): JsonObject {
  const filled = Object.entries(fields).map(
    ([name, template]) => [name, fill(template, attributes)] as const,
  );
  return Object.fromEntries(
    filled.filter((entry): entry is readonly [string, Json] => entry[1] !== undefined),
  );
}

function fill(template: Template, attributes: Attributes): Json | undefined {
  if (typeof template === 'string') {
    const [, name] = /^\{(\w+)\}$/.exec(template) ?? [];
    return name === undefined ? fillText(template, attributes) : attributes[name];
  }
  if (typeof template !== 'object' || template === null) return template;
  if (isList(template))
    return template.map((item) => fill(item, attributes)).filter((item) => item !== undefined);
  return fillFields(template, attributes);
}

/** `Array.isArray` does not narrow a readonly list out of a union. */
function isList(template: readonly Template[] | Fields): template is readonly Template[] {
  return Array.isArray(template);
}

/** A value as it stands in a form or in a longer text. */
export function textOf(value: Json): string {
  return typeof value === 'object' && value !== null ? writeJson(value) : String(value);
}

/** JSON text; a `bigint` keeps all its digits. */
export function writeJson(value: Json): string {
  return JSON.stringify(value, (_name, member: unknown) =>
    typeof member === 'bigint' ? rawJson(String(member)) : member,
  );
}

/** `JSON.rawJSON` of ECMAScript 2026: every supported Node has it, the library types not yet. */
const rawJson = (JSON as unknown as { readonly rawJSON: (text: string) => unknown }).rawJSON;
