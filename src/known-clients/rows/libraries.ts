import type { KnownClient } from '../known-client.ts';
import { always, bySdk, bySpecification, sdkNeeds } from '../search.ts';

const sdk1: KnownClient = {
  id: 'sdk-1',
  title: 'TypeScript SDK 1.x',
  label: 'MCP SDK',
  marks: {},
  registration: ['dcr', 'cimd', 'static'],
  deviations: [
    'registers_each_run',
    'no_application_type',
    'registers_fewer_scopes',
    'prompt_consent',
    'refresh_without_scope',
    'discovery_with_version',
  ],
  search: bySdk,
  revisions: [
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
  ],
  evidence: { grade: 'recorded', note: 'Version 1.32.', threads: [] },
  limits: [],
  operator: [],
};

const sdk2: KnownClient = {
  id: 'sdk-2',
  title: 'TypeScript SDK 2.x',
  label: 'MCP SDK',
  marks: {},
  registration: ['dcr', 'cimd', 'static'],
  deviations: ['registers_each_run', 'prompt_consent', 'refresh_without_scope', 'discovery_with_version'],
  search: bySdk,
  revisions: [
    {
      id: 'sdk-2026-07-28',
      name: 'SDK 2.x, MCP 2026-07-28',
      ...bySdk,
      needs: [...sdkNeeds, 'issuer-match'],
    },
  ],
  evidence: { grade: 'recorded', note: 'Version 2.4.', threads: [] },
  limits: [],
  operator: [],
};

const aiSdk: KnownClient = {
  id: 'ai-sdk',
  title: 'Vercel AI SDK (@ai-sdk/mcp)',
  label: 'AI SDK',
  marks: {},
  registration: ['dcr', 'static'],
  deviations: ['registers_each_run', 'refresh_without_scope', 'discovery_with_version'],
  // Asks the root too, where the issuer has a path.
  search: { ...bySdk, serverPlaces: ['oauth-inserted', 'oauth-root', 'oidc-inserted', 'oidc-appended'] },
  evidence: { grade: 'recorded', threads: [] },
  limits: [],
  operator: [],
};

const openidClient: KnownClient = {
  id: 'openid-client',
  title: 'openid-client and oauth4webapi',
  label: 'openid-client',
  marks: {},
  registration: ['dcr', 'static'],
  deviations: ['no_application_type', 'refresh_without_scope'],
  search: { ...bySpecification, resourcePlaces: [], serverPlaces: ['oauth-inserted', 'oidc-appended'] },
  evidence: { grade: 'recorded', note: 'Version 6.8.', threads: [] },
  limits: ['It needs an issuer, which its caller has to know: it reads no metadata of resources.'],
  operator: [],
};

/** What clients are made of: their callers choose names and addresses, so that none of them is recognised. */
export const libraries: readonly KnownClient[] = [sdk1, sdk2, aiSdk, openidClient];
