import type { KnownClient } from '../known-client.ts';
import { bySdk, bySpecification, current, sdkNeeds } from '../search.ts';

/** Everything that connects from Anthropic’s own servers. */
const claude: KnownClient = {
  id: 'claude',
  title: 'Claude (web, mobile, desktop connectors)',
  label: 'Claude',
  marks: {
    documents: [
      'https://claude.ai/oauth/mcp-oauth-client-metadata',
      'https://claude.com/oauth/mcp-oauth-client-metadata',
    ],
    callbacks: ['https://claude.ai/api/mcp/auth_callback', 'https://claude.com/api/mcp/auth_callback'],
    names: ['Claude', 'claudeai'],
  },
  registration: ['cimd', 'dcr', 'static'],
  documentHosts: ['claude.ai', 'claude.com'],
  deviations: [
    'registers_each_run',
    'no_application_type',
    'scope_of_server',
    'prompt_consent',
    'refresh_without_scope',
  ],
  search: { ...bySpecification, defaultEndpoints: true },
  needs: [...current, 'resource-exact', 'pkce-s256', 'token-json'],
  evidence: {
    grade: 'reported',
    threads: [
      'anthropics/claude-ai-mcp#632',
      'anthropics/claude-ai-mcp#518',
      'anthropics/claude-ai-mcp#228',
      'anthropics/claude-ai-mcp#786',
      'anthropics/claude-ai-mcp#654',
    ],
  },
  limits: [
    'It keeps what it once registered, even after the connector was removed (anthropics/claude-ai-mcp#899).',
    'Errors of the server are shown as a number that begins with ofid_.',
  ],
  operator: [
    'Let requests of its backend (python-httpx, from shared addresses) pass a firewall or bot protection.',
    'Give users the URL exactly as proxy.path makes it: the resource is compared character for character.',
  ],
};

const claudeCode: KnownClient = {
  id: 'claude-code',
  title: 'Claude Code',
  label: 'Claude Code',
  marks: {
    documents: ['https://claude.ai/oauth/claude-code-client-metadata'],
    local: [
      'http://localhost/callback',
      'http://127.0.0.1/callback',
      'claude://claude.ai/mcp-auth-callback/sdk',
    ],
    names: ['Claude Code', 'Claude Code (*)'],
  },
  registration: ['cimd', 'dcr', 'static'],
  documentHosts: ['claude.ai'],
  deviations: [
    'portless_loopback',
    'registers_each_run',
    'no_application_type',
    'omits_scope',
    'refresh_without_scope',
    'discovery_with_version',
    'refresh_races',
  ],
  search: bySdk,
  needs: sdkNeeds,
  evidence: {
    grade: 'reported',
    threads: [
      'anthropics/claude-code#37747',
      'anthropics/claude-code#7744',
      'anthropics/claude-code#89862',
      'anthropics/claude-code#73460',
      'anthropics/claude-code#85236',
      'anthropics/claude-code#66210',
      'anthropics/claude-code#44652',
    ],
  },
  limits: [
    'A refresh token that it repeats days later ends the login (anthropics/claude-code#66210).',
    'It does not ask for more scopes when a tool needs them (anthropics/claude-code#44652): grant them at the first login.',
  ],
  operator: [],
};

/** Clients of Anthropic. */
export const anthropic: readonly KnownClient[] = [claude, claudeCode];
