import type { Config } from '../config/config.ts';
import { clientKeyNumbers } from '../keys/client-key-rings.ts';
import { openKeyRings } from '../keys/rings.ts';
import type { AuthStore, GrantKey } from '../store/contract.ts';
import { SallyportError } from '../types/error.ts';
import { openIdentity } from '../vault/sealed-rows.ts';

/** What an upstream called the user of a grant; `null` when the grant is over, or its evidence does not open. */
export type IdentityReader = (
  grant: GrantKey,
) => Promise<{ readonly name: string | null; readonly email: string | null } | null>;

/**
 * Opens what is sealed about users.
 * @throws {SallyportError} `key_ring_locked` when no configured secret opens the store's keys
 */
export async function identityReader({
  store,
  config: { hmacSecrets, retiredSecretGrace: grace, registration },
}: {
  readonly store: AuthStore;
  readonly config: Config;
}): Promise<IdentityReader> {
  const { rings } = await openKeyRings({
    hmacSecrets,
    store,
    grace,
    clientKeys: clientKeyNumbers(registration),
  });
  return async ({ bucket, grantId }) => {
    const session = await store.readSession({ bucket, grantId, upstream: null });
    if (!session || session.grant.identity.sealed.length === 0) return null;
    try {
      const { name, email } = openIdentity(
        rings.vault,
        { bucket, userId: session.grant.userId },
        session.grant.identity,
      );
      return { name, email };
    } catch (error) {
      if (error instanceof SallyportError && error.code === 'seal_broken') return null;
      throw error;
    }
  };
}
