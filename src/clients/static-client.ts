import { equalSecrets } from '../crypto/hash.ts';
import type { StaticClientConfig } from '../config/config.ts';
import type { Client } from './client.ts';
import { usualLifespans } from './client.ts';

/** A client that the operator wrote into the configuration. */
export function staticClient(config: StaticClientConfig): Client {
  const { clientId, clientName, secret, authMethod, redirectUris, grantTypes, scopes, introspects } = config;
  return {
    id: clientId,
    source: 'static',
    name: clientName,
    host: null,
    redirectUris,
    grantTypes,
    authMethod,
    scopes,
    introspects,
    keys: null,
    resources: null,
    consent: config.consent,
    lifespans: usualLifespans,
    applicationType: null,
    softwareId: null,
    anySecretMethod: false,
    secretExpiresAt: 0,
    idTokenAlg: null,
    checkSecret: (presented) => secret !== null && equalSecrets(presented, secret.reveal()),
  };
}
