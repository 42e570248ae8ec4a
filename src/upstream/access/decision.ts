import type { Identity } from '../../types/tokens.ts';

/** Who asks for access to what, with whom. */
export interface AccessQuestion {
  readonly identity: Identity;
  readonly client: { readonly id: string; readonly name: string | null };
  /** Canonical identifier. */
  readonly resource: string;
}

/** One key of a rule. `why` tells what failed or held, and never who somebody is. */
export interface KeyOutcome {
  readonly key: string;
  readonly held: boolean;
  readonly why: string;
}

/** One rule: it holds when all of its keys do. */
export interface RuleOutcome {
  /** Its name, or `rule` and its number from 1. */
  readonly rule: string;
  readonly held: boolean;
  readonly keys: readonly KeyOutcome[];
}

/** Whether somebody may sign in. `reason` is for the log: it names what failed, not who. */
export type AccessDecision =
  | { readonly allowed: true; readonly rules: readonly RuleOutcome[] }
  | { readonly allowed: false; readonly reason: string; readonly rules: readonly RuleOutcome[] };

/** Rules that did not hold, a line each, with the keys that kept them from it. */
export function tellRefusals(rules: readonly RuleOutcome[]): readonly string[] {
  return rules
    .filter(({ held }) => !held)
    .map(({ rule, keys }) => {
      const failed = keys.filter(({ held }) => !held).map(({ key, why }) => `${key}: ${why}`);
      return `${rule} (${failed.join('; ')})`;
    });
}
