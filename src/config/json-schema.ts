import { z } from 'zod';
import { runConfigSchema } from './schema.ts';

/** The parts of JSON Schema (2020-12) that our schema uses. */
export interface JsonSchemaNode {
  readonly type?: string;
  readonly description?: string;
  readonly examples?: readonly unknown[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, JsonSchemaNode>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchemaNode;
  readonly anyOf?: readonly JsonSchemaNode[];
  readonly additionalProperties?: JsonSchemaNode | boolean;
}

/** The JSON Schema (2020-12) of a `RunConfig`, for editors and for the reference page. */
export function runConfigJsonSchema(): JsonSchemaNode & Readonly<Record<string, unknown>> {
  const schema = z.toJSONSchema(runConfigSchema, { io: 'input' });
  const title = 'Sallyport configuration (ToolHive RunConfig v0.1.0 and our own sections)';
  // zod types its result as all of JSON Schema, whose corners `JsonSchemaNode` leaves out.
  return { title, ...schema } as JsonSchemaNode & Readonly<Record<string, unknown>>;
}

/** What the schema says about a place in the file; `null` where it says nothing. */
export function schemaAt(root: JsonSchemaNode, path: readonly PropertyKey[]): JsonSchemaNode | null {
  let places: readonly JsonSchemaNode[] = [root];
  for (const step of path) places = places.flatMap((place) => stepsFrom(place, step));
  return places[0] ?? null;
}

function stepsFrom(place: JsonSchemaNode, step: PropertyKey): readonly JsonSchemaNode[] {
  const { properties, additionalProperties, items, anyOf = [] } = place;
  const below = anyOf.flatMap((choice) => stepsFrom(choice, step));
  if (typeof step === 'number') return items ? [items, ...below] : below;
  const name = String(step);
  const named = properties && Object.hasOwn(properties, name) ? properties[name] : undefined;
  if (named) return [named, ...below];
  return typeof additionalProperties === 'object' ? [additionalProperties, ...below] : below;
}
