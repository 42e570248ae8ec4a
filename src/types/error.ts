/** Every code that a {@link SallyportError} can carry. The set is closed: callers may switch on it. */
export type ErrorCode =
  | 'config_invalid'
  | 'key_invalid'
  | 'key_ring_locked'
  | 'seal_broken'
  | 'storage_failed'
  | 'storage_schema_newer'
  | 'upstream_unavailable'
  | 'upstream_rejected'
  | 'upstream_invalid'
  | 'fetch_refused'
  | 'closed';

/** Base of all errors that this package throws. `cause` holds what led to it; the message never holds a secret. */
export class SallyportError extends Error {
  override readonly name: string = 'SallyportError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
