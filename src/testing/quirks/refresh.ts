import type { ParameterRule } from './authorization.ts';

/** Who gets a refresh token and what becomes of it. */
export interface RefreshQuirks {
  /** `scope`: with {@link refreshTokenScope}; `access-type-offline`: Google's parameter. */
  readonly refreshTokenWhen: 'always' | 'never' | 'scope' | 'access-type-offline';
  readonly refreshTokenScope: string;
  /** `with-consent`: a user who has signed in to this client before gets one only with `prompt=consent`. */
  readonly refreshTokenOnRelogin: 'again' | 'with-consent';
  /**
   * What a refresh does to its token: nothing, and the answer has none (`not-returned`) or the same (`same`); a new one
   * that ends the old at once (`single-use`) or after {@link refreshOverlap} (`overlap`).
   */
  readonly rotation: 'not-returned' | 'same' | 'single-use' | 'overlap';
  /** Seconds. */
  readonly refreshOverlap: number;
  /** A second use of a single-use token ends everything that came from the same login. */
  readonly reuseRevokesGrant: boolean;
  /** A refresh ends the access tokens that came before it, also those of requests under way. */
  readonly refreshEndsAccessTokens: boolean;
  /** Seconds; `null` for refresh tokens that never expire. */
  readonly refreshTokenLifetime: number | null;
  /** `narrowed-without`: a refresh that repeats no scopes gets a token with the OpenID ones only (Entra). */
  readonly scopeOnRefresh: 'optional' | 'required' | 'refused' | 'narrowed-without';
  readonly audienceOnRefresh: ParameterRule;
  readonly resourceOnRefresh: ParameterRule;
  readonly idTokenOnRefresh: 'issued' | 'omitted';
  /** Whether such an ID token repeats the nonce of the login (OpenID Connect Core §12.2 leaves it to the provider). */
  readonly nonceOnRefresh: boolean;
}

/** As the specifications have it. */
export const plainRefresh: RefreshQuirks = {
  refreshTokenWhen: 'always',
  refreshTokenScope: 'offline_access',
  refreshTokenOnRelogin: 'again',
  rotation: 'single-use',
  refreshOverlap: 30,
  reuseRevokesGrant: true,
  refreshEndsAccessTokens: false,
  refreshTokenLifetime: null,
  scopeOnRefresh: 'optional',
  audienceOnRefresh: 'ignored',
  resourceOnRefresh: 'ignored',
  idTokenOnRefresh: 'issued',
  nonceOnRefresh: false,
};
