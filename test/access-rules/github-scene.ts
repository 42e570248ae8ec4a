import type { AccessSection } from '../../src/config/schema-access.ts';
import { resolveRunConfig } from '../../src/config/resolve.ts';
import { createProviderSimulator } from '../../src/testing/index.ts';
import type { ProviderSimulator, SimulatedUser } from '../../src/testing/index.ts';
import type { HostileServer } from '../fixtures/hostile-server.ts';
import { startHostileServer } from '../fixtures/hostile-server.ts';
import type { Stack, StackOptions } from '../fixtures/stack.ts';
import { issuer, resource, startStack } from '../fixtures/stack.ts';

const client = {
  client_id: 'sallyport',
  client_secret: 'a-secret-of-github',
  redirect_uris: [`${issuer}/oauth/callback`],
};

const io = {
  env: { GITHUB_SECRET: client.client_secret },
  readFile: () => Promise.reject(new Error('no files')),
};

/** A server whose people come from GitHub, and who may sign in depends on their organizations there. */
export interface GithubScene {
  readonly stack: Stack;
  readonly github: ProviderSimulator;
  /** Where memberships are asked when the test answers by itself. */
  readonly api: HostileServer;
  /** Takes on other rules while everybody stays signed in. */
  readonly change: (access: AccessSection) => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface GithubSceneOptions {
  readonly users?: readonly SimulatedUser[];
  readonly preset?: 'github-oauth-app' | 'github-app';
  /** Memberships are asked at {@link GithubScene.api}, not at the simulator. */
  readonly ownApi?: boolean;
  readonly stack?: StackOptions;
}

export async function startGithubScene(
  access: AccessSection,
  options: GithubSceneOptions = {},
): Promise<GithubScene> {
  const { users, preset = 'github-oauth-app', ownApi = false } = options;
  const api = await startHostileServer();
  const clock = { now: 0 };
  const github = await createProviderSimulator({
    preset,
    clients: [client],
    clock: () => Date.now() + clock.now,
    ...(users && { users }),
  }).start();
  const configWith = (rules: AccessSection): Record<string, unknown> => ({
    issuer,
    allowed_audiences: [resource],
    access: rules,
    upstreams: [upstreamOf(github, ownApi ? api.origin : github.api)],
  });
  const stack = await startStack(configWith(access), {
    ...options.stack,
    clock,
    exact: true,
    env: io.env,
    // What a stack does with its provider is to sign somebody in and to end it, and a simulator does both.
    provider: github as unknown as Stack['provider'],
  });
  return {
    stack,
    github,
    api,
    change: async (rules) => void (await stack.auth.reload(() => resolveRunConfig(configWith(rules), io))),
    close: async () => {
      await stack.close();
      await api.close();
    },
  };
}

function upstreamOf({ endpoints }: ProviderSimulator, api: string): object {
  const oauth2_config = {
    authorization_endpoint: endpoints.authorize,
    token_endpoint: endpoints.token,
    client_id: client.client_id,
    client_secret_env_var: 'GITHUB_SECRET',
    scopes: ['read:user', 'read:org'],
    github_api_url: api,
    userinfo: {
      endpoint_url: endpoints.userinfo,
      additional_headers: { 'User-Agent': 'test' },
      field_mapping: { subject_fields: ['id'], name_fields: ['login'] },
    },
  };
  return { name: 'github', type: 'oauth2', oauth2_config };
}
