/** Reads a scope list (RFC 6749 §3.3). Repeated and malformed tokens are dropped. */
export function parseScope(text: string | undefined): string[] {
  const tokens = (text ?? '').split(' ').filter((token) => /^[\x21\x23-\x5b\x5d-\x7e]+$/u.test(token));
  return [...new Set(tokens)];
}

/** Writes a scope list. */
export function formatScope(scopes: readonly string[]): string {
  return scopes.join(' ');
}

/** Scopes of OpenID Connect itself (Core §5.4, §11): what a client learns of a person, and for how long; not what it may do. */
export const identityScopes: readonly string[] = ['openid', 'profile', 'email', 'offline_access'];

/** What a grant may hold. */
export interface GrantableScopes {
  /** At the resource that is asked for. */
  readonly supported: readonly string[];
  /** What the client registered for; `null`: everything supported. */
  readonly client: readonly string[] | null;
  /** What it may have when it asks, beside what it registered for. */
  readonly onRequest?: readonly string[];
  /** What nobody gets without having named it; `offline_access` always is of these. */
  readonly onDemand?: readonly string[];
}

/**
 * What may be granted of what was asked, in the order of the catalogue. Unknown scopes are dropped, not fatal, and never
 * replaced by others: who asks for nothing of ours gets nothing. Asking for no scope at all means whatever the client may
 * have (RFC 6749 §3.3), but `offline_access` only when its registration named it (OpenID Connect Core §11).
 */
export function grantableScopes(requested: readonly string[], allowed: GrantableScopes): string[] {
  const { supported, client, onRequest = [], onDemand = [] } = allowed;
  if (requested.length > 0) {
    const may = (scope: string): boolean =>
      client === null || client.includes(scope) || onRequest.includes(scope);
    return supported.filter((scope) => may(scope) && requested.includes(scope));
  }
  if (client !== null) return supported.filter((scope) => client.includes(scope));
  return supported.filter((scope) => scope !== 'offline_access' && !onDemand.includes(scope));
}
