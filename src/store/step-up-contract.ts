/** Grants whose clients were just sent to authorize for more scopes; part of the store's contract. */
import type { Milliseconds } from '../types/time.ts';
import type { GrantKey } from './terms.ts';

/** Part of the store's contract. */
export interface StepUpSteps {
  /** For so long a refresh of the grant can be its client's reflex; see `RotateRefresh.heedStepUp`. */
  noteStepUp(note: GrantKey & { readonly ttl: Milliseconds }): Promise<void>;
}
