import { SallyportError } from '../types/error.ts';
import type { Milliseconds } from '../types/time.ts';

/** Nanoseconds in each unit of Go's grammar. `µ` exists twice in Unicode, and both are in use. */
const units: ReadonlyMap<string, bigint> = new Map([
  ['ns', 1n],
  ['us', 1_000n],
  ['\u00b5s', 1_000n],
  ['\u03bcs', 1_000n],
  ['ms', 1_000_000n],
  ['s', 1_000_000_000n],
  ['m', 60_000_000_000n],
  ['h', 3_600_000_000_000n],
]);

/** Go keeps durations in 64 bits of nanoseconds: about 292 years. */
const longest = 2n ** 63n - 1n;

/** The grammar of Go's `time.ParseDuration`, as JSON Schema needs it. Each digit fits in one place only: no backtracking. */
export const durationPattern: RegExp =
  /^[+-]?(?:0|(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|\u00b5s|\u03bcs|ms|s|m|h))+)$/;

/**
 * Reads a duration in Go's grammar: an optional sign, then numbers with units (`1h30m`, `1.5s`); there are no days.
 * A bare `0` is the only number without a unit.
 * @returns milliseconds; fractions are kept
 * @throws {SallyportError} `config_invalid` when the text is no duration or longer than 292 years
 */
export function parseDuration(text: string): Milliseconds {
  if (!durationPattern.test(text))
    throw new SallyportError(
      'config_invalid',
      'not a duration: write numbers with units, such as 1h30m or 90s',
    );
  let total = 0n;
  for (const [, whole = '', fraction = '', unit = ''] of text.matchAll(
    /(\d*)(?:\.(\d*))?([a-z\u00b5\u03bc]+)/g,
  ))
    total += nanoseconds({ whole, fraction, unit: units.get(unit) ?? 0n });
  if (total > longest) throw new SallyportError('config_invalid', 'a duration ends at 292 years');
  const size = Number(total / 1_000_000n) + Number(total % 1_000_000n) / 1_000_000;
  return text.startsWith('-') && size > 0 ? -size : size;
}

function nanoseconds(part: { whole: string; fraction: string; unit: bigint }): bigint {
  const fraction = (BigInt(part.fraction || '0') * part.unit) / 10n ** BigInt(part.fraction.length);
  return BigInt(part.whole || '0') * part.unit + fraction;
}

/**
 * Writes a duration so that {@link parseDuration} reads it: `1h30m`, `1.5s`, `0s`.
 * @param duration in milliseconds; fractions are rounded away
 */
export function formatDuration(duration: Milliseconds): string {
  const size = Math.round(Math.abs(duration));
  const [hours, minutes] = [Math.floor(size / 3_600_000), Math.floor(size / 60_000) % 60];
  const seconds = (size % 60_000) / 1000;
  const parts = [
    hours > 0 ? `${hours}h` : '',
    minutes > 0 ? `${minutes}m` : '',
    seconds > 0 || size === 0 ? `${seconds}s` : '',
  ];
  return `${duration < 0 && size > 0 ? '-' : ''}${parts.join('')}`;
}
