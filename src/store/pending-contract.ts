/** What the steps of a login under way are asked, and what they answer; part of the store's contract. */
import type { Milliseconds } from '../types/time.ts';
import type { Attempt, Sealed } from './terms.ts';

/** A login that was consented to and waits for the upstream's answer. */
export interface PutPending {
  readonly transaction: string;
  readonly sealed: Sealed;
  readonly ttl: Milliseconds;
  /** Address prefix of the browser: rows are capped per source. */
  readonly source: string;
  /** What waits already and is to be replaced, as long as nobody has replaced it and no answer came. */
  readonly instead?: Sealed;
}

/**
 * `ok` also when this very transaction waits already, with what is sealed in it when that is something else; `taken` when its answer came, `done` when its code was issued,
 * `denied` when the user has said no to it.
 */
export type PutPendingResult =
  | { readonly r: 'ok'; readonly leg: number; readonly sealed?: Sealed }
  | { readonly r: 'taken' }
  | { readonly r: 'done' }
  | { readonly r: 'denied' };

/** The user's no, which is kept as long as a yes would be: whatever else arrives for this transaction finds it. */
export interface DenyPending {
  readonly transaction: string;
  readonly ttl: Milliseconds;
  /** As in {@link PutPending}. */
  readonly source: string;
}

/** `ok` whether or not it waited, and every time again; `done` when its code was issued before: the no came too late. */
export type DenyPendingResult = { readonly r: 'ok' } | { readonly r: 'done' };

/** A leg was answered and another upstream comes next: what was learned so far is sealed in the row, and nowhere else. */
export interface AdvancePending {
  readonly transaction: string;
  /** The leg that was answered. */
  readonly leg: number;
  readonly attempt: Attempt;
  readonly sealed: Sealed;
  /** Of the next leg: people need their time at each upstream. */
  readonly ttl: Milliseconds;
}

/** `leg` is the one that is waited for now; `missing` also when another answer of the same leg went on before. */
export type AdvancePendingResult =
  | { readonly r: 'ok'; readonly leg: number }
  | { readonly r: 'done' }
  | { readonly r: 'denied' }
  | { readonly r: 'missing' };

export interface TakePending {
  readonly transaction: string;
  readonly leg: number;
  readonly attempt: Attempt;
}

/**
 * `ok` once per leg; `restarted` when that leg was taken before and its login never ended: the row now waits for `leg`, or
 * waited for it already, because the login has come to another upstream since;
 * `exhausted` after three restarts; `done` once the login was committed; `denied` once the user has said no.
 */
export type TakePendingResult =
  | { readonly r: 'ok'; readonly sealed: Sealed }
  | { readonly r: 'restarted'; readonly sealed: Sealed; readonly leg: number }
  | { readonly r: 'exhausted' }
  | { readonly r: 'done' }
  | { readonly r: 'denied' }
  | { readonly r: 'missing' };
