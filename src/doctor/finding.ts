/** How much a finding matters. `fail`: something breaks a client, or will; `warn`: an operator should know. */
export type Level = 'ok' | 'warn' | 'fail';

/** One thing that was looked at. */
export interface Finding {
  /** Stable name of the check, such as `issuer-match`. */
  readonly check: string;
  readonly level: Level;
  /** What was found, in one line. */
  readonly message: string;
  /** What to do; `null` when nothing needs doing. */
  readonly fix: string | null;
  /** Ids of the clients that it breaks. */
  readonly clients: readonly string[];
  /** Name of the upstream that it is about; left out where it is about none. */
  readonly upstream?: string;
}

/** Whether one client gets in. */
export interface Verdict {
  readonly id: string;
  readonly name: string;
  readonly verdict: 'works' | 'breaks';
  /** Names of the checks that break it. */
  readonly because: readonly string[];
}

/** What `sallyport doctor` says; `--json` prints this very object. Members are only ever added to version 1. */
export interface Report {
  readonly version: 1;
  readonly mode: 'url' | 'config';
  /** The URL or the file. */
  readonly subject: string;
  /** No finding is a failure. */
  readonly ok: boolean;
  readonly findings: readonly Finding[];
  /** Empty for a configuration. */
  readonly clients: readonly Verdict[];
}

/** Something that is not as it should be. */
export interface Problem {
  readonly level: 'warn' | 'fail';
  readonly message: string;
  readonly fix: string;
}

/** A {@link Problem} that breaks a client, or ourselves. */
export function fail(message: string, fix: string): Problem {
  return { level: 'fail', message: printable(message), fix: printable(fix) };
}

/** Likewise, for what breaks nobody yet. */
export function warn(message: string, fix: string): Problem {
  return { level: 'warn', message: printable(message), fix: printable(fix) };
}

/** A finding about one thing that concerns no single client. */
export function finding(check: string, told: Problem | string): Finding {
  if (typeof told === 'string')
    return { check, level: 'ok', message: printable(told), fix: null, clients: [] };
  return { check, ...told, clients: [] };
}

/** Puts findings together. */
export function report(
  subject: { readonly mode: Report['mode']; readonly subject: string },
  findings: readonly Finding[],
  clients: readonly Verdict[] = [],
): Report {
  return {
    version: 1,
    mode: subject.mode,
    subject: printable(subject.subject),
    ok: findings.every(({ level }) => level !== 'fail'),
    findings,
    clients,
  };
}

/** A member of a stranger's document as text: of lists and objects nothing is told, whose own `toString` may be anything. */
export function wordOf(value: unknown): string {
  return typeof value === 'object' && value !== null ? 'something that is no text' : String(value);
}

/**
 * Text that a stranger may have written, fit for a terminal: no control characters (they move cursors and set titles), nothing
 * that turns the writing direction, at most 400 characters.
 */
function printable(text: string): string {
  const clean = text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '?');
  return clean.length > 400 ? `${clean.slice(0, 400)}…` : clean;
}
