import type { Config } from '../config/config.ts';
import { openKeyRings } from '../keys/rings.ts';
import type { AuthStore, GrantKey } from '../store/contract.ts';
import { SallyportError } from '../types/error.ts';
import { openIdentity } from '../vault/sealed-rows.ts';

/** What the upstream called the user of a grant; `null` when the grant is over, or no configured secret opens it. */
export async function identityOf(
  { bucket, grantId }: GrantKey,
  { store, config }: { readonly store: AuthStore; readonly config: Config },
): Promise<{ readonly name: string | null; readonly email: string | null } | null> {
  const session = await store.readSession({ bucket, grantId, upstream: null });
  if (!session || session.grant.identity.sealed.length === 0) return null;
  try {
    const { hmacSecrets, retiredSecretGrace: grace } = config;
    const { rings } = await openKeyRings({ hmacSecrets, store, grace });
    const owner = { bucket, userId: session.grant.userId };
    const { name, email } = openIdentity(rings.vault, owner, session.grant.identity);
    return { name, email };
  } catch (error) {
    if (error instanceof SallyportError && error.code !== 'storage_failed') return null;
    throw error;
  }
}
