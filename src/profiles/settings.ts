/**
 * The words for how a provider wants to be spoken to. A profile is written in them, and so is an `upstreams[]` entry with
 * a `profile`: whatever a profile says, the file can say otherwise.
 */

/** How a client proves who it is at the token endpoint. */
export type ClientAuthentication = 'none' | 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt';

/** Which fields of a userinfo answer tell who somebody is; candidates, best first. */
export interface FieldMapping {
  readonly subject_fields?: readonly string[] | undefined;
  readonly name_fields?: readonly string[] | undefined;
  readonly email_fields?: readonly string[] | undefined;
  readonly email_verified_fields?: readonly string[] | undefined;
}

/** Where a provider tells who somebody is. */
export interface Userinfo {
  readonly endpoint_url: string;
  readonly http_method?: 'GET' | 'POST' | undefined;
  readonly additional_headers?: Readonly<Record<string, string>> | undefined;
  /** JSON to send with POST (GraphQL). */
  readonly body?: string | undefined;
  readonly field_mapping?: FieldMapping | undefined;
}

/** Where the tokens are in a token answer: dot paths. */
export interface TokenResponseMapping {
  readonly access_token_path: string;
  readonly scope_path?: string | undefined;
  readonly refresh_token_path?: string | undefined;
  readonly expires_in_path?: string | undefined;
}

/** Where the identity is in a token answer: dot paths; `path|@upstreamjwt|path` reads into a JWT. */
export interface IdentityFromToken {
  readonly subject_path: string;
  readonly name_path?: string | undefined;
  readonly email_path?: string | undefined;
}

/** How tokens are ended at the provider. */
export interface Revocation {
  /**
   * `rfc7009`: the standard, with our client authentication; `token_only`: a form with nothing but the token (Google);
   * `github_grant`: GitHub's `DELETE`; `bearer`: the token authorizes its own end (Slack); `none`: it cannot be done.
   */
  readonly style: 'rfc7009' | 'token_only' | 'github_grant' | 'bearer' | 'none';
  /** Left out: where the metadata says. */
  readonly endpoint?: string | undefined;
}

/** Where a provider is and which parameters it takes. */
interface Requests {
  /** OpenID Connect with discovery, or plain OAuth 2.0 with endpoints written down. */
  readonly type?: 'oidc' | 'oauth2' | undefined;
  /** `oidc` only: letter by letter as the provider writes it. */
  readonly issuer_url?: string | undefined;
  /** `oauth2` only. */
  readonly authorization_endpoint?: string | undefined;
  /** `oauth2` only. */
  readonly token_endpoint?: string | undefined;
  readonly scopes?: readonly string[] | undefined;
  /** The parameter that carries them: Slack's `user_scope`. */
  readonly scope_parameter?: string | undefined;
  readonly scope_separator?: 'space' | 'comma' | undefined;
  readonly additional_authorization_params?: Readonly<Record<string, string>> | undefined;
  readonly token_params?: Readonly<Record<string, string>> | undefined;
  readonly refresh_params?: Readonly<Record<string, string>> | undefined;
  /** `resource` (RFC 8707) for all three requests. What our own clients send under that name never gets there. */
  readonly resource?: string | undefined;
  /** `auto`: send the scopes, and once more without when the answer speaks of them. */
  readonly refresh_scope?: 'auto' | 'send' | 'omit' | undefined;
  readonly pkce?: 'always' | 'never' | undefined;
  readonly token_endpoint_auth_method?: ClientAuthentication | undefined;
  /** Whom a client assertion names as audience (`private_key_jwt`). */
  readonly client_assertion_audience?: 'issuer' | 'token_endpoint' | undefined;
}

/** What a provider answers, and what it means. */
interface Answers {
  /** What a token without `expires_in` is: good for ever, of unknown end, or good for this long. */
  readonly missing_expires_in?: string | undefined;
  /** `any`: `token_type` says something else than Bearer, or nothing. */
  readonly token_type?: 'bearer' | 'any' | undefined;
  readonly token_response_mapping?: TokenResponseMapping | undefined;
  readonly identity_from_token?: IdentityFromToken | undefined;
  readonly userinfo?: Userinfo | undefined;
  /** Base of the API where memberships are looked up; GitHub Enterprise Server only. */
  readonly github_api_url?: string | undefined;
  /** Other spellings of the issuer in ID tokens. */
  readonly issuer_aliases?: readonly string[] | undefined;
  /** The issuer of ID tokens where `{tenantid}` is the claim `tid`. */
  readonly issuer_template?: string | undefined;
  /** Ids of the tenants that are admitted; left out: all. */
  readonly tenants?: readonly string[] | undefined;
  readonly subject_claim?: string | undefined;
  /** Claims that together are the stable id. */
  readonly subject_claims?: readonly string[] | undefined;
  /** An e-mail without a word about its verification counts as verified. */
  readonly email_verified_when_absent?: boolean | undefined;
  /** The text "true" verifies as the boolean does. */
  readonly email_verified_as_text?: boolean | undefined;
  readonly revocation?: Revocation | undefined;
}

/** Everything that a profile can say and the file can override. Texts of a profile may hold `{variable}`. */
export interface ProviderSettings extends Requests, Answers {}
