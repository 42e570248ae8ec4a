import type { Quirks } from '../quirks/quirks.ts';

/**
 * How sure we are of a fact: read in the provider's public documentation; reported by users in public issues; or
 * assumed, because nothing public settles it.
 */
export type Verified = 'docs' | 'reports' | 'assumed';

/** The value of a switch, and how sure we are that the provider is like that. */
export interface Fact<T> {
  readonly value: T;
  readonly verified: Verified;
}

/** One provider: its departures from {@link plainQuirks}. */
export interface Preset {
  /** Public pages that the facts are from. */
  readonly documentation: readonly string[];
  readonly quirks: { readonly [K in keyof Quirks]?: Fact<Quirks[K]> };
}

/** A fact from the provider's documentation. */
export function docs<const T>(value: T): Fact<T> {
  return { value, verified: 'docs' };
}

/** A fact that users of the provider reported in public. */
export function reports<const T>(value: T): Fact<T> {
  return { value, verified: 'reports' };
}

/** A guess that nothing public settles. */
export function assumed<const T>(value: T): Fact<T> {
  return { value, verified: 'assumed' };
}

/** The switches of a preset over those of a provider without quirks. */
export function quirksOf(preset: Preset, plain: Quirks): Quirks {
  const changes = Object.entries(preset.quirks).map(([name, fact]) => [name, fact.value] as const);
  return { ...plain, ...Object.fromEntries(changes) };
}
