/** Where clients look for the metadata of a protected resource. */
export type ResourcePlace = 'challenge' | 'path' | 'root';

/** Where clients look for the metadata of an authorization server. */
export type ServerPlace = 'oauth-inserted' | 'oidc-inserted' | 'oidc-appended' | 'oauth-root' | 'oidc-root';

/** How a client finds its way to the authorization server. */
export interface Search {
  /** In this order; empty: it knows no such metadata (2025-03-26). */
  readonly resourcePlaces: readonly ResourcePlace[];
  /** An address in the challenge is the only one that counts; a server error ends every search. */
  readonly strictSearch: boolean;
  /** Takes the MCP server's own origin for the authorization server when there are no resource metadata. */
  readonly originFallback: boolean;
  readonly serverPlaces: readonly ServerPlace[];
  /** Goes to `/authorize`, `/token` and `/register` of the origin when there are no server metadata. */
  readonly defaultEndpoints: boolean;
}

/** Stable names of what may break a client; the doctor's checks say what each of them means. */
export type NeedId =
  | 'https'
  | 'challenge-post'
  | 'challenge-get'
  | 'challenge-head'
  | 'resource-metadata'
  | 'resource-match'
  | 'resource-exact'
  | 'server-metadata'
  | 'metadata-shape'
  | 'endpoints'
  | 'issuer-match'
  | 'pkce-s256'
  | 'pkce-methods'
  | 'registration-cimd-or-dcr'
  | 'registration-dcr'
  | 'token-json'
  | 'cors-metadata'
  | 'cors-token'
  | 'cors-register';

const everywhere: readonly ResourcePlace[] = ['challenge', 'path', 'root'];
const probing: readonly ServerPlace[] = ['oauth-inserted', 'oidc-inserted', 'oidc-appended'];

/** As the specification says since 2025-11-25. */
export const bySpecification: Search = {
  resourcePlaces: everywhere,
  strictSearch: false,
  originFallback: false,
  serverPlaces: probing,
  defaultEndpoints: false,
};

/** As the official TypeScript SDK does it, 1.x and 2.x alike. */
export const bySdk: Search = {
  resourcePlaces: everywhere,
  strictSearch: true,
  originFallback: true,
  serverPlaces: probing,
  defaultEndpoints: true,
};

/** What no client can do without. */
export const always: readonly NeedId[] = ['https', 'challenge-post', 'server-metadata', 'endpoints'];

/** What every client since 2025-06-18 cannot do without. */
export const current: readonly NeedId[] = [
  ...always,
  'resource-metadata',
  'resource-match',
  'registration-cimd-or-dcr',
];

/** What the schemas of the SDK and its own checks refuse. */
export const sdkNeeds: readonly NeedId[] = [...current, 'metadata-shape', 'pkce-methods'];
