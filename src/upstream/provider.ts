import type { Identity, UpstreamTokens } from '../types/tokens.ts';

/** What happened on the way to an upstream, as far as our own answers depend on it. */
export type UpstreamFailure =
  /** Timeout, network, 5xx, rate limit, unreadable discovery: try later; nothing is lost. */
  | 'unavailable'
  /** The upstream says that the credential or code is no good (`invalid_grant` and the like). */
  | 'rejected'
  /** The answer breaks the protocol (bad signature, wrong nonce, other subject …): never trust it. */
  | 'invalid'
  /** The user or the upstream's policy said no (`access_denied`). */
  | 'denied'
  /**
   * The upstream refuses *us* (`invalid_client`, a grant type or scope that our registration lacks): the operator has to
   * mend something, and then every credential is as good as before. The message names the fix.
   */
  | 'misconfigured';

/** An upstream call that failed. The message is for logs; it holds no token, code or body. */
export class UpstreamError extends Error {
  override readonly name = 'UpstreamError';
  readonly failure: UpstreamFailure;
  readonly upstream: string;
  /** The provider's own error code, fit for printing; empty when it gave none. */
  readonly code: string;

  constructor(
    failure: UpstreamFailure,
    upstream: string,
    message: string,
    options: { cause?: unknown; code?: string } = {},
  ) {
    super(message, options);
    this.code = options.code ?? '';
    this.failure = failure;
    this.upstream = upstream;
  }
}

export interface AuthorizationRequest {
  readonly state: string;
  readonly nonce: string;
  /** S256 challenge of the verifier that `exchange` will send. */
  readonly codeChallenge: string;
  /** OpenID Connect `prompt` to pass on, if any. */
  readonly prompt: string | null;
  /** Seconds; OpenID Connect `max_age` to pass on, if any. */
  readonly maxAge: number | null;
  readonly loginHint: string | null;
}

export interface CodeExchange {
  /** The parameters of the callback, as they came. */
  readonly parameters: URLSearchParams;
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
}

export interface UpstreamLogin {
  readonly identity: Identity;
  readonly tokens: UpstreamTokens;
  /** When the user signed in there (seconds), if the upstream told. */
  readonly authTime: number | null;
}

export interface UpstreamRefresh {
  readonly tokens: UpstreamTokens;
  /** Claims of a refreshed ID token; `null` when the answer had none, or one that did not verify (the tokens stay good). */
  readonly identity: Identity | null;
  /** Set when an ID token came and was for another subject: the tokens must not be used. */
  readonly subjectMismatch: boolean;
}

/** Tokens to end at their provider. */
export interface RevocableTokens {
  readonly accessToken: string;
  readonly refreshToken: string | null;
  /** The client id of ours that they were given to; the present one by default. */
  readonly clientId?: string;
}

/** An identity provider that we are a client of. All methods may reject with {@link UpstreamError}. */
export interface UpstreamProvider {
  readonly name: string;
  readonly displayName: string;
  readonly type: 'oidc' | 'oauth2';
  readonly clientId: string;
  /** Whether tokens that were given to this client id of ours may still be refreshed. */
  readonly knows: (clientId: string) => boolean;
  /** What is asked for at sign-in; shown on the consent page. */
  readonly scopes: readonly string[];
  /** True when evidence about a user can be renewed without the user (refresh token or userinfo). */
  readonly renewable: boolean;
  /** `null` when it can be used now, else why not (discovery failed …). */
  notReady(): string | null;
  authorizationUrl(request: AuthorizationRequest): Promise<string>;
  exchange(exchange: CodeExchange): Promise<UpstreamLogin>;
  /**
   * @param asked `arrived` hears of the answer before anything in it is validated: the old refresh token may be spent
   */
  refresh(asked: {
    readonly refreshToken: string;
    readonly subject: string;
    /** The client id of ours that they were given to; the present one by default. */
    readonly clientId?: string;
    readonly arrived?: (tokens: UpstreamTokens) => Promise<void>;
  }): Promise<UpstreamRefresh>;
  /** Identity from the userinfo endpoint; `null` when there is none, `other` when the token belongs to somebody else. */
  userinfo(tokens: {
    readonly accessToken: string;
    readonly subject: string;
  }): Promise<Identity | 'other' | null>;
  /**
   * Ends tokens there: the refresh token first, when there is one. `impossible`: this provider offers no way. Rejects
   * with `unavailable` or `misconfigured` when it is worth another try later, with any other failure when it is not.
   */
  revoke(tokens: RevocableTokens): Promise<'revoked' | 'impossible'>;
  /** What the provider refused about our client or our requests last, with its fix; `null` when nothing is known. */
  misconfiguration(): string | null;
  /** Stops background work. */
  close(): void;
}
