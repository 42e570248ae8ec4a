import type { Milliseconds } from '../types/time.ts';
import type { RedeemCode, RotateRefresh } from './contract.ts';
import type { GrantRecord } from './records.ts';
import { after } from './records.ts';

/** A second redemption by the rightful client this soon is a browser app that mounted twice, not a thief. */
const replayTolerance: Milliseconds = 10_000;

/** Rotations that are remembered: a client may be this many generations behind and still within the grace. */
const keptRotations = 4;

/** What redeeming a code does to its grant. `revoke` ends it; the others leave it as it is. */
export type RedeemDecision =
  | { readonly r: 'redeem' | 'again' | 'revoke' | 'replayed' | 'expired' | 'revoked' }
  | { readonly r: 'mismatch'; readonly what: 'client' | 'challenge' | 'redirect_uri' | 'resource' | 'code' };

/** What a refresh token does to its grant. */
export type RotateDecision =
  | { readonly r: 'rotate' | 'advance' | 'retry' | 'again' | 'revoke' | 'expired' | 'revoked' }
  | { readonly r: 'mismatch'; readonly what: 'client' | 'resource' | 'token' };

/** Decides a redemption. A wrong request burns nothing and revokes nothing. */
export function decideRedeem(grant: GrantRecord, code: RedeemCode, now: Milliseconds): RedeemDecision {
  if (grant.codeSeed !== code.codeSeed) return { r: 'mismatch', what: 'code' };
  if (grant.client !== code.client) return { r: 'mismatch', what: 'client' };
  if (grant.challenge !== code.challenge) return { r: 'mismatch', what: 'challenge' };
  if (code.redirectUri !== null && grant.redirectUri !== code.redirectUri)
    return { r: 'mismatch', what: 'redirect_uri' };
  if (code.resource !== null && grant.resource !== code.resource) return { r: 'mismatch', what: 'resource' };
  if (grant.state === 'revoked') return { r: 'revoked' };
  if (grant.state === 'code') return { r: grant.expiresAt > now ? 'redeem' : 'expired' };
  if (grant.expiresAt <= now) return { r: 'expired' };
  if (grant.redeemedBy === code.attempt && grant.seed === code.newSeed) return { r: 'again' };
  return { r: now - grant.redeemedAt <= replayTolerance ? 'replayed' : 'revoke' };
}

/** Decides a rotation. Wrong client or resource never consumes; theft is a superseded token after its grace. */
export function decideRotate(grant: GrantRecord, token: RotateRefresh, now: Milliseconds): RotateDecision {
  if (grant.state === 'code' || grant.seed !== token.seed) return { r: 'mismatch', what: 'token' };
  if (grant.client !== token.client) return { r: 'mismatch', what: 'client' };
  if (grant.state === 'revoked') return { r: 'revoked' };
  if (grant.expiresAt <= now) return { r: 'expired' };
  if (token.resource !== null && grant.resource !== token.resource)
    return { r: 'mismatch', what: 'resource' };
  const behind = grant.generation - token.generation;
  if (behind === 0) return { r: 'rotate' };
  if (behind === -1) return { r: 'advance' };
  if (behind < 0) return { r: 'mismatch', what: 'token' };
  if (behind === 1 && grant.rotatedBy === token.attempt) return { r: 'again' };
  const supersededAt = grant.rotations.at(-behind);
  return supersededAt === undefined ? { r: 'revoke' } : decideSuperseded(now - supersededAt, token.grace);
}

/** A clock that was set back hides whether this is a late retry or theft: then nobody gets or loses anything. */
function decideSuperseded(age: Milliseconds, grace: Milliseconds): RotateDecision {
  if (grace > 0 && Math.abs(age) <= grace) return { r: 'retry' };
  return age < 0 ? { r: 'mismatch', what: 'token' } : { r: 'revoke' };
}

/** The grant after its code was redeemed. */
export function redeemed(grant: GrantRecord, code: RedeemCode, now: Milliseconds): GrantRecord {
  return {
    ...grant,
    state: 'active',
    seed: code.newSeed,
    generation: 1,
    redeemedAt: now,
    redeemedBy: code.attempt,
    expiresAt: Math.min(after(now, code.refreshTtl), grant.endsAt),
  };
}

/** The grant after a rotation from `generation` on. */
export function rotated(grant: GrantRecord, token: RotateRefresh, now: Milliseconds): GrantRecord {
  const steps = token.generation + 1 - grant.generation;
  const times = steps === 1 ? [now] : Array.from({ length: steps }, () => now);
  return {
    ...grant,
    generation: token.generation + 1,
    rotations: [...grant.rotations, ...times].slice(-keptRotations),
    rotatedBy: token.attempt,
    expiresAt: Math.min(after(now, token.refreshTtl), grant.endsAt),
  };
}
