import { equalSecrets } from '../crypto/hash.ts';
import type { StaticClientConfig } from '../config/config.ts';
import type { Client } from './client.ts';

/** A client that the operator wrote into the configuration. */
export function staticClient(config: StaticClientConfig): Client {
  const { clientId, clientName, secret, authMethod, redirectUris, grantTypes, scopes, introspects } = config;
  const { keys, resources, refreshTokenLifespan, sessionLifespan, refreshGrace } = config;
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
    keys: keys && 'jwksUri' in keys ? { ...keys, named: true } : keys,
    resources,
    consent: config.consent,
    lifespans: { refreshToken: refreshTokenLifespan, session: sessionLifespan, refreshGrace },
    applicationType: null,
    softwareId: null,
    anySecretMethod: false,
    secretExpiresAt: 0,
    idTokenAlg: null,
    checkSecret: (presented) => secret !== null && equalSecrets(presented, secret.reveal()),
  };
}
