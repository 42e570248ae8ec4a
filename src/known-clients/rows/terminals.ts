import type { KnownClient } from '../known-client.ts';
import { bySpecification, current } from '../search.ts';

const geminiCli: KnownClient = {
  id: 'gemini-cli',
  title: 'Gemini CLI',
  label: 'Gemini CLI',
  marks: { local: ['http://localhost/oauth/callback'], names: ['Gemini CLI MCP Client'] },
  registration: ['dcr', 'static'],
  deviations: ['registers_each_run', 'no_application_type', 'scope_of_server', 'refresh_without_scope'],
  // Asks with HEAD before it signs in.
  search: bySpecification,
  needs: [...current, 'pkce-methods', 'registration-dcr', 'challenge-head'],
  evidence: {
    grade: 'recorded',
    note: 'Version 0.61.',
    threads: ['google-gemini/gemini-cli#14419', 'google-gemini/gemini-cli#17332'],
  },
  limits: ['Until January 2026 it looked for metadata at the wrong address where the issuer has a path.'],
  operator: [],
};

const opencode: KnownClient = {
  id: 'opencode',
  title: 'opencode',
  label: 'OpenCode',
  marks: { local: ['http://127.0.0.1/mcp/oauth/callback'], names: ['OpenCode'] },
  registration: ['dcr', 'static'],
  documentHosts: ['opencode.ai'],
  deviations: [
    'registers_each_run',
    'no_application_type',
    'prompt_consent',
    'refresh_without_scope',
    'refresh_without_resource',
    'discovery_with_version',
  ],
  search: bySpecification,
  evidence: {
    grade: 'recorded',
    note: 'Version 1.18. That refreshes lack the resource is reported of older ones.',
    threads: ['anomalyco/opencode#7377', 'anomalyco/opencode#26301', 'anomalyco/opencode#34592'],
  },
  limits: ['The scope of its configuration was reported to be ignored (anomalyco/opencode#26301).'],
  operator: [],
};

const goose: KnownClient = {
  id: 'goose',
  title: 'Goose',
  label: 'Goose',
  marks: { names: ['goose', 'Goose'] },
  registration: ['dcr'],
  deviations: ['registers_each_run', 'refresh_without_scope', 'discovery_with_version'],
  search: bySpecification,
  evidence: {
    grade: 'assumed',
    note: 'That its loopback port changes is reported; the rest is by specification.',
    threads: ['block/goose#5107'],
  },
  limits: [],
  operator: [],
};

/** Clients of the command line. */
export const terminals: readonly KnownClient[] = [geminiCli, opencode, goose];
