import type { Config } from '../config/config.ts';

/** A scope as pages name it: by what the operator says of it, where they say something. */
export function described(
  { scopeDescriptions }: Config,
  name: string,
): { readonly name: string; readonly description: string | null } {
  return { name, description: scopeDescriptions[name] ?? null };
}
