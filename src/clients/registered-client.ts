import { equalSecrets } from '../crypto/hash.ts';
import { mac } from '../crypto/hmac.ts';
import type { MacKey } from '../crypto/hmac.ts';
import type { Client } from './client.ts';
import { usualLifespans } from './client.ts';
import type { Registration } from './client-id.ts';

/** A client by what its id says. Its secret follows from the id, so that neither needs a table. */
export function registeredClient(
  id: string,
  registration: Registration,
  secretKeys: readonly MacKey[],
): Client {
  const { redirectUris, name, grantTypes, authMethod, anySecretMethod, scopes } = registration;
  const { applicationType, softwareId, secretExpiresAt } = registration;
  return {
    id,
    source: 'dcr',
    name,
    host: null,
    redirectUris,
    grantTypes,
    authMethod,
    anySecretMethod,
    keys: registration.keys ?? null,
    scopes,
    resources: null,
    consent: 'ask',
    lifespans: usualLifespans,
    ...(registration.voucher !== undefined && { voucher: registration.voucher }),
    applicationType,
    softwareId,
    secretExpiresAt,
    checkSecret: (secret) =>
      authMethod.startsWith('client_secret') &&
      secretKeys.some((key) => equalSecrets(secret, secretOf(id, key))),
    idTokenAlg: null,
    introspects: [],
  };
}

/**
 * The secret of a confidential registered client: 256 bits that only we can derive.
 * @param keys the first makes secrets, all recognise them
 */
export function deriveClientSecret(clientId: string, keys: readonly MacKey[]): string {
  const [key] = keys;
  if (!key) throw new TypeError('client secrets need a key');
  return secretOf(clientId, key);
}

function secretOf(clientId: string, key: MacKey): string {
  return mac(key, clientId).toString('base64url');
}
