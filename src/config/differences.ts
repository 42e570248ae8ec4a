import { Secret } from '../types/secret.ts';
import type { Config } from './config.ts';
import { formatDuration } from './duration.ts';

/** One place where two configurations differ. */
export interface Difference {
  /** As in `upstreams[0].client_secret`. */
  readonly path: string;
  /** `1h → 30m`; never the value of a secret. */
  readonly text: string;
}

/** What follows from the rest, and what nobody can change by itself. */
const derived: ReadonlySet<string> = new Set(['warnings', 'toolhiveFile']);

/** People put secrets there, whatever we advise. */
const unshown =
  /(?:additionalAuthorizationParams|tokenParams|refreshParams|additionalHeaders|body|pem|ca|cert|certificate|logoUrl)\b/u;

const durations: ReadonlySet<string> = new Set([
  'accessToken',
  'refreshToken',
  'authorizationCode',
  'session',
  'refreshGrace',
  'identityMaxAge',
  'keyActivationDelay',
  'retiredSecretGrace',
  'shutdownDelay',
  'cacheFallbackTtl',
  'remember',
  'storedFor',
]);

/** Longest value that is shown, in characters. */
const longestShown = 80;

/** Everything that differs between two configurations, by path. */
export function differences(before: Config, after: Config): readonly Difference[] {
  return compare(before, after, '').map(({ path, text }) => ({ path: snakeCase(path), text }));
}

/** True when two parts of a configuration say the same, secrets included. */
export function isSame(one: unknown, other: unknown): boolean {
  return compare(one, other, '').length === 0;
}

function compare(before: unknown, after: unknown, path: string): readonly Difference[] {
  if (before instanceof Secret && after instanceof Secret)
    return compare(before.reveal(), after.reveal(), path).length === 0 ? [] : [{ path, text: 'changed' }];
  if (before instanceof Uint8Array && after instanceof Uint8Array)
    return Buffer.compare(before, after) === 0 ? [] : [{ path, text: 'changed' }];
  if (isSection(before) && isSection(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    const listed = Array.isArray(before);
    return names
      .filter((name) => path !== '' || !derived.has(name))
      .flatMap((name) => compare(before[name], after[name], listed ? `${path}[${name}]` : join(path, name)));
  }
  if (before === after) return [];
  return [{ path, text: unshown.test(path) ? 'changed' : changeOf(before, after, path) }];
}

function changeOf(before: unknown, after: unknown, path: string): string {
  const name = path.split('.').at(-1) ?? '';
  const [old, now] = [before, after].map((value) => show(value, name));
  if (before === undefined || before === null) return isPlain(after) ? `set to ${now}` : 'added';
  if (after === undefined || after === null) return isPlain(before) ? `${old} taken away` : 'taken away';
  return isPlain(before) && isPlain(after) ? `${old} → ${now}` : 'changed';
}

function isPlain(value: unknown): boolean {
  return typeof value === 'number' || typeof value === 'boolean' || typeof value === 'string';
}

function show(value: unknown, name: string): string {
  if (typeof value === 'number') return durations.has(name) ? formatDuration(value) : String(value);
  const text = String(value);
  return text.length > longestShown ? `${text.slice(0, longestShown)}…` : text;
}

function isSection(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !(value instanceof Secret) &&
    !(value instanceof Uint8Array)
  );
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function snakeCase(path: string): string {
  return path.replaceAll(/[A-Z]/gu, (letter) => `_${letter.toLowerCase()}`);
}
