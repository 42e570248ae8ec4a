import { complaintsFrom } from './complaints.ts';
import { ConfigError } from './problems.ts';
import type { Findings, Path } from './problems.ts';
import { runConfigSchema } from './schema.ts';
import type { RunConfig } from './schema.ts';
import { isPlainObject, isToolhiveFile, tidy } from './tidy.ts';

/** A value of which every part that is there has the right type; what had not is gone, and was complained about. */
export type Sieved<T> = T extends readonly (infer U)[]
  ? readonly (Sieved<U> | undefined)[]
  : T extends object
    ? { readonly [K in keyof T]?: Sieved<T[K]> | undefined }
    : T;

/** What is left of a file after its shape was checked. */
export interface Shape {
  readonly config: Sieved<RunConfig>;
  /** It has none of our own sections and fields. */
  readonly toolhiveFile: boolean;
}

/**
 * Checks types, words and names of fields. Complains about each place that is wrong and takes it out, so that
 * everything else can still be looked at.
 * @throws {ConfigError} when there is nothing to look at
 */
export function checkShape(raw: unknown, findings: Findings): Shape {
  const config = readObject(raw, findings);
  if (config === null) throw new ConfigError(findings.problems);
  const toolhiveFile = isToolhiveFile(config);
  const { error } = runConfigSchema.safeParse(config);
  for (const { path, ...complaint } of error ? complaintsFrom(error.issues, config) : []) {
    findings.refuse(path, complaint);
    remove(config, path);
  }
  // What zod did not complain about has the type that the schema says.
  return { config, toolhiveFile };
}

function readObject(raw: unknown, findings: Findings): Record<string, unknown> | null {
  if (!isPlainObject(raw)) {
    findings.refuse([], {
      problem: 'is not a set of fields',
      fix: 'write fields, at least issuer and upstreams',
    });
    return null;
  }
  try {
    return tidy(raw);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    findings.refuse([], { problem: 'is nested too deeply', fix: 'write it without references to itself' });
    return null;
  }
}

/** Items of lists leave a hole, so that the places of the others stay what they are in the file. */
function remove(root: Record<string, unknown>, path: Path): void {
  let place: unknown = root;
  for (const step of path.slice(0, -1)) place = Reflect.get(Object(place), step);
  const last = path.at(-1);
  if (last === undefined) return;
  if (Array.isArray(place)) place[Number(last)] = undefined;
  else if (isPlainObject(place)) Reflect.deleteProperty(place, last);
}
