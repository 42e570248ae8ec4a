import type { UpstreamAuthMethod } from '../../config/config.ts';
import type { Milliseconds } from '../../types/time.ts';

/** Where an authorization server answers, as far as we need it. */
export interface RegisteredEndpoints {
  readonly authorization: string;
  readonly token: string;
  readonly revocation: string | null;
}

/** What a provider gave us when we registered there (RFC 7591 §3.2.1). Lives in memory; sealed in the store. */
export interface Registration {
  readonly clientId: string;
  readonly clientSecret: string | null;
  readonly method: UpstreamAuthMethod;
  readonly registeredAt: Milliseconds;
  /** `null`: never. */
  readonly secretExpiresAt: Milliseconds | null;
  /** RFC 7592, where the provider offers it. */
  readonly management: { readonly uri: string; readonly token: string } | null;
  readonly endpoints: RegisteredEndpoints;
}

/** Renewed when a tenth of the secret's life is left, a day before at the earliest and a minute at the latest. */
export function renewAt({ registeredAt, secretExpiresAt }: Registration): Milliseconds {
  if (secretExpiresAt === null) return Number.POSITIVE_INFINITY;
  const margin = Math.min(day, Math.max(minute, (secretExpiresAt - registeredAt) / 10));
  return secretExpiresAt - margin;
}

/** Whether the provider still takes the credentials, as far as they tell themselves. */
export function isUsable({ secretExpiresAt }: Registration, now: Milliseconds): boolean {
  return secretExpiresAt === null || now < secretExpiresAt;
}

const minute: Milliseconds = 60_000;
const day: Milliseconds = 86_400_000;
