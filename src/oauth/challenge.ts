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

/** A scheme, or a parameter: `name`, `name=token`, `name="quoted"`. */
const piece = /[\s,]*([!#$%&'*+.^_`|~\w-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\[^])*)"|([^\s,"]*)))?/uy;

/**
 * The parameters of the `Bearer` challenge in a `WWW-Authenticate` header (RFC 9110 §11.6.1), names in lower case; the first of
 * each name counts. `null` when there is none, or the header cannot be read.
 */
export function readBearerChallenge(header: string): ReadonlyMap<string, string> | null {
  const reader = new RegExp(piece);
  let scheme = '';
  let found: Map<string, string> | null = null;
  const end = header.trimEnd();
  while (reader.lastIndex < end.length) {
    const match = reader.exec(end);
    if (!match) return null;
    const [, name = '', quoted, plain] = match;
    const value = quoted?.replaceAll(/\\([^])/gu, '$1') ?? plain;
    if (value === undefined) {
      scheme = name.toLowerCase();
      if (scheme === 'bearer') found ??= new Map();
    } else if (scheme === 'bearer' && found && !found.has(name.toLowerCase())) {
      found.set(name.toLowerCase(), value);
    }
  }
  return found;
}
