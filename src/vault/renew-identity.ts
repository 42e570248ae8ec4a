import type { ConnectionRow } from '../store/contract.ts';
import type { Seconds } from '../types/time.ts';
import type { Identity } from '../types/tokens.ts';
import { UpstreamError } from '../upstream/provider.ts';
import type { UpstreamProvider } from '../upstream/provider.ts';
import { createAskOnce } from './ask-once.ts';
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

type Parts = VaultParts & { readonly refresher: Refresher };

/**
 * Asks the upstream about a user again: by the refresh token, or by userinfo while the access token lives. Once at a
 * time for each user, and an upstream that failed is left alone for a moment.
 */
export function createIdentityRenewal(
  parts: Parts,
): (owner: EvidenceOwner, row: ConnectionRow | null) => Promise<RenewedIdentity> {
  const once = createAskOnce<RenewedIdentity>({
    clock: parts.clock,
    wait: retryAfter * 1000,
    failed: ({ r }) => r === 'unavailable',
  });
  return (owner, row) => {
    const question = JSON.stringify([owner.userId, owner.upstream, owner.account, row?.version]);
    return once(question, () => renewIdentity(parts, owner, row));
  };
}

async function renewIdentity(
  parts: Parts,
  owner: EvidenceOwner,
  row: ConnectionRow | null,
): Promise<RenewedIdentity> {
  const provider = parts.providers.get(owner.upstream);
  if (!row || !provider) return { r: 'impossible' };
  if (row.state === 'dead') return { r: 'dead' };
  const { tokens } = openTokens(parts.sealer, row);
  if (tokens.refreshToken === null) {
    const alive = typeof tokens.expiresAt !== 'number' || tokens.expiresAt > parts.clock();
    return alive
      ? byUserinfo(parts, owner, { provider, accessToken: tokens.accessToken })
      : { r: 'impossible' };
  }
  const found: { evidence: Identity | 'other' | UpstreamError } = { evidence: known(parts, owner) };
  const refreshed = await parts.refresher.refresh(row, async (answer) => {
    const { accessToken } = answer.tokens;
    const asked = answer.identity ?? (await told(provider, owner, accessToken)) ?? known(parts, owner);
    found.evidence = asked === 'other' ? asked : await completed(parts, asked, accessToken);
    return isIdentity(found.evidence) ? found.evidence : null;
  });
  if (refreshed.r !== 'ok') return refreshed;
  if (found.evidence instanceof UpstreamError) return failed(found.evidence);
  return found.evidence === 'other' ? { r: 'dead' } : { r: 'ok', identity: found.evidence };
}

function isIdentity(evidence: Identity | 'other' | UpstreamError): evidence is Identity {
  return evidence !== 'other' && !(evidence instanceof UpstreamError);
}

/** Old evidence must not pass for new where a look-up failed; the tokens of the refresh are good all the same. */
async function completed(
  { complete }: Parts,
  identity: Identity,
  accessToken: string,
): Promise<Identity | UpstreamError> {
  try {
    return complete ? await complete(identity, accessToken) : identity;
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    return error;
  }
}

function failed({ failure }: UpstreamError): RenewedIdentity {
  const gone = failure === 'rejected' || failure === 'denied';
  return gone ? { r: 'dead' } : { r: 'unavailable', retryAfter };
}

/** What userinfo adds to a refresh. An upstream that just gave tokens vouches for the user, unless it names another one. */
async function told(
  provider: UpstreamProvider,
  owner: EvidenceOwner,
  accessToken: string,
): Promise<Identity | 'other' | null> {
  try {
    return await provider.userinfo({ accessToken, subject: owner.account });
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    return null;
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
    const asked = await provider.userinfo({ accessToken, subject: owner.account });
    if (!asked) return { r: 'impossible' };
    if (asked === 'other') return { r: 'dead' };
    const identity = (await parts.complete?.(asked, accessToken)) ?? asked;
    const evidence = sealIdentity(parts.sealer, owner, { identity, at: parts.clock() });
    await parts.store.saveIdentity({ bucket: owner.bucket, userId: owner.userId, identity: evidence });
    return { r: 'ok', identity };
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    return failed(error);
  }
}
