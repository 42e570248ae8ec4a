import type { UpstreamConfig } from '../config/config.ts';
import { createOAuth2Provider } from './oauth2.ts';
import { createOidcProvider } from './oidc.ts';
import { createProtectedProvider } from './protected/protected-provider.ts';
import type { ProtectedConfig } from './protected/worker.ts';
import { createRegisteringProvider } from './registration/registering-provider.ts';
import type { UpstreamProvider } from './provider.ts';
import type { ProviderDeps } from './upstream-http.ts';

/**
 * Makes the provider of one upstream. Touches no network and does not fail when the provider is down: see
 * `UpstreamProvider.notReady`. Throws `config_invalid` for a client-authentication method without its secret.
 */
export function createProvider(config: UpstreamConfig, deps: ProviderDeps): UpstreamProvider {
  if (isProtected(config)) return createProtectedProvider(config, deps);
  const { registration } = config;
  if (registration === null) return createRegistered(config, deps);
  const { registrations } = deps;
  if (!registrations)
    throw new TypeError('registering at an upstream needs a place to keep what comes of it');
  return createRegisteringProvider(
    { ...config, registration },
    { ...deps, registrations },
    {
      create: (registered) => createRegistered(registered, deps),
    },
  );
}

function isProtected(config: UpstreamConfig): config is ProtectedConfig {
  return config.type === 'oauth2' && config.protectedResource !== undefined;
}

function createRegistered(config: UpstreamConfig, deps: ProviderDeps): UpstreamProvider {
  return config.type === 'oidc' ? createOidcProvider(config, deps) : createOAuth2Provider(config, deps);
}
