import type { KnownClient } from '../known-client.ts';
import { bySpecification } from '../search.ts';

const n8n: KnownClient = {
  id: 'n8n',
  title: 'n8n',
  label: 'n8n',
  marks: {
    relays: ['https://oauth.n8n.cloud/oauth2/callback', 'https://*/rest/oauth2-credential/callback'],
    names: ['n8n'],
  },
  registration: ['dcr', 'static'],
  deviations: ['no_application_type', 'refresh_without_scope', 'callback_per_connection'],
  search: bySpecification,
  evidence: { grade: 'reported', note: 'Its name is assumed.', threads: ['n8n-io/n8n#21791'] },
  limits: [
    'On its cloud it may authorize with another address than it registered (n8n-io/n8n#21791), which is refused, as it must be.',
  ],
  operator: ['For its cloud, configure a client with https://oauth.n8n.cloud/oauth2/callback.'],
};

const librechat: KnownClient = {
  id: 'librechat',
  title: 'LibreChat',
  label: 'LibreChat',
  marks: { relays: ['https://*/api/mcp/*/oauth/callback'], names: ['LibreChat', 'LibreChat MCP Client'] },
  registration: ['dcr', 'static'],
  deviations: ['no_application_type', 'refresh_without_scope', 'callback_per_connection'],
  search: bySpecification,
  evidence: {
    grade: 'reported',
    note: 'Its names are assumed.',
    threads: ['danny-avila/LibreChat#9705', 'danny-avila/LibreChat#13401'],
  },
  limits: [
    'Versions that refresh with HTTP Basic whatever was registered (danny-avila/LibreChat#9705) need a client of their own.',
  ],
  operator: ['Where refreshes fail with invalid_client, configure a client with client_secret_basic for it.'],
};

const openWebui: KnownClient = {
  id: 'open-webui',
  title: 'Open WebUI',
  label: 'Open WebUI',
  marks: { relays: ['https://*/oauth/clients/*/callback'], names: ['Open WebUI'] },
  registration: ['dcr'],
  deviations: ['no_application_type', 'refresh_without_scope', 'callback_per_connection'],
  search: bySpecification,
  evidence: { grade: 'reported', note: 'Its name is assumed.', threads: ['open-webui/open-webui#20138'] },
  limits: ['Versions before the correction of open-webui/open-webui#20138 do not refresh well.'],
  operator: [],
};

/** Clients that somebody runs for themselves, at any host. */
export const selfHosted: readonly KnownClient[] = [n8n, librechat, openWebui];
