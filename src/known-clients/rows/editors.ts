import type { KnownClient } from '../known-client.ts';
import { bySdk, bySpecification, sdkNeeds } from '../search.ts';

const cursor: KnownClient = {
  id: 'cursor',
  title: 'Cursor',
  label: 'Cursor',
  marks: {
    callbacks: ['https://www.cursor.com/agents/mcp/oauth/callback'],
    local: ['cursor://anysphere.cursor-mcp/oauth/callback', 'http://localhost/callback'],
    names: ['Cursor'],
  },
  registration: ['dcr', 'static'],
  documentHosts: ['cursor.com'],
  deviations: [
    'application_type_web',
    'registers_each_run',
    'several_redirect_uris',
    'no_application_type',
    'refresh_without_scope',
    'discovery_with_version',
  ],
  search: bySdk,
  // Knows no client-id metadata documents.
  needs: [...sdkNeeds, 'registration-dcr'],
  evidence: {
    grade: 'reported',
    threads: [
      'bytebase/bytebase#20447',
      'bytebase/bytebase#20510',
      'erp-mafia/accounted#2225',
      'better-auth/better-auth#10946',
    ],
  },
  limits: ['When one of its addresses is refused it says no more than “Error”.'],
  operator: [],
};

const zed: KnownClient = {
  id: 'zed',
  title: 'Zed',
  label: 'Zed',
  marks: { documents: ['https://zed.dev/*', 'https://zed.dev/*/*'], names: ['Zed'] },
  registration: ['cimd', 'dcr'],
  documentHosts: ['zed.dev'],
  deviations: ['refresh_without_scope', 'discovery_with_version'],
  search: bySpecification,
  evidence: {
    grade: 'reported',
    note: 'The address of its document and the path of its callback are assumed.',
    threads: ['zed-industries/zed#51768'],
  },
  limits: ['Its first version does not ask for more scopes when a tool needs them.'],
  operator: [],
};

const antigravity: KnownClient = {
  id: 'antigravity',
  title: 'Google Antigravity',
  label: 'Antigravity',
  marks: { callbacks: ['https://antigravity.google/oauth-callback'], names: ['Antigravity'] },
  registration: ['dcr'],
  deviations: ['no_application_type', 'refresh_without_scope'],
  search: bySpecification,
  evidence: { grade: 'reported', note: 'Its callback only.', threads: [] },
  limits: [],
  operator: [],
};

const junie: KnownClient = {
  id: 'junie',
  title: 'JetBrains Junie and AI Assistant',
  label: 'JetBrains',
  marks: { names: ['Junie', 'JetBrains*'] },
  registration: ['dcr'],
  deviations: ['portless_loopback', 'no_application_type', 'no_state', 'refresh_without_scope'],
  search: bySpecification,
  evidence: {
    grade: 'assumed',
    note: 'Only its trouble with servers that are strict about state is reported.',
    threads: ['sigbit/mcp-auth-proxy#180'],
  },
  limits: [],
  operator: [],
};

const windsurf: KnownClient = {
  id: 'windsurf',
  title: 'Windsurf',
  label: 'Windsurf',
  marks: { names: ['Windsurf'] },
  registration: ['dcr'],
  deviations: ['no_application_type', 'refresh_without_scope', 'discovery_with_version'],
  search: bySdk,
  evidence: { grade: 'assumed', note: 'Nothing of it was seen.', threads: [] },
  limits: [],
  operator: [],
};

const cline: KnownClient = {
  id: 'cline',
  title: 'Cline',
  label: 'Cline',
  marks: { names: ['Cline'] },
  registration: ['dcr', 'static'],
  deviations: ['portless_loopback', 'no_application_type', 'refresh_without_scope', 'discovery_with_version'],
  search: bySdk,
  evidence: {
    grade: 'assumed',
    note: 'That it takes an id and a secret is read in its changes; the rest follows from the SDK.',
    threads: ['cline/cline#12983'],
  },
  limits: [],
  operator: [
    'Where it is to have an id and a secret, configure a client under clients with its loopback address.',
  ],
};

const kiro: KnownClient = {
  id: 'kiro',
  title: 'Kiro',
  label: 'Kiro',
  marks: { names: ['Kiro'] },
  registration: ['dcr'],
  deviations: [
    'registers_each_run',
    'no_application_type',
    'refresh_without_scope',
    'discovery_with_version',
  ],
  search: bySdk,
  evidence: { grade: 'assumed', note: 'Nothing of it was seen.', threads: [] },
  limits: [],
  operator: [],
};

/** Editors. */
export const editors: readonly KnownClient[] = [cursor, zed, antigravity, junie, windsurf, cline, kiro];
