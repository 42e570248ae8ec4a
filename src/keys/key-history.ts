import { SallyportError } from '../types/error.ts';
import type { Clock, Milliseconds } from '../types/time.ts';
import type { RingStore } from './wrapped-ring.ts';

/** Names of the keys of one kind in the order of the configuration: the first is meant to sign. */
export interface ConfiguredKeys {
  readonly signing: readonly string[];
  readonly hmac: readonly string[];
}

/** Which key signs now. */
export interface Turn {
  /** Index among the configured ones. */
  readonly signs: number;
  /** When the first of the configuration takes over; `null` when it signs already. */
  readonly next: Milliseconds | null;
}

/** A signing key that was taken away while tokens of it may live. */
export interface MissedKey {
  readonly name: string;
  readonly until: Milliseconds;
}

export interface KeyPlan {
  readonly signing: Turn;
  readonly hmac: Turn;
  readonly missed: readonly MissedKey[];
}

export interface KeyHistoryOptions {
  readonly store: Pick<RingStore, 'loadKeyRing' | 'saveKeyRing'>;
  readonly clock: Clock;
  /** How long a key verifies before it signs. */
  readonly delay: Milliseconds;
  /** How long a token of the signing key lives. */
  readonly tokenLife: Milliseconds;
}

/** What is remembered of a key. `seen` is 0 for the very first ones, which sign at once. */
interface Entry {
  readonly seen: Milliseconds;
  /** Signs, as far as whoever wrote last knows. */
  readonly signs: boolean;
  /** When its last token ends at the latest, once it signs no more. */
  readonly until: Milliseconds;
  /** Longest life of its tokens. */
  readonly life: Milliseconds;
}

type Entries = Readonly<Record<string, Entry>>;
type History = { readonly signing: Entries; readonly hmac: Entries };

const rowName = 'key-history';
const maxTries = 20;
/** A key that nobody has configured for so long is new when it comes again. */
const forgetAfter: Milliseconds = 90 * 86_400_000;

/**
 * Remembers in the store since when every replica's keys are known, and decides which of them sign: the first of the
 * configuration once it has been known for the delay, so that every verifier and replica has it by then; until then
 * the first older one. With nothing older left the first signs at once: taking the old key away is the emergency switch.
 * @throws {SallyportError} `storage_failed`
 */
export async function planKeys(
  configured: ConfiguredKeys,
  { store, clock, delay, tokenLife }: KeyHistoryOptions,
): Promise<KeyPlan> {
  for (let attempt = 0; attempt < maxTries; attempt += 1) {
    const row = await store.loadKeyRing(rowName);
    const known = readHistory(row?.value ?? null);
    const now = clock();
    const signing = withNew(believable(known.signing, now + delay), configured.signing, now);
    const hmac = withNew(believable(known.hmac, now + delay), configured.hmac, now);
    const turns = {
      signing: turnOf(signing, configured.signing, { now, delay }),
      hmac: turnOf(hmac, configured.hmac, { now, delay }),
    };
    const signer = configured.signing[turns.signing.signs];
    const next: History = {
      signing: forgetful(used(signing, signer, { now, tokenLife }), configured.signing, now),
      hmac: forgetful(hmac, configured.hmac, now),
    };
    const text = JSON.stringify(next);
    const plan = { ...turns, missed: missedOf(next.signing, configured.signing, now) };
    if (text === JSON.stringify(known)) return plan;
    const value = Buffer.from(text);
    if ((await store.saveKeyRing(rowName, { value, version: row?.version ?? 0 })) === 'ok') return plan;
  }
  throw new SallyportError('storage_failed', 'the history of keys changed at every attempt to save it');
}

/**
 * Forgets keys that were first seen at a moment still to come: a clock was wrong, and they would not sign until then. Who
 * has one configured sees it for the first time now.
 */
function believable(known: Entries, latest: Milliseconds): Entries {
  const entries = Object.entries(known);
  const believed = entries.filter(([, { seen, signs }]) => signs || seen <= latest);
  return believed.length === entries.length ? known : Object.fromEntries(believed);
}

/** Without any history these are the first keys of a fresh installation, which nobody has to wait for. */
function withNew(known: Entries, names: readonly string[], now: Milliseconds): Entries {
  const seen = Object.keys(known).length === 0 ? 0 : now;
  const fresh = names.filter((name) => !Object.hasOwn(known, name));
  const entry: Entry = { seen, signs: false, until: 0, life: 0 };
  return { ...known, ...Object.fromEntries(fresh.map((name) => [name, entry])) };
}

function turnOf(
  entries: Entries,
  names: readonly string[],
  { now, delay }: { readonly now: Milliseconds; readonly delay: Milliseconds },
): Turn {
  const activeAt = (name: string): Milliseconds => {
    const { seen = 0 } = entries[name] ?? {};
    return seen === 0 ? 0 : seen + delay;
  };
  const signs = names.findIndex((name) => activeAt(name) <= now);
  // Nothing older is there to sign with.
  if (signs <= 0) return { signs: 0, next: null };
  return { signs, next: Math.min(...names.slice(0, signs).map(activeAt)) };
}

function used(
  entries: Entries,
  signer: string | undefined,
  { now, tokenLife }: { readonly now: Milliseconds; readonly tokenLife: Milliseconds },
): Entries {
  const next = Object.entries(entries).map(([name, entry]): [string, Entry] => {
    if (name === signer)
      return [name, { ...entry, signs: true, until: 0, life: Math.max(entry.life, tokenLife) }];
    return [name, entry.signs ? { ...entry, signs: false, until: now + entry.life } : entry];
  });
  return Object.fromEntries(next);
}

function forgetful(entries: Entries, names: readonly string[], now: Milliseconds): Entries {
  return Object.fromEntries(
    Object.entries(entries).filter(
      ([name, { seen, until }]) =>
        names.includes(name) || Math.max(seen, until) + forgetAfter > now || seen === 0,
    ),
  );
}

function missedOf(entries: Entries, names: readonly string[], now: Milliseconds): readonly MissedKey[] {
  return Object.entries(entries)
    .filter(([name, { until }]) => !names.includes(name) && until > now)
    .map(([name, { until }]) => ({ name, until }));
}

/** Our own row; one that does not read is as good as none, and the keys of the configuration are then the first. */
function readHistory(value: Uint8Array | null): History {
  const none: History = { signing: {}, hmac: {} };
  if (value === null) return none;
  try {
    const { signing, hmac } = JSON.parse(Buffer.from(value).toString()) as Partial<History>;
    return { signing: entriesOf(signing), hmac: entriesOf(hmac) };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return none;
    throw error;
  }
}

function entriesOf(value: Entries | undefined): Entries {
  const entries = Object.entries(value ?? {});
  return Object.fromEntries(
    entries.filter(([, { seen, until, life }]) => [seen, until, life].every((at) => Number.isFinite(at))),
  );
}
