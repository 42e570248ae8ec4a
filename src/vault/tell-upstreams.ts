import { randomToken } from '../crypto/random.ts';
import { nameLabel, userLabel } from '../observe/audit/labels.ts';
import type { EndedConnection } from '../store/ended-contract.ts';
import type { Milliseconds } from '../types/time.ts';
import { UpstreamError } from '../upstream/provider.ts';
import { openEndedTokens } from './sealed-rows.ts';
import type { VaultParts } from './vault.ts';

/** Longer than a provider is given to answer, twice. */
const lease: Milliseconds = 120_000;

/** Told side by side. */
const batch = 10;

/** How long until the next try, by the number of those that failed; the last one again and again. */
const pauses: readonly Milliseconds[] = [60_000, 300_000, 1_800_000, 7_200_000, 21_600_000];

/**
 * Makes what tells upstreams that connections have ended (RFC 7009), so that tokens which somebody put an end to are
 * worth nothing there either. One run at a time in this process; leases keep processes apart. Never rejects.
 */
export function createTeller(parts: VaultParts): () => Promise<void> {
  let running: Promise<void> | null = null;
  return () => (running ??= tellAll(parts).finally(() => (running = null)));
}

async function tellAll(parts: VaultParts): Promise<void> {
  const owner = randomToken(9);
  try {
    for (;;) {
      const ended = await parts.store.takeEnded({ owner, lease, limit: batch });
      await Promise.all(ended.map((one) => tell(parts, owner, one)));
      if (ended.length < batch) return;
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown';
    parts.log.warn({ reason }, 'upstreams could not be told about ended connections; tried again later');
  }
}

async function tell(parts: VaultParts, owner: string, ended: EndedConnection): Promise<void> {
  const { key, id, attempts } = ended;
  const about = { upstream: key.upstream, sub: key.userId };
  try {
    const outcome = await revoke(parts, ended);
    parts.log.info({ ...about, outcome }, 'a connection ended');
    await parts.store.settleEnded({ id, owner, again: null });
    if (outcome === 'revoked')
      parts.audit.record('connection_revoked', () => ({
        user: userLabel(key.userId),
        upstream: nameLabel(key.upstream),
      }));
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    const passing = error.failure === 'unavailable' || error.failure === 'misconfigured';
    const again = passing ? (pauses[attempts] ?? pauses.at(-1) ?? null) : null;
    parts.log.warn({ ...about, reason: error.message, again }, 'an upstream could not be told of an end');
    await parts.store.settleEnded({ id, owner, again });
  }
}

/** `unknown`: nobody configures the upstream any more, or we are another client there by now. */
async function revoke(
  { providers, sealer }: VaultParts,
  { key, tokens }: EndedConnection,
): Promise<'revoked' | 'impossible' | 'unknown'> {
  const provider = providers.get(key.upstream);
  const { upstreamClientId: clientId } = tokens;
  if (!provider?.knows(clientId)) return 'unknown';
  return provider.revoke({ ...openEndedTokens(sealer, { key, tokens }), clientId });
}
