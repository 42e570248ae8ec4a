import { equalSecrets } from '../crypto/hash.ts';
import type { StaticClientConfig } from '../config/config.ts';
import type { Client } from './client.ts';

/** A client that the operator wrote into the configuration. */
export function staticClient(config: StaticClientConfig): Client {
  const { clientId, clientName, secret, authMethod, redirectUris, grantTypes, scopes, introspects } = config;
  return {
    id: clientId,
    source: 'static',
    name: clientName,
    redirectUris,
    grantTypes,
    authMethod,
    scopes,
    introspects,
    anySecretMethod: false,
    secretExpiresAt: 0,
    idTokenAlg: null,
    checkSecret: (presented) => secret !== null && equalSecrets(presented, secret.reveal()),
  };
}
