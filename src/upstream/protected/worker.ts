import type { OAuth2UpstreamConfig, UpstreamAuthMethod } from '../../config/config.ts';
import { createOAuth2Provider } from '../oauth2.ts';
import { UpstreamError } from '../provider.ts';
import type { UpstreamProvider } from '../provider.ts';
import { createRegisteringProvider } from '../registration/registering-provider.ts';
import type { ProviderDeps } from '../upstream-http.ts';
import type { Protector } from './server-metadata.ts';

/** An upstream that is told by the MCP server which it protects. */
export type ProtectedConfig = OAuth2UpstreamConfig & {
  readonly protectedResource: NonNullable<OAuth2UpstreamConfig['protectedResource']>;
};

/** Our side of the conversation with one authorization server, as it describes itself. */
export function createWorker(
  config: ProtectedConfig,
  protector: Protector,
  deps: ProviderDeps,
): UpstreamProvider {
  const { protectedResource, ...plain } = config;
  const { server, resource, registration, methods } = protector;
  const found: OAuth2UpstreamConfig = {
    ...plain,
    authorizationEndpoint: server.authorization_endpoint,
    tokenEndpoint: server.token_endpoint,
    scopes: config.scopes ?? protector.scopes,
    additionalAuthorizationParams: { ...config.additionalAuthorizationParams, resource },
    settings: {
      ...config.settings,
      tokenParams: { ...config.settings.tokenParams, resource },
      refreshParams: { ...config.settings.refreshParams, resource },
    },
  };
  if (config.clientId !== '')
    return createOAuth2Provider({ ...found, ...methodOf(config, methods) }, deps, server);
  const { registrations } = deps;
  if (!registrations)
    throw new TypeError('registering at an upstream needs a place to keep what comes of it');
  if (registration === null)
    throw new UpstreamError(
      'misconfigured',
      config.name,
      'the authorization server takes no registrations; register by hand, and write client_id',
    );
  const registering = {
    ...found,
    registration: {
      discoveryUrl: null,
      registrationEndpoint: registration.registrationEndpoint,
      issuer: server.issuer,
      initialAccessToken: null,
      clientName: protectedResource.clientName,
      softwareId: null,
      softwareStatement: null,
    },
  };
  return createRegisteringProvider(
    registering,
    { ...deps, registrations },
    {
      server: () => Promise.resolve(registration),
      // Only an OAuth 2.0 configuration goes in, and nothing changes its type.
      create: (registered) => createOAuth2Provider(registered as OAuth2UpstreamConfig, deps, server),
    },
  );
}

/** How we authenticate when the operator did not say: as the server's metadata have it; Basic is what is meant without (RFC 8414 §2). */
function methodOf(
  config: ProtectedConfig,
  methods: readonly string[] | null,
): { readonly authMethod: UpstreamAuthMethod } {
  if (config.authMethodGiven || config.clientSecret === null) return { authMethod: config.authMethod };
  const basic = methods?.includes('client_secret_basic') ?? true;
  return { authMethod: basic ? 'client_secret_basic' : 'client_secret_post' };
}
