import type { ParameterRule } from './authorization.ts';

/** How a client may prove who it is. */
export type ClientAuthentication = 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt' | 'none';

/** A JSON value, or a template of one: `{name}` alone becomes that attribute of the user, whatever its type. */
export type Template =
  | string
  | number
  | boolean
  | null
  | readonly Template[]
  | { readonly [name: string]: Template };

/** A JSON object made from templates; members whose attribute the user lacks are left out. */
export type Fields = Readonly<Record<string, Template>>;

/** What the token endpoint takes and gives. */
export interface TokenQuirks {
  /** Methods that are accepted; metadata lists them. A client may be held to one of them. */
  readonly clientAuthentication: readonly ClientAuthentication[];
  /** How token requests may be written. */
  readonly requestEncoding: 'form' | 'json' | 'either';
  /** `form-unless-json-accepted`: only `Accept: application/json` gets JSON (GitHub). */
  readonly answerEncoding: 'json' | 'form-unless-json-accepted' | 'form';
  /** How errors look: RFC 6749, the same with status 200 (GitHub), Slack's `ok: false`, or lists of texts. */
  readonly tokenErrors: 'standard' | 'status-200' | 'ok-false' | 'arrays';
  /** Status of `invalid_grant` where errors are `standard`: 403 at Atlassian. */
  readonly invalidGrantStatus: number;
  /**
   * Names that the provider has for the errors of RFC 6749: GitHub says `bad_verification_code` for `invalid_grant`, and
   * `bad_refresh_token` for `invalid_grant:refresh_token`.
   */
  readonly errorNames: Readonly<Record<string, string>>;
  /** Members of errors beyond `error` and `error_description`. */
  readonly errorFields: Fields;
  /** The member that the first answer keeps the token in; a refresh answers at the top (Slack's `authed_user`). */
  readonly nestedToken: string | null;
  readonly tokenType: string | null;
  readonly expiresIn: 'number' | 'string' | 'absent';
  /** Seconds; `null` for tokens that never expire. */
  readonly accessTokenLifetime: number | null;
  /** A name and a value beside `refresh_token` about its end; Keycloak's 0 means that there is none. */
  readonly refreshExpiresIn: { readonly name: string; readonly seconds: number } | null;
  /** What stands between scopes in an answer; `absent` for answers without them. */
  readonly answerScope: 'space' | 'comma' | 'absent';
  /** Members of the first answer beyond the tokens. */
  readonly tokenFields: Fields;
  /** Members of a refresh's answer beyond the tokens. */
  readonly refreshFields: Fields;
  /** `resource` (RFC 8707) with a code. */
  readonly resourceAtToken: ParameterRule;
}

/** As the specifications have it. */
export const plainTokens: TokenQuirks = {
  clientAuthentication: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
  requestEncoding: 'form',
  answerEncoding: 'json',
  tokenErrors: 'standard',
  invalidGrantStatus: 400,
  errorNames: {},
  errorFields: {},
  nestedToken: null,
  tokenType: 'Bearer',
  expiresIn: 'number',
  accessTokenLifetime: 3600,
  refreshExpiresIn: null,
  answerScope: 'space',
  tokenFields: {},
  refreshFields: {},
  resourceAtToken: 'ignored',
};
