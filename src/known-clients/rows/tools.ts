import type { KnownClient } from '../known-client.ts';
import { bySdk, bySpecification, sdkNeeds } from '../search.ts';

const mcpRemote: KnownClient = {
  id: 'mcp-remote',
  title: 'mcp-remote',
  label: 'mcp-remote',
  marks: {
    local: ['http://localhost/oauth/callback', 'http://127.0.0.1/oauth/callback'],
    names: ['MCP CLI Proxy', 'MCP CLI Client'],
    softwareIds: ['2e6dc280-f3c3-4e01-99a7-8181dbd1d23d'],
  },
  registration: ['dcr', 'cimd', 'static'],
  deviations: [
    'registers_each_run',
    'no_application_type',
    'prompt_consent',
    'refresh_without_scope',
    'discovery_with_version',
    'refresh_races',
  ],
  search: bySdk,
  needs: [...sdkNeeds, 'issuer-match', 'challenge-get'],
  evidence: {
    grade: 'recorded',
    note: 'Version 0.15; 0.1 was read in its source.',
    threads: ['geelen/mcp-remote#128', 'geelen/mcp-remote#174', 'punkpeye/mcp-remote#357'],
  },
  limits: [
    'Several of 0.1 that start at once spoil each other’s sign-in; what is left in ~/.mcp-auth then has to go.',
  ],
  operator: [],
};

const inspector1: KnownClient = {
  id: 'inspector-1',
  title: 'MCP Inspector 1',
  label: 'MCP Inspector',
  marks: {
    local: ['http://localhost/oauth/callback', 'http://localhost/oauth/callback/debug'],
    names: ['MCP Inspector'],
  },
  registration: ['dcr', 'static'],
  deviations: [
    'several_redirect_uris',
    'no_application_type',
    'prompt_consent',
    'refresh_without_scope',
    'discovery_with_version',
  ],
  // Signs in from the browser's page, so these answers need CORS.
  search: bySdk,
  needs: [...sdkNeeds, 'cors-metadata', 'cors-token', 'cors-register'],
  evidence: { grade: 'recorded', note: 'Version 1.0.3.', threads: ['sigbit/mcp-auth-proxy#94'] },
  limits: ['What works here may fail in Claude, which checks more: sallyport doctor says what.'],
  operator: [],
};

const inspector2: KnownClient = {
  id: 'inspector-2',
  title: 'MCP Inspector 2',
  label: 'MCP Inspector',
  marks: {
    local: ['http://127.0.0.1/oauth/callback', 'http://localhost/oauth/callback'],
    names: ['MCP Inspector'],
  },
  registration: ['cimd', 'dcr', 'static'],
  deviations: ['prompt_consent', 'refresh_without_scope', 'discovery_with_version'],
  search: bySdk,
  needs: [...sdkNeeds, 'issuer-match'],
  evidence: { grade: 'recorded', note: 'Version 2.12.', threads: [] },
  limits: ['Its command line asks again for the scopes that it had when a tool needs more, and gives up.'],
  operator: [],
};

const mcporter: KnownClient = {
  id: 'mcporter',
  title: 'mcporter',
  label: 'mcporter',
  marks: { local: ['http://127.0.0.1/callback'], names: ['mcporter', 'mcporter (*)'] },
  registration: ['dcr'],
  deviations: [
    'registers_each_run',
    'no_application_type',
    'refresh_without_scope',
    'discovery_with_version',
  ],
  search: bySdk,
  evidence: { grade: 'recorded', threads: [] },
  limits: [
    'When a tool needs more scopes it opens the page for them, and hears no answer: version 0.12 has closed its address by then.',
  ],
  operator: ['Let it ask for all scopes at once: leave out default: false.'],
};

const mcpc: KnownClient = {
  id: 'mcpc',
  title: 'mcpc',
  label: 'mcpc',
  marks: { local: ['http://localhost/callback'], names: ['mcpc'] },
  registration: ['dcr'],
  deviations: [
    'registers_each_run',
    'no_application_type',
    'no_state',
    'refresh_without_scope',
    'discovery_with_version',
  ],
  search: bySdk,
  evidence: { grade: 'recorded', threads: [] },
  limits: ['When a tool needs more scopes its user has to name them: mcpc login with --scope, then restart.'],
  operator: [],
};

const conformance: KnownClient = {
  id: 'conformance',
  title: 'MCP conformance suite',
  label: 'MCP conformance suite',
  marks: { documents: ['https://conformance-test.local/client-metadata.json'] },
  registration: ['static', 'cimd'],
  deviations: ['no_application_type', 'omits_scope', 'refresh_without_scope', 'discovery_with_version'],
  search: bySpecification,
  evidence: { grade: 'recorded', note: 'Version 0.2.0-alpha.12.', threads: [] },
  limits: [
    'The document of its reference client is at a name under .local, which no server can fetch: it is refused.',
  ],
  operator: [],
};

/** Tools of those who make MCP servers. */
export const tools: readonly KnownClient[] = [mcpRemote, inspector1, inspector2, mcporter, mcpc, conformance];
