import type { ResourcePlace, ServerPlace } from './places.ts';

/** Stable names of what may break a client; `checks*.ts` says what each of them means. */
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

/** How one client finds its way, and what it cannot do without. Facts only: each row is what that client was seen to do. */
export interface ClientProfile {
  readonly id: string;
  readonly name: string;
  /** In this order; empty: it knows no such metadata (2025-03-26). */
  readonly resourcePlaces: readonly ResourcePlace[];
  /** An address in the challenge is the only one that counts; a server error ends every search. */
  readonly strictSearch: boolean;
  /** Takes the MCP server's own origin for the authorization server when there are no resource metadata. */
  readonly originFallback: boolean;
  readonly serverPlaces: readonly ServerPlace[];
  /** Goes to `/authorize`, `/token` and `/register` of the origin when there are no server metadata. */
  readonly defaultEndpoints: boolean;
  readonly needs: readonly NeedId[];
}

const everywhere: readonly ResourcePlace[] = ['challenge', 'path', 'root'];
const probing: readonly ServerPlace[] = ['oauth-inserted', 'oidc-inserted', 'oidc-appended'];

const always: readonly NeedId[] = ['https', 'challenge-post', 'server-metadata', 'endpoints'];
const current: readonly NeedId[] = [
  ...always,
  'resource-metadata',
  'resource-match',
  'registration-cimd-or-dcr',
];
/** What the schemas of the SDK and its own checks refuse. */
const sdkNeeds: readonly NeedId[] = [...current, 'metadata-shape', 'pkce-methods'];

/** As the specification says since 2025-11-25. */
const bySpecification = {
  resourcePlaces: everywhere,
  strictSearch: false,
  originFallback: false,
  serverPlaces: probing,
  defaultEndpoints: false,
} as const;

/** As the official TypeScript SDK does it, 1.x and 2.x alike. */
const bySdk = {
  resourcePlaces: everywhere,
  strictSearch: true,
  originFallback: true,
  serverPlaces: probing,
  defaultEndpoints: true,
} as const;

/** The main clients, as of the end of 2026. */
export const clientProfiles: readonly ClientProfile[] = [
  {
    id: 'claude',
    name: 'Claude (web, mobile, desktop connectors)',
    ...bySpecification,
    defaultEndpoints: true,
    needs: [...current, 'resource-exact', 'pkce-s256', 'token-json'],
  },
  { id: 'claude-code', name: 'Claude Code', ...bySdk, needs: sdkNeeds },
  { id: 'chatgpt', name: 'ChatGPT', ...bySpecification, needs: [...current, 'pkce-s256'] },
  {
    id: 'vscode',
    name: 'VS Code',
    ...bySpecification,
    originFallback: true,
    defaultEndpoints: true,
    needs: [...current, 'pkce-methods'],
  },
  // Knows no client-id metadata documents.
  { id: 'cursor', name: 'Cursor', ...bySdk, needs: [...sdkNeeds, 'registration-dcr'] },
  // Reported to ignore the address in the challenge; asks with GET before it signs in.
  {
    id: 'codex',
    name: 'Codex',
    ...bySpecification,
    resourcePlaces: ['path', 'root'],
    needs: [...current, 'pkce-methods', 'challenge-get'],
  },
  // Asks with HEAD before it signs in.
  {
    id: 'gemini-cli',
    name: 'Gemini CLI',
    ...bySpecification,
    needs: [...current, 'pkce-methods', 'registration-dcr', 'challenge-head'],
  },
  {
    id: 'mcp-remote',
    name: 'mcp-remote',
    ...bySdk,
    needs: [...sdkNeeds, 'issuer-match', 'challenge-get'],
  },
  // Signs in from the browser's page, so these answers need CORS.
  {
    id: 'inspector-1',
    name: 'MCP Inspector 1',
    ...bySdk,
    needs: [...sdkNeeds, 'cors-metadata', 'cors-token', 'cors-register'],
  },
  { id: 'inspector-2', name: 'MCP Inspector 2', ...bySdk, needs: [...sdkNeeds, 'issuer-match'] },
  {
    id: 'sdk-2025-03-26',
    name: 'SDK 1.x, MCP 2025-03-26',
    ...bySdk,
    resourcePlaces: [],
    serverPlaces: ['oauth-root'],
    needs: [...always, 'metadata-shape', 'pkce-methods', 'registration-dcr'],
  },
  {
    id: 'sdk-2025-06-18',
    name: 'SDK 1.x, MCP 2025-06-18',
    ...bySdk,
    serverPlaces: ['oauth-inserted', 'oauth-root'],
    needs: [...sdkNeeds, 'registration-dcr'],
  },
  { id: 'sdk-2025-11-25', name: 'SDK 1.x, MCP 2025-11-25', ...bySdk, needs: sdkNeeds },
  { id: 'sdk-2026-07-28', name: 'SDK 2.x, MCP 2026-07-28', ...bySdk, needs: [...sdkNeeds, 'issuer-match'] },
];
