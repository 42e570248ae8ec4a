import type { ServerPlace } from '../known-clients/search.ts';

/** RFC 9728 §3.1: the well-known part stands between host and path. */
export function resourceUrl(given: URL, place: 'path' | 'root'): string {
  const path = place === 'root' ? '' : withoutSlash(given.pathname);
  return `${given.origin}/.well-known/oauth-protected-resource${path}`;
}

/** RFC 8414 §3.1 inserts, OpenID Connect Discovery §4 appends; clients before 2025-06-18 knew only the root. */
export function serverUrl(issuer: URL, place: ServerPlace): string {
  const path = withoutSlash(issuer.pathname);
  const urls: Readonly<Record<ServerPlace, string>> = {
    'oauth-inserted': `/.well-known/oauth-authorization-server${path}`,
    'oidc-inserted': `/.well-known/openid-configuration${path}`,
    'oidc-appended': `${path}/.well-known/openid-configuration`,
    'oauth-root': '/.well-known/oauth-authorization-server',
    'oidc-root': '/.well-known/openid-configuration',
  };
  return issuer.origin + urls[place];
}

export const serverPlaces: readonly ServerPlace[] = [
  'oauth-inserted',
  'oidc-inserted',
  'oidc-appended',
  'oauth-root',
  'oidc-root',
];

function withoutSlash(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : path;
}
