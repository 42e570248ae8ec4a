import type { KnownClient } from '../known-client.ts';
import { bySpecification } from '../search.ts';

const perplexity: KnownClient = {
  id: 'perplexity',
  title: 'Perplexity',
  label: 'Perplexity',
  marks: {
    callbacks: ['https://www.perplexity.ai/rest/connections/oauth_callback'],
    names: ['Perplexity'],
  },
  registration: ['dcr'],
  deviations: ['no_application_type', 'refresh_without_scope', 'secret_with_none', 'webview_without_cookies'],
  search: bySpecification,
  evidence: {
    grade: 'reported',
    note: 'That it wants a secret is read in the source of another server.',
    threads: ['taylorwilsdon/google_workspace_mcp#830'],
  },
  limits: ['Its app signs in in an embedded browser that loses our cookie.'],
  operator: [],
};

const grok: KnownClient = {
  id: 'grok',
  title: 'Grok',
  label: 'Grok',
  marks: {
    documents: ['https://grok.com/oauth/mcp-client.json'],
    callbacks: [
      'https://grok.com/connectors-oauth-exchange-code/',
      'https://console.x.ai/connectors-oauth-exchange-code/',
    ],
    names: ['Grok'],
  },
  registration: ['cimd', 'dcr'],
  documentHosts: ['grok.com'],
  deviations: ['several_redirect_uris', 'refresh_without_scope'],
  search: bySpecification,
  evidence: { grade: 'reported', threads: ['koala73/worldmonitor#8307'] },
  limits: ['Its bot registers with the addresses of Cursor, and is shown as such.'],
  operator: ['Where you list its callback, keep the slash at its end.'],
};

const mistral: KnownClient = {
  id: 'mistral',
  title: 'Mistral Le Chat',
  label: 'Le Chat',
  marks: {
    callbacks: ['https://callback.mistral.ai/v1/integrations_auth/oauth2_callback'],
    names: ['Le Chat', 'Mistral AI'],
  },
  registration: ['dcr', 'static'],
  deviations: ['no_application_type', 'refresh_without_scope'],
  search: bySpecification,
  evidence: { grade: 'reported', note: 'Its callback only; its name is assumed.', threads: [] },
  limits: [],
  operator: ['Where it is to have an id and a secret, configure a client under clients with its callback.'],
};

const gemini: KnownClient = {
  id: 'gemini',
  title: 'Gemini app and custom MCP servers at Google',
  label: 'Google',
  // Each project at Google has one.
  marks: {
    relays: [
      'https://oauth-redirect.googleusercontent.com/r/*',
      'https://oauth-redirect-sandbox.googleusercontent.com/r/*',
      'https://oauth-redirect-test.googleusercontent.com/r/*',
      'https://oauth-redirect.googleusercontent.com/a/*',
    ],
  },
  registration: ['static', 'dcr'],
  deviations: [
    'several_redirect_uris',
    'no_application_type',
    'long_state',
    'refresh_without_scope',
    'callback_per_connection',
  ],
  search: bySpecification,
  evidence: { grade: 'reported', note: 'Told in notes of other servers only.', threads: [] },
  limits: [],
  operator: [
    'Configure a client under clients with client_secret_post, and give its id and secret to whoever connects; or set allow_confidential_client_registration.',
  ],
};

const devin: KnownClient = {
  id: 'devin',
  title: 'Devin',
  label: 'Devin',
  marks: { names: ['Devin'] },
  registration: ['dcr'],
  deviations: ['no_application_type', 'refresh_without_scope'],
  search: bySpecification,
  evidence: {
    grade: 'assumed',
    note: 'Its callback is in its vendor’s documentation, which was not at hand.',
    threads: ['koala73/worldmonitor#8305'],
  },
  limits: [],
  operator: [],
};

/** Clients that run at their vendors. */
export const hosted: readonly KnownClient[] = [perplexity, grok, mistral, gemini, devin];
