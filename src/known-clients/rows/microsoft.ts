import type { KnownClient } from '../known-client.ts';
import { bySpecification, current } from '../search.ts';

const vscode: KnownClient = {
  id: 'vscode',
  title: 'VS Code',
  label: 'Visual Studio Code',
  marks: {
    documents: ['https://vscode.dev/oauth/client-metadata.json'],
    // Both pages pass on what they get to an address in `state`: to a program on the user's computer.
    relays: ['https://vscode.dev/redirect', 'https://insiders.vscode.dev/redirect'],
    local: ['http://127.0.0.1/'],
    names: ['Visual Studio Code', 'Visual Studio Code - Insiders'],
  },
  registration: ['cimd', 'dcr', 'static'],
  documentHosts: ['vscode.dev'],
  deviations: [
    'portless_loopback',
    'several_redirect_uris',
    'no_application_type',
    'unserved_grant_types',
    'refresh_without_scope',
  ],
  search: { ...bySpecification, originFallback: true, defaultEndpoints: true },
  needs: [...current, 'pkce-methods'],
  evidence: {
    grade: 'source',
    threads: ['microsoft/vscode#278512', 'microsoft/vscode#315235', 'stacklok/toolhive#6290'],
  },
  limits: [
    'It may open the address of an earlier attempt (microsoft/vscode#315235): start again from the command.',
  ],
  operator: [],
};

const copilotCli: KnownClient = {
  id: 'copilot-cli',
  title: 'GitHub Copilot CLI and app',
  label: 'GitHub Copilot CLI',
  marks: { local: ['http://127.0.0.1/'], names: ['GitHub Copilot CLI', 'Copilot CLI'] },
  registration: ['dcr'],
  deviations: ['portless_loopback', 'registers_each_run', 'refresh_without_scope', 'discovery_with_version'],
  search: bySpecification,
  evidence: {
    grade: 'reported',
    note: 'Its name is assumed.',
    threads: ['github/copilot-cli#1951'],
  },
  limits: [],
  operator: [],
};

const copilotStudio: KnownClient = {
  id: 'copilot-studio',
  title: 'Copilot Studio and Power Platform',
  label: 'Microsoft Power Platform',
  // Everybody can make a connector there.
  marks: { relays: ['https://global.consent.azure-apim.net/redirect/*'] },
  registration: ['dcr', 'static'],
  deviations: ['no_application_type', 'refresh_without_scope', 'callback_per_connection'],
  search: bySpecification,
  evidence: { grade: 'reported', threads: ['activepieces/activepieces#14397'] },
  limits: ['It shows each of our refusals as a failure of its own (500).', 'It uses no metadata document.'],
  operator: [
    'Set allow_confidential_client_registration: it registers with client_secret_basic and wants a secret.',
  ],
};

/** Clients of Microsoft and GitHub. */
export const microsoft: readonly KnownClient[] = [vscode, copilotCli, copilotStudio];
