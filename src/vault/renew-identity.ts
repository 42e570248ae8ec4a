import type { ConnectionRow } from '../store/contract.ts';
import type { Seconds } from '../types/time.ts';
import type { Identity } from '../types/tokens.ts';
import { UpstreamError } from '../upstream/provider.ts';
import type { UpstreamProvider } from '../upstream/provider.ts';
import type { Refresher } from './refresh.ts';
import { openIdentity, openTokens, sealIdentity } from './sealed-rows.ts';
import type { EvidenceOwner, VaultParts } from './vault.ts';

/** `impossible`: this upstream cannot be asked about the user without the user. */
export type RenewedIdentity =
  | { readonly r: 'ok'; readonly identity: Identity }
  | { readonly r: 'dead' | 'impossible' }
  | { readonly r: 'unavailable'; readonly retryAfter: Seconds };

/** Before somebody should ask again. */
const retryAfter: Seconds = 5;

/** Asks the upstream about a user again: by the refresh token, or by userinfo while the access token lives. */
export async function renewIdentity(
  parts: VaultParts & { readonly refresher: Refresher },
  owner: EvidenceOwner,
  row: ConnectionRow | null,
): Promise<RenewedIdentity> {
  const provider = parts.providers.get(owner.upstream);
  if (!row || !provider) return { r: 'impossible' };
  if (row.state === 'dead') return { r: 'dead' };
  const tokens = openTokens(parts.sealer, row);
  if (tokens.refreshToken === null) {
    const alive = typeof tokens.expiresAt !== 'number' || tokens.expiresAt > parts.clock();
    return alive
      ? byUserinfo(parts, owner, { provider, accessToken: tokens.accessToken })
      : { r: 'impossible' };
  }
  const found: { evidence: Identity | 'unusable' } = { evidence: known(parts, owner) };
  const refreshed = await parts.refresher.refresh(row, async (answer) => {
    const asked = answer.identity ?? (await told(provider, owner, answer.tokens.accessToken));
    found.evidence = asked ?? found.evidence;
    return found.evidence === 'unusable' ? null : found.evidence;
  });
  if (refreshed.r !== 'ok') return refreshed;
  const { evidence } = found;
  return evidence === 'unusable' ? { r: 'unavailable', retryAfter } : { r: 'ok', identity: evidence };
}

/** What userinfo adds to a refresh. An upstream that just gave tokens vouches for the user, unless it talks nonsense now. */
async function told(
  provider: UpstreamProvider,
  owner: EvidenceOwner,
  accessToken: string,
): Promise<Identity | 'unusable' | null> {
  try {
    return await provider.userinfo({ accessToken, subject: owner.account });
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    return error.failure === 'invalid' ? 'unusable' : null;
  }
}

function known({ sealer }: VaultParts, owner: EvidenceOwner): Identity {
  return openIdentity(sealer, owner, owner.evidence);
}

async function byUserinfo(
  parts: VaultParts,
  owner: EvidenceOwner,
  { provider, accessToken }: { provider: UpstreamProvider; accessToken: string },
): Promise<RenewedIdentity> {
  try {
    const identity = await provider.userinfo({ accessToken, subject: owner.account });
    if (!identity) return { r: 'impossible' };
    const evidence = sealIdentity(parts.sealer, owner, { identity, at: parts.clock() });
    await parts.store.saveIdentity({ bucket: owner.bucket, userId: owner.userId, identity: evidence });
    return { r: 'ok', identity };
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    const gone = error.failure === 'rejected' || error.failure === 'denied';
    return gone ? { r: 'dead' } : { r: 'unavailable', retryAfter };
  }
}
