import type { Config } from '../config/config.ts';
import { differences } from '../config/differences.ts';
import type { Difference } from '../config/differences.ts';
import { ConfigError } from '../config/problems.ts';
import { clientKeyNumbers, livingNumbers } from '../keys/client-key-rings.ts';
import { secretName } from '../keys/rings.ts';
import { nameLabel } from '../observe/audit/labels.ts';
import type { AuditDetails } from '../observe/audit/event.ts';
import { SallyportError } from '../types/error.ts';
import type { ServerContext } from './context.ts';

/**
 * Refuses a configuration that a running server cannot take on. All or nothing: half a configuration would be in no file.
 * @param fixed paths that stay
 * @throws {ConfigError}
 */
export function checkChangeable(
  { before, after }: { readonly before: Config; readonly after: Config },
  fixed: RegExp,
): void {
  const problems = differences(before, after)
    .filter(({ path }) => fixed.test(path))
    .map(({ path }) => ({
      path,
      problem: 'cannot change while the server runs',
      fix: 'restart to change it, or take this change back; nothing else was changed either',
    }));
  if (problems.length > 0) throw new ConfigError(problems);
}

/** What a reload changed, a line each, as the log tells it: paths and plain values, never a secret. */
export function tellChange(before: ServerContext, after: ServerContext): readonly string[] {
  const changed = differences(before.config, after.config);
  tellKeys(before, after, changed);
  const lines = [
    ...changed
      .filter(({ path }) => !path.startsWith('signing_keys'))
      .map(({ path, text }) => `${path} ${text}`),
    ...keyLines(before, after),
  ];
  if (lines.length === 0) return lines;
  if (changed.length > 0) {
    const paths = changed.map(({ path }) => nameLabel(path));
    after.observer.audit.record('configuration_applied', () => ({ paths }));
  }
  after.log.info({ changes: lines }, 'the configuration was reloaded');
  return lines;
}

/** Tells that a new configuration was not taken. @returns the reason, for `/readyz` */
export function tellRefusal({ observer, log }: ServerContext, error: unknown): string {
  const reason = error instanceof Error ? error.message : 'unknown failure';
  const problems = error instanceof ConfigError ? error.problems : [];
  log.error({ reason }, 'the new configuration was refused; the one before stays in force');
  const code = error instanceof SallyportError ? error.code : null;
  if (code === 'key_invalid' || code === 'key_ring_locked') {
    const ring = code === 'key_invalid' ? 'signing' : 'hmac';
    observer.audit.record('key_refused', () => ({ ring, key: null, reason: nameLabel(reason) }));
  }
  observer.audit.record('configuration_refused', () => ({
    paths: problems.map(({ path }) => nameLabel(path)),
    reason: nameLabel(reason.replaceAll('\n', ' ')),
  }));
  return reason;
}

function keyLines(before: ServerContext, after: ServerContext): readonly string[] {
  const [old, now] = [before.keys, after.keys];
  const signs =
    old.signing.kid === now.signing.kid
      ? []
      : [`signing key changed: kid ${old.signing.kid} → ${now.signing.kid}`];
  const came = added(kidsOf(before), kidsOf(after)).map((kid) =>
    kid === now.signing.kid ? `key ${kid} is published` : `key ${kid} is published and verifies`,
  );
  const went = added(kidsOf(after), kidsOf(before)).map((kid) => `key ${kid} is no longer published`);
  const secret = before.hmacSigner === after.hmacSigner ? [] : ['another HMAC secret signs'];
  return [...signs, ...came, ...went, ...secret];
}

type KeyChange = AuditDetails['key_changed'];

function tellKeys(before: ServerContext, after: ServerContext, changed: readonly Difference[]): void {
  const tell = (ring: KeyChange['ring'], change: KeyChange['change'], key: string | null): void =>
    after.observer.audit.record('key_changed', () => ({
      ring,
      key: key === null ? null : nameLabel(key),
      change,
    }));
  for (const kid of added(kidsOf(before), kidsOf(after))) tell('signing', 'loaded', kid);
  for (const kid of added(kidsOf(after), kidsOf(before))) tell('signing', 'retired', kid);
  const { kid } = after.keys.signing;
  if (kid !== before.keys.signing.kid) tell('signing', 'activated', kid);
  const [old, now] = [before.config, after.config].map((config) => config.hmacSecrets.map(secretName));
  added(old ?? [], now ?? []).forEach(() => tell('hmac', 'loaded', null));
  added(now ?? [], old ?? []).forEach(() => tell('hmac', 'retired', null));
  if (after.hmacSigner !== before.hmacSigner) tell('hmac', 'activated', null);
  const [ids, idsNow] = [before, after].map(({ config }) =>
    livingNumbers(clientKeyNumbers(config.registration)).map(String),
  );
  for (const number of added(ids ?? [], idsNow ?? [])) tell('clients', 'loaded', number);
  for (const number of added(idsNow ?? [], ids ?? [])) tell('clients', 'retired', number);
  if (ids?.[0] !== idsNow?.[0]) tell('clients', 'activated', idsNow?.[0] ?? null);
  for (const { path } of changed) {
    const [, list, index] = /^(upstreams|clients)\[(\d+)\]\.(?:client_)?secret$/u.exec(path) ?? [];
    const { upstreams, clients } = after.config;
    if (list === 'upstreams') tell('upstream_secret', 'loaded', upstreams[Number(index)]?.name ?? null);
    if (list === 'clients') tell('client_secret', 'loaded', clients[Number(index)]?.clientId ?? null);
    if (path === 'listen.tls.cert') tell('tls', 'loaded', null);
  }
}

function kidsOf({ keys }: ServerContext): readonly string[] {
  return keys.all.map((key) => key.kid);
}

function added(before: readonly string[], after: readonly string[]): readonly string[] {
  return after.filter((name) => !before.includes(name));
}
