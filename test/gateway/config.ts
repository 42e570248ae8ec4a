import type { Config } from '../../src/config/config.ts';
import { resolveRunConfig } from '../../src/config/resolve.ts';

/** A configuration that needs no network to start: the provider is down from the beginning. */
export function gatewayConfig(changes: Readonly<Record<string, unknown>> = {}): Promise<Config> {
  const oidc_config = {
    issuer_url: 'http://127.0.0.1:9',
    client_id: 'sallyport',
    client_secret_env_var: 'UPSTREAM_SECRET',
  };
  const runConfig = {
    issuer: 'http://localhost:8080',
    upstreams: [{ name: 'demo', type: 'oidc', oidc_config }],
    access: 'anyone',
    listen: { host: '127.0.0.1', port: 0 },
    proxy: [{ path: '/mcp', target: 'http://127.0.0.1:9/mcp' }],
    ...changes,
  };
  return resolveRunConfig(runConfig, {
    env: { UPSTREAM_SECRET: 'upstream-secret-upstream-secret-1' },
    readFile: (path) => Promise.reject(new Error(`no such file: ${path}`)),
  });
}
