/** What a provider does with a parameter that not all of them know. */
export type ParameterRule = 'ignored' | 'required' | 'refused';

/** What the authorization endpoint takes and gives. */
export interface AuthorizationQuirks {
  /** `ignored`: neither challenge nor verifier is looked at. */
  readonly pkce: 'optional' | 'required' | 'ignored';
  /** Whether metadata has `code_challenge_methods_supported`. */
  readonly pkceAdvertised: boolean;
  /** The parameter that asks for the user's scopes: Slack's `scope` is about the bot. */
  readonly scopeParameter: 'scope' | 'user_scope';
  /** What stands between scopes in a request. */
  readonly requestScopeSeparator: 'space' | 'comma' | 'either';
  /** Scopes that are answered with `invalid_scope`: Google knows no `offline_access`. */
  readonly refusedScopes: readonly string[];
  /** Requests without any scope are refused. */
  readonly scopeRequired: boolean;
  /** `opaque-without`: no JWT access token unless one was named (Auth0). */
  readonly audience: 'ignored' | 'required' | 'opaque-without';
  /** `resource` (RFC 8707) at the authorization endpoint. */
  readonly resourceAtAuthorize: ParameterRule;
  /** `iss` in every authorization response (RFC 9207), and the metadata saying so. */
  readonly issInResponse: boolean;
  /** Characters of a code: more than 512 at Entra. */
  readonly codeLength: number;
  /** Where errors after a good redirect URI go: Google shows a page and tells the client nothing. */
  readonly authorizeErrors: 'redirect' | 'page';
  /** Only users whose `tid` is this may sign in. */
  readonly onlyTenant: string | null;
}

/** As the specifications have it. */
export const plainAuthorization: AuthorizationQuirks = {
  pkce: 'optional',
  pkceAdvertised: true,
  scopeParameter: 'scope',
  requestScopeSeparator: 'space',
  refusedScopes: [],
  scopeRequired: false,
  audience: 'ignored',
  resourceAtAuthorize: 'ignored',
  issInResponse: false,
  codeLength: 43,
  authorizeErrors: 'redirect',
  onlyTenant: null,
};
