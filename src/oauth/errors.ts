/** Every `error` value that may leave us: RFC 6749 §4.1.2.1 and §5.2, 6750, 7591, 8707, 9101 and OpenID Connect Core §3.1.2.6. */
export type OAuthErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'unsupported_response_type'
  | 'invalid_scope'
  | 'invalid_target'
  | 'access_denied'
  | 'server_error'
  | 'temporarily_unavailable'
  | 'interaction_required'
  | 'request_not_supported'
  | 'request_uri_not_supported'
  | 'registration_not_supported'
  | 'invalid_redirect_uri'
  | 'invalid_client_metadata'
  | 'invalid_software_statement'
  | 'unapproved_software_statement'
  | 'invalid_token'
  | 'insufficient_scope';

const statuses: Partial<Record<OAuthErrorCode, number>> = {
  invalid_client: 401,
  invalid_token: 401,
  access_denied: 403,
  insufficient_scope: 403,
  server_error: 500,
  temporarily_unavailable: 503,
};

/** Seconds after which a client may come back when something of ours, or behind us, is down. */
const retryAfter = '5';

/** An error that the client may read. What an operator needs is in `cause`, and goes to the log only. */
export class OAuthError extends Error {
  override readonly name = 'OAuthError';
  readonly error: OAuthErrorCode;
  /** In the character set of RFC 6749 §5.2. */
  readonly description: string;
  /** HTTP status where the error is the answer itself, and not carried by a redirect. */
  readonly status: number;
  /** Sent with that answer: `Retry-After` with every 503, a challenge where one is due. Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;

  /** @param description characters that RFC 6749 §5.2 does not allow become `?` */
  constructor(
    error: OAuthErrorCode,
    description: string,
    options: {
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly cause?: unknown;
    } = {},
  ) {
    const clean = description.replaceAll(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/gu, '?');
    super(`${error}: ${clean}`, { cause: options.cause });
    this.error = error;
    this.description = clean;
    this.status = options.status ?? statuses[error] ?? 400;
    this.headers = { ...(this.status === 503 && { 'retry-after': retryAfter }), ...options.headers };
  }
}

/** The JSON of RFC 6749 §5.2. */
export function errorBody({ error, description }: OAuthError): string {
  return JSON.stringify({ error, error_description: description });
}
