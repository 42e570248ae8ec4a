import { createSecretKey, randomBytes } from 'node:crypto';
import type { ClientRegistry, ClientRegistryOptions } from '../../src/clients/registry.ts';
import type { RegistrationConfig } from '../../src/config/config.ts';
import { usualRegistrationPolicy } from '../../src/config/registration-policy.ts';
import { createRegistrationLimiter } from '../../src/clients/registration-limiter.ts';
import { createClientRegistry } from '../../src/clients/registry.ts';
import type { MacKey } from '../../src/crypto/hmac.ts';

/** Anybody registers, and nobody has a secret. */
export const openRegistration: RegistrationConfig = {
  ...usualRegistrationPolicy,
  // Fuzzing registers more than anybody does.
  maxPerMinute: Number.MAX_SAFE_INTEGER,
  allowConfidential: false,
  forceConfidentialRedirectUris: [],
};

/** A key that no other test has. */
export const newKey = (): MacKey => ({ key: createSecretKey(randomBytes(32)) });

/** One moment, so that answers can be compared. */
export const now = 1_800_000_000_000;

export const callback = 'http://127.0.0.1:33418/callback';
export const webCallback = 'https://app.example.com/callback';

/** Options of a registry with keys of its own. */
export function registryOptions(changes: Partial<ClientRegistryOptions> = {}): ClientRegistryOptions {
  return {
    static: [],
    registration: openRegistration,
    scopesSupported: ['openid', 'profile', 'offline_access', 'mcp:read', 'mcp:write'],
    baselineScopes: [],
    idKeys: [newKey()],
    secretKeys: [newKey()],
    idTokenAlg: 'ES256',
    clock: () => now,
    limiter: createRegistrationLimiter({
      clock: changes.clock ?? ((): number => now),
      tell: () => undefined,
      onLimited: () => undefined,
    }),
    ...changes,
  };
}

/** A registry that also takes clients with a secret. */
export function confidentialOptions(changes: Partial<ClientRegistryOptions> = {}): ClientRegistryOptions {
  const registration = { ...openRegistration, allowConfidential: true };
  return registryOptions({ registration, ...changes });
}

export function newRegistry(changes: Partial<ClientRegistryOptions> = {}): ClientRegistry {
  return createClientRegistry(registryOptions(changes));
}
