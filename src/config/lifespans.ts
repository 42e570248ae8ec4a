import type { Lifespans } from './config.ts';
import { formatDuration, parseDuration } from './duration.ts';
import type { Path } from './problems.ts';
import type { Resolving } from './resolving.ts';
import type { DurationText } from './schema-fields.ts';
import type { Milliseconds } from '../types/time.ts';

const second = 1000;
const hour = 3_600_000;

interface Bounds {
  readonly path: Path;
  readonly usual: Milliseconds;
  readonly max: Milliseconds;
  /** What a zero says: the default, as in Go; nothing at all; or that somebody is mistaken. */
  readonly zero: 'usual' | 'none' | 'refused';
}

/** Every span of the configuration. */
export interface Spans {
  readonly lifespans: Lifespans;
  readonly refreshGrace: Milliseconds;
  readonly identityMaxAge: Milliseconds;
  readonly keyActivationDelay: Milliseconds;
  readonly retiredSecretGrace: Milliseconds;
  readonly shutdownDelay: Milliseconds;
}

/**
 * Reads the lifespans: the least is a second, the upper bounds are ToolHive's. A zero means the default in ToolHive's sections,
 * and never in ours: who writes `refresh_grace: 0` wants none.
 */
export function resolveLifespans(resolving: Resolving): Spans {
  const { config, findings } = resolving;
  const tokens = config.token_lifespans;
  const read = (
    text: DurationText | undefined,
    { zero = 'usual', ...bounds }: Omit<Bounds, 'zero'> & Partial<Bounds>,
  ): Milliseconds => span(text, { zero, ...bounds }, resolving);
  const at = (field: string): Path => ['token_lifespans', field];
  if (config.delegation_token_lifespan !== undefined) {
    const path = ['delegation_token_lifespan'];
    read(config.delegation_token_lifespan, { path, usual: hour / 4, max: 24 * hour });
    findings.warn(path, 'has no effect: there is no delegation in this version');
  }
  return {
    lifespans: {
      accessToken: read(tokens?.access_token_lifespan, {
        path: at('access_token_lifespan'),
        usual: hour,
        max: 24 * hour,
      }),
      refreshToken: read(tokens?.refresh_token_lifespan, {
        path: at('refresh_token_lifespan'),
        usual: 168 * hour,
        max: 720 * hour,
      }),
      authorizationCode: read(tokens?.auth_code_lifespan, {
        path: at('auth_code_lifespan'),
        usual: hour / 6,
        max: hour / 6,
      }),
      session: read(config.session_lifespan, {
        path: ['session_lifespan'],
        usual: 2160 * hour,
        max: 87_600 * hour,
        zero: 'refused',
      }),
    },
    refreshGrace: read(config.refresh_grace, {
      path: ['refresh_grace'],
      usual: 60 * second,
      max: hour / 6,
      zero: 'none',
    }),
    identityMaxAge: read(config.identity_max_age, {
      path: ['identity_max_age'],
      usual: 24 * hour,
      max: 87_600 * hour,
      zero: 'refused',
    }),
    ...operatorSpans(config, read),
  };
}

type Read = (text: DurationText | undefined, bounds: Bounds) => Milliseconds;

function operatorSpans(
  { key_activation_delay: activation, retired_secret_grace: grace, shutdown }: Resolving['config'],
  read: Read,
): Pick<Spans, 'keyActivationDelay' | 'retiredSecretGrace' | 'shutdownDelay'> {
  const zero = 'none';
  return {
    keyActivationDelay: read(activation, {
      path: ['key_activation_delay'],
      usual: hour / 6,
      max: 24 * hour,
      zero,
    }),
    retiredSecretGrace: read(grace, {
      path: ['retired_secret_grace'],
      usual: 168 * hour,
      max: 8760 * hour,
      zero,
    }),
    shutdownDelay: read(shutdown?.delay, {
      path: ['shutdown', 'delay'],
      usual: 0,
      max: hour / 12,
      zero,
    }),
  };
}

/** A span of a client's own, by the bounds that hold for all. */
export function readSpan(
  text: DurationText,
  bounds: Pick<Bounds, 'path' | 'max' | 'zero'> & { readonly resolving: Resolving },
): Milliseconds {
  return span(text, { usual: bounds.max, ...bounds }, bounds.resolving);
}

function span(
  text: DurationText | undefined,
  { path, usual, max, zero }: Bounds,
  { findings }: Resolving,
): Milliseconds {
  if (text === undefined) return usual;
  const value = milliseconds(text);
  if (value === 0 && zero !== 'refused') return zero === 'none' ? 0 : usual;
  if (value < second || value > max)
    findings.refuse(path, {
      problem: `must be between ${formatDuration(second)} and ${formatDuration(max)}`,
      fix: `write a duration between them, or remove it for the default of ${formatDuration(usual)}`,
    });
  return Math.round(value);
}

/** The shape is checked already; what is left to go wrong is a duration of more than 292 years. */
function milliseconds(text: DurationText): Milliseconds {
  if (text === 0) return 0;
  try {
    return parseDuration(text);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
