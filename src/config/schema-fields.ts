import { z } from 'zod';
import { durationPattern } from './duration.ts';

/** A duration in Go's grammar; a zero means the default. */
export type DurationText = string | 0;

/**
 * A section of the file: exactly these fields. Every field of the written type must be in the shape and the other way
 * round, so that type and schema cannot differ (isolated declarations need the type to be written down).
 */
export function section<T extends object>(shape: {
  readonly [K in keyof Required<T>]: z.ZodType<T[K]>;
}): z.ZodType<T> {
  // `shape` is tied to T field by field above; zod's own inferred type would only repeat it.
  return z.strictObject(shape) as unknown as z.ZodType<T>;
}

/** A section that may be left out. */
export function optional<T>(schema: z.ZodType<T>, description: string): z.ZodType<T | undefined> {
  return schema.meta({ description }).optional();
}

/** Text that must be there. */
export function requiredText(description: string, example: string): z.ZodType<string> {
  return z
    .string()
    .min(1)
    .meta({ description, examples: [example] });
}

/** Text that may be left out. */
export function text(description: string, example: string): z.ZodType<string | undefined> {
  return z
    .string()
    .min(1)
    .meta({ description, examples: [example] })
    .optional();
}

/** A switch; off when left out. */
export function flag(description: string): z.ZodType<boolean | undefined> {
  return z.boolean().meta({ description, default: false }).optional();
}

/** A list of texts that may be left out. */
export function texts(description: string, example: readonly string[]): z.ZodType<string[] | undefined> {
  return z
    .array(z.string())
    .meta({ description, examples: [example] })
    .optional();
}

/** A list of texts that is useless when empty. */
export function someTexts(description: string, example: readonly string[]): z.ZodType<string[] | undefined> {
  return z
    .array(z.string().min(1))
    .min(1)
    .meta({ description, examples: [example] })
    .optional();
}

/** Names with texts. */
export function textMap(
  description: string,
  example: Readonly<Record<string, string>>,
): z.ZodType<Record<string, string> | undefined> {
  return z
    .record(z.string(), z.string())
    .meta({ description, examples: [example] })
    .optional();
}

/** One of a few words. */
export function oneOf<const T extends string>(
  words: readonly T[],
  description: string,
): z.ZodType<T | undefined> {
  return z.enum(words).meta({ description }).optional();
}

/** A whole number within bounds. */
export function wholeNumber(
  bounds: { readonly min: number; readonly max: number },
  meta: { readonly description: string; readonly default?: number },
): z.ZodType<number | undefined> {
  return z.int().min(bounds.min).max(bounds.max).meta(meta).optional();
}

/** A duration in Go's grammar. */
export function duration(description: string, example: string): z.ZodType<DurationText | undefined> {
  const error = 'is not a duration';
  return z
    .union([z.string().regex(durationPattern, { error }), z.literal(0)], { error })
    .meta({ description, examples: [example] })
    .optional();
}
