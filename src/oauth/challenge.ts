/** What a `WWW-Authenticate: Bearer` challenge tells (RFC 6750 §3, RFC 9728 §5.1). */
export interface Challenge {
  readonly error?: string;
  readonly description?: string;
  /** Space-separated scopes. */
  readonly scope?: string;
  /** Address of the protected-resource metadata. */
  readonly resourceMetadata?: string;
}

/** Writes a challenge. Characters that could end a quoted value or the header become `?`. */
export function bearerChallenge({ error, description, scope, resourceMetadata }: Challenge): string {
  const parts = Object.entries({
    resource_metadata: resourceMetadata,
    error,
    error_description: description,
    scope: scope === '' ? undefined : scope,
  }).flatMap(([name, value]) => (value === undefined ? [] : [`${name}="${quotable(value)}"`]));
  return ['Bearer', parts.join(', ')].filter((part) => part !== '').join(' ');
}

function quotable(value: string): string {
  return value.replaceAll(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/gu, '?');
}
