import type { ResourcePlace, ServerPlace } from './places.ts';

/** Stable names of what may break a client; `checks*.ts` says what each of them means. */
export type NeedId =
  | 'https'
  | 'challenge-post'
  | 'challenge-get'
  | 'challenge-head'
  | 'resource-metadata'
  | 'resource-match'
  | 'server-metadata'
  | 'json-content-type'
  | 'null-members'
  | 'endpoints'
  | 'issuer-match'
  | 'pkce-s256'
  | 'registration-cimd-or-dcr'
  | 'registration-dcr'
  | 'public-clients'
  | 'token-json'
  | 'cors-metadata'
  | 'cors-token'
  | 'cors-register'
  | 'cors-mcp';

/** How one client finds its way, and what it cannot do without. Facts only: each row is what that client was seen to do. */
export interface ClientProfile {
  readonly id: string;
  readonly name: string;
  /** In this order; empty: it knows no such metadata (2025-03-26). */
  readonly resourcePlaces: readonly ResourcePlace[];
  /** Takes the MCP server's own origin for the authorization server when there are no resource metadata. */
  readonly originFallback: boolean;
  readonly serverPlaces: readonly ServerPlace[];
  /** Goes to `/authorize`, `/token` and `/register` of the origin when there are no server metadata. */
  readonly defaultEndpoints: boolean;
  readonly needs: readonly NeedId[];
}

const everywhere: readonly ResourcePlace[] = ['challenge', 'path', 'root'];
const probing: readonly ServerPlace[] = ['oauth-inserted', 'oidc-inserted', 'oidc-appended'];

const always: readonly NeedId[] = [
  'https',
  'challenge-post',
  'server-metadata',
  'null-members',
  'endpoints',
  'public-clients',
  'token-json',
];
const since2025June: readonly NeedId[] = [...always, 'resource-metadata', 'resource-match'];
const since2025November: readonly NeedId[] = [...since2025June, 'pkce-s256', 'registration-cimd-or-dcr'];
const browser: readonly NeedId[] = ['cors-mcp', 'cors-metadata', 'cors-token', 'cors-register'];

const modern = {
  resourcePlaces: everywhere,
  originFallback: false,
  serverPlaces: probing,
  defaultEndpoints: false,
} as const;

/** The main clients, as of the end of 2026. */
export const clientProfiles: readonly ClientProfile[] = [
  {
    id: 'claude',
    name: 'Claude (web, mobile, desktop connectors)',
    ...modern,
    needs: [...since2025November, 'json-content-type'],
  },
  { id: 'claude-code', name: 'Claude Code', ...modern, originFallback: true, needs: since2025November },
  { id: 'chatgpt', name: 'ChatGPT', ...modern, needs: [...since2025November, 'json-content-type'] },
  {
    id: 'vscode',
    name: 'VS Code',
    ...modern,
    originFallback: true,
    defaultEndpoints: true,
    needs: since2025November,
  },
  // Knows no client-id metadata documents.
  {
    id: 'cursor',
    name: 'Cursor',
    ...modern,
    originFallback: true,
    needs: [...since2025November, 'registration-dcr'],
  },
  // Reported to ignore the address in the challenge; asks with GET before it signs in.
  {
    id: 'codex',
    name: 'Codex',
    ...modern,
    resourcePlaces: ['path', 'root'],
    needs: [...since2025November, 'challenge-get'],
  },
  {
    id: 'gemini-cli',
    name: 'Gemini CLI',
    ...modern,
    needs: [...since2025November, 'registration-dcr', 'challenge-head'],
  },
  {
    id: 'mcp-remote',
    name: 'mcp-remote',
    ...modern,
    originFallback: true,
    needs: [...since2025November, 'issuer-match', 'challenge-get'],
  },
  // Runs in the browser's page, so every answer needs CORS.
  {
    id: 'inspector-1',
    name: 'MCP Inspector 1',
    ...modern,
    originFallback: true,
    needs: [...since2025November, ...browser],
  },
  {
    id: 'inspector-2',
    name: 'MCP Inspector 2',
    ...modern,
    originFallback: true,
    needs: [...since2025November, 'issuer-match'],
  },
  {
    id: 'sdk-2025-03-26',
    name: 'SDK 1.x, MCP 2025-03-26',
    resourcePlaces: [],
    originFallback: true,
    serverPlaces: ['oauth-root'],
    defaultEndpoints: true,
    needs: [...always, 'registration-dcr'],
  },
  {
    id: 'sdk-2025-06-18',
    name: 'SDK 1.x, MCP 2025-06-18',
    resourcePlaces: everywhere,
    originFallback: true,
    serverPlaces: ['oauth-inserted', 'oauth-root'],
    defaultEndpoints: true,
    needs: [...since2025June, 'registration-dcr'],
  },
  {
    id: 'sdk-2025-11-25',
    name: 'SDK 1.x, MCP 2025-11-25',
    ...modern,
    originFallback: true,
    needs: since2025November,
  },
  {
    id: 'sdk-2026-07-28',
    name: 'SDK 2.x, MCP 2026-07-28',
    ...modern,
    originFallback: true,
    needs: [...since2025November, 'issuer-match'],
  },
];
