import { randomToken } from '../../crypto/random.ts';
import type { Log } from '../../observe/log.ts';
import type { Clock, Milliseconds } from '../../types/time.ts';
import { UpstreamError } from '../provider.ts';
import type { UpstreamHttp } from '../upstream-http.ts';
import type { RegistrationServer } from './discover.ts';
import type { LoadedRecord, RecordPlace, RegistrationRecord } from './record.ts';
import { loadRecord, saveRecord } from './record.ts';
import type { Registration } from './registration.ts';
import { isUsable, renewAt } from './registration.ts';
import type { RegistrationRequest } from './request.ts';
import { readBack, register, unregister } from './request.ts';

/** Our registration at one upstream: one for all replicas and restarts, renewed before its secret ends. */
export interface Registrar {
  /** The one to use now; registers when there is none. Rejects with {@link UpstreamError}. */
  current(): Promise<Registration>;
  /** The one that a refresh token was given to; `null` when it is none of ours any more. */
  find(clientId: string): Promise<Registration | null>;
  /** The provider did not know us by this one. True when there is another one now. */
  refused(clientId: string): Promise<boolean>;
}

export interface RegistrarParts {
  readonly place: RecordPlace;
  readonly http: UpstreamHttp;
  readonly request: RegistrationRequest;
  /** Looks at the metadata, when there are any; else what the configuration says. */
  readonly server: () => Promise<RegistrationServer>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Longer than a registration takes: a lease that ran out means a process that is gone. */
const lease: Milliseconds = 70_000;

/** How often a waiting process looks whether the leader is done, and how often in all. */
const pollEvery: Milliseconds = 250;
const maxPolls = 240;

/** After a failure the provider is left alone for this long. */
const backoff: Milliseconds = 10_000;

/** A registration that is refused this soon after it was made says that registering again would not help. */
const shortest: Milliseconds = 300_000;

/** Superseded registrations that are kept. */
const maxEarlier = 4;

export function createRegistrar(parts: RegistrarParts): Registrar {
  const { place, clock } = parts;
  /** What was read last: nothing is asked of the store for a registration that is at hand and good. */
  let known: RegistrationRecord | null = null;
  let running: Promise<Registration> | null = null;

  const acquire = async (): Promise<Registration> => {
    const owner = randomToken(9);
    for (let poll = 0; poll < maxPolls; poll += 1) {
      const loaded = await loadRecord(place);
      known = loaded.record;
      const { current, lease: held, backoffUntil } = loaded.record;
      const now = clock();
      const good = current && isUsable(current, now);
      if (good && now < renewAt(current)) return current;
      if (now < backoffUntil) {
        if (good) return current;
        throw new UpstreamError('unavailable', parts.request.upstream, 'registration: failed a moment ago');
      }
      if (held && held.owner !== owner && now < held.until) {
        if (good) return current;
        await new Promise((resolve) => setTimeout(resolve, pollEvery));
      } else {
        const record = { ...loaded.record, lease: { owner, until: now + lease } };
        if (await saveRecord(place, record, loaded.version)) {
          known = await lead(parts, { record, version: loaded.version + 1 });
          if (known.current) return known.current;
        }
      }
    }
    throw new UpstreamError(
      'unavailable',
      parts.request.upstream,
      'registration: another process does not end it',
    );
  };

  const current = (): Promise<Registration> => {
    const { current: one = null } = known ?? {};
    if (one && clock() < renewAt(one)) return Promise.resolve(one);
    running ??= acquire().finally(() => (running = null));
    return running;
  };

  return {
    current,
    async find(clientId) {
      const now = clock();
      if (!known?.current || known.current.clientId !== clientId) known = (await loadRecord(place)).record;
      const all = [...(known.current ? [known.current] : []), ...known.earlier];
      return all.find((one) => one.clientId === clientId && isUsable(one, now)) ?? null;
    },
    async refused(clientId) {
      const renewed = await replace(parts, clientId);
      known = (await loadRecord(place)).record;
      if (!renewed) return known.current !== null && known.current.clientId !== clientId;
      await current();
      return true;
    },
  };
}

/** Registers, or reads what the provider made of an older registration; the lease is ours. */
async function lead(parts: RegistrarParts, { record, version }: LoadedRecord): Promise<RegistrationRecord> {
  const { place, http, log, clock, request } = parts;
  const { upstream } = request;
  try {
    const old = record.current;
    const kept = old && (await stillGood(parts, old));
    const registration = kept ?? (await register(await parts.server(), request));
    const done: RegistrationRecord = {
      current: registration,
      earlier: earlierOf(record, registration, clock()),
      lease: null,
      backoffUntil: 0,
      registeredAt: kept ? record.registeredAt : clock(),
    };
    if (await saveRecord(place, done, version)) {
      log.info(
        { upstream, clientId: registration.clientId, renewed: kept !== null },
        'registered at the upstream',
      );
      tidyUp(parts, record, done);
      return done;
    }
    // Our lease ran out and somebody else registered: theirs counts, and ours must not lie around.
    if (!kept) await unregister(http, registration).catch(() => false);
    return (await loadRecord(place)).record;
  } catch (error) {
    const failed = { ...record, lease: null, backoffUntil: clock() + backoff };
    await saveRecord(place, failed, version);
    const problem = error instanceof Error ? error.message : 'unknown failure';
    log.warn({ upstream, problem }, 'registering at the upstream failed');
    if (record.current && isUsable(record.current, clock())) return failed;
    throw error;
  }
}

/** What is of no use any more is deleted at the provider, where it offers that (RFC 7592 §2.3). Nobody waits for it. */
function tidyUp({ http }: RegistrarParts, before: RegistrationRecord, now: RegistrationRecord): void {
  const used = new Set([now.current, ...now.earlier].map((one) => one?.clientId));
  const old = [...(before.current ? [before.current] : []), ...before.earlier];
  for (const one of old) if (!used.has(one.clientId)) void unregister(http, one).catch(() => false);
}

/** Some providers renew a secret in place: reading it back (RFC 7592) is enough then. */
async function stillGood(
  { request, clock }: RegistrarParts,
  old: Registration,
): Promise<Registration | null> {
  const read = await readBack(request, old).catch(() => 'unmanaged' as const);
  return typeof read === 'object' && clock() < renewAt({ ...read, registeredAt: clock() })
    ? { ...read, registeredAt: clock() }
    : null;
}

function earlierOf(
  { current, earlier }: RegistrationRecord,
  now: Registration,
  moment: Milliseconds,
): readonly Registration[] {
  const old = current && current.clientId !== now.clientId ? [current, ...earlier] : earlier;
  return old.filter((one) => isUsable(one, moment)).slice(0, maxEarlier);
}

/**
 * Forgets a registration that the provider does not know any more, unless it does after all: then the configuration or the
 * provider is at fault, and registering again and again would not mend it. True when we are to register anew.
 */
async function replace(parts: RegistrarParts, clientId: string): Promise<boolean> {
  const { place, clock, log, request } = parts;
  const { record, version } = await loadRecord(place);
  const { current } = record;
  if (current?.clientId !== clientId) return false;
  const read = await readBack(request, current);
  if (typeof read === 'object') {
    if (read.clientSecret === current.clientSecret) return false;
    return saveRecord(place, { ...record, current: read }, version);
  }
  if (read === 'unmanaged' && clock() < record.registeredAt + shortest) return false;
  log.warn({ upstream: request.upstream, clientId }, 'the upstream does not know our registration any more');
  return saveRecord(place, { ...record, current: null, backoffUntil: 0 }, version);
}
