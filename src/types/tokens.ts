import type { Milliseconds } from './time.ts';

/** When an upstream token ends: a moment, certainly never, or not told by the provider. Three different things. */
export type TokenExpiry = Milliseconds | 'never' | 'unknown';

/** Tokens that an upstream gave us for one of its accounts. Lives in memory only; sealed everywhere else. */
export interface UpstreamTokens {
  readonly accessToken: string;
  /** `null` when the answer carried none; it then never replaces one that is kept. */
  readonly refreshToken: string | null;
  readonly idToken: string | null;
  readonly expiresAt: TokenExpiry;
  /** What the upstream granted; what was asked when it did not say. */
  readonly scopes: readonly string[];
}

/** Who somebody is, in the words of one upstream. */
export interface Identity {
  /** Name of the upstream in our configuration. */
  readonly upstream: string;
  /** The upstream's stable id of the account. */
  readonly subject: string;
  readonly name: string | null;
  readonly email: string | null;
  readonly emailVerified: boolean;
  /** True when the provider tells no identity and the subject was made from the token (never used for access rules). */
  readonly synthetic: boolean;
  /** ID-token and userinfo claims, for access rules. */
  readonly claims: Readonly<Record<string, unknown>>;
}
