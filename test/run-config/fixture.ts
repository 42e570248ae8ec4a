import { ConfigError, resolveRunConfig } from '../../src/config/resolve.ts';
import type { ConfigProblem, ResolveIo } from '../../src/config/resolve.ts';
import type { Config } from '../../src/config/config.ts';

export type Json = Record<string, unknown>;

export const oidcConfig: Json = { issuer_url: 'https://idp.example.com', client_id: 'sallyport' };
export const oauth2Config: Json = {
  authorization_endpoint: 'https://idp.example.com/authorize',
  token_endpoint: 'https://idp.example.com/token',
  client_id: 'sallyport',
  userinfo: { endpoint_url: 'https://idp.example.com/userinfo' },
};

/** The least that works, with sections of the test's own. */
export function runConfig(change: Json = {}): Json {
  return {
    issuer: 'https://mcp.example.com',
    allowed_audiences: ['https://mcp.example.com/mcp'],
    upstreams: [{ type: 'oidc', oidc_config: oidcConfig }],
    access: 'anyone',
    ...change,
  };
}

export const withOidc = (change: Json): Json =>
  runConfig({ upstreams: [{ type: 'oidc', oidc_config: { ...oidcConfig, ...change } }] });

export const withOAuth2 = (change: Json): Json =>
  runConfig({ upstreams: [{ type: 'oauth2', oauth2_config: { ...oauth2Config, ...change } }] });

export interface Surroundings {
  readonly env?: Record<string, string>;
  readonly files?: Record<string, string | Uint8Array>;
}

function io({ env = {}, files = {} }: Surroundings = {}): ResolveIo {
  return {
    env,
    readFile: (path) => {
      const file = Object.hasOwn(files, path) ? files[path] : undefined;
      if (file === undefined) return Promise.reject(Object.assign(new Error('no file'), { code: 'ENOENT' }));
      return Promise.resolve(Buffer.from(file));
    },
  };
}

export function resolve(config: unknown, surroundings: Surroundings = {}): Promise<Config> {
  return resolveRunConfig(config, io(surroundings));
}

/** What is wrong with a configuration; empty when nothing is. */
export async function problemsOf(
  config: unknown,
  surroundings: Surroundings = {},
): Promise<readonly ConfigProblem[]> {
  try {
    await resolve(config, surroundings);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

/** `path: problem` of everything that is wrong. */
export async function complaints(
  config: unknown,
  surroundings: Surroundings = {},
): Promise<readonly string[]> {
  return (await problemsOf(config, surroundings)).map(({ path, problem }) => `${path}: ${problem}`);
}
