/** Reads a scope list (RFC 6749 §3.3). Repeated and malformed tokens are dropped. */
export function parseScope(text: string | undefined): string[] {
  const tokens = (text ?? '').split(' ').filter((token) => /^[\x21\x23-\x5b\x5d-\x7e]+$/u.test(token));
  return [...new Set(tokens)];
}

/** Writes a scope list. */
export function formatScope(scopes: readonly string[]): string {
  return scopes.join(' ');
}

/**
 * What may be granted of what was asked, in the order of the catalogue. Unknown scopes are dropped, not fatal, and never
 * replaced by others: who asks for nothing of ours gets nothing. Asking for no scope at all means whatever the client may
 * have (RFC 6749 §3.3), but `offline_access` only when its registration named it (OpenID Connect Core §11).
 */
export function grantableScopes(
  requested: readonly string[],
  allowed: {
    readonly supported: readonly string[];
    /** What the client registered for; `null`: everything supported. */
    readonly client: readonly string[] | null;
  },
): string[] {
  const { supported, client } = allowed;
  const may = supported.filter((scope) => client === null || client.includes(scope));
  if (requested.length > 0) return may.filter((scope) => requested.includes(scope));
  return may.filter((scope) => scope !== 'offline_access' || client !== null);
}
