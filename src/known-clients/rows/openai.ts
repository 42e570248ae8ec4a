import type { KnownClient } from '../known-client.ts';
import { bySpecification, current } from '../search.ts';

const chatgpt: KnownClient = {
  id: 'chatgpt',
  title: 'ChatGPT',
  label: 'ChatGPT',
  marks: {
    documents: ['https://chatgpt.com/oauth/client.json', 'https://chatgpt.com/oauth/*/client.json'],
    callbacks: [
      'https://chatgpt.com/connector_platform_oauth_redirect',
      'https://chatgpt.com/connector/oauth/*',
    ],
    names: ['ChatGPT'],
  },
  registration: ['cimd', 'dcr', 'static'],
  documentHosts: ['chatgpt.com'],
  deviations: ['no_application_type', 'refresh_without_scope', 'optional_proof', 'callback_per_connection'],
  search: bySpecification,
  needs: [...current, 'pkce-s256'],
  evidence: {
    grade: 'reported',
    threads: ['koala73/worldmonitor#8307', 'cloudflare/workers-oauth-provider#108'],
  },
  limits: ['Long-lived connections were reported to lose their refresh token on its side.'],
  operator: [],
};

const codex: KnownClient = {
  id: 'codex',
  title: 'Codex',
  label: 'Codex',
  marks: {
    documents: ['https://chatgpt.com/oauth/codex/client.json'],
    local: [
      'http://127.0.0.1/callback',
      'http://localhost/callback',
      'http://127.0.0.1/callback/*',
      'http://localhost/callback/*',
    ],
    names: ['Codex'],
  },
  registration: ['cimd', 'dcr', 'static'],
  documentHosts: ['chatgpt.com'],
  deviations: [
    'portless_loopback',
    'registers_each_run',
    'no_application_type',
    'foreign_scopes',
    'registers_fewer_scopes',
    'refresh_without_scope',
    'discovery_with_version',
    'refresh_races',
  ],
  // Reported to ignore the address in the challenge; asks with GET before it signs in.
  search: { ...bySpecification, resourcePlaces: ['path', 'root'] },
  needs: [...current, 'pkce-methods', 'challenge-get'],
  evidence: {
    grade: 'recorded',
    note: 'Version 0.169. Older ones are reported.',
    threads: [
      'openai/codex#30460',
      'openai/codex#17265',
      'openai/codex#35253',
      'openai/codex#23242',
      'openai/codex#42427',
      'openai/codex#27165',
    ],
  },
  limits: [
    'With a path behind /callback that its document does not list, it must register itself: paths are compared exactly.',
    'Where it asks for scopes of OpenID Connect alone (openai/codex#17265), its first call is told which scopes are missing: name them with --scopes.',
    'Processes that share one store of tokens were seen to use one that was rotated an hour ago; that ends the login.',
  ],
  operator: [],
};

/** Clients of OpenAI. */
export const openai: readonly KnownClient[] = [chatgpt, codex];
