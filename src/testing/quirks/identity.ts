import type { Fields } from './tokens.ts';

/** What tokens and userinfo say about a user. Texts are templates: see `fill`. */
export interface IdentityQuirks {
  /** `sub`: `{pairwise}` differs by client, `{login}` may change, `{dex_subject}` is Dex's encoding. */
  readonly subject: string;
  /** `{id}` is a JSON number; the ids of the users that come with the simulator are beyond 2^53. */
  readonly numericIds: boolean;
  readonly emailVerified: 'boolean' | 'string' | 'string-in-userinfo' | 'absent' | 'false';
  /** Claims of ID tokens, by the scope that brings them; those of `openid` are always there. */
  readonly idTokenFields: Readonly<Record<string, Fields>>;
  /** Claims that ID tokens of this provider lack, such as the optional `at_hash` and `auth_time`. */
  readonly idTokenOmits: readonly string[];
  readonly signingAlg: 'RS256' | 'ES256';
  /** Whether published keys name their algorithm (`alg` is optional, RFC 7517 §4.4). */
  readonly jwksWithAlg: boolean;
  readonly userinfo: 'get' | 'post-only' | 'absent';
  /** `other`: tells about another user than the token's. */
  readonly userinfoSubject: 'same' | 'other';
  readonly userinfoFields: Fields;
  /** Headers without which userinfo and the API refuse: GitHub wants a `User-Agent`, Notion its version. */
  readonly requiredApiHeaders: readonly string[];
  readonly accessToken: 'jwt' | 'opaque';
  /** `aud` of JWT access tokens: the audience or resource that was asked for, else this; `null` for none. */
  readonly accessTokenAudience: string | null;
  /** Claims of JWT access tokens beyond `iss`, `sub`, `iat`, `exp`, `jti`. */
  readonly accessTokenFields: Fields;
  /** How a JWT access token tells its scopes: a text, or a list (Okta). */
  readonly scopeClaim: { readonly name: 'scope' | 'scp'; readonly list: boolean };
  /** Left off the scopes in JWT access tokens: Entra takes `api://app/read` and puts `read` in. A template. */
  readonly scopePrefix: string | null;
}

/** As the specifications have it. */
export const plainIdentity: IdentityQuirks = {
  subject: '{id}',
  numericIds: false,
  emailVerified: 'boolean',
  idTokenFields: {
    profile: { name: '{name}', preferred_username: '{login}' },
    email: { email: '{email}', email_verified: '{email_verified}' },
  },
  idTokenOmits: [],
  signingAlg: 'RS256',
  jwksWithAlg: true,
  userinfo: 'get',
  userinfoSubject: 'same',
  userinfoFields: {
    sub: '{subject}',
    name: '{name}',
    preferred_username: '{login}',
    email: '{email}',
    email_verified: '{email_verified}',
  },
  requiredApiHeaders: [],
  accessToken: 'opaque',
  accessTokenAudience: '{client_id}',
  accessTokenFields: { client_id: '{client_id}' },
  scopeClaim: { name: 'scope', list: false },
  scopePrefix: null,
};
