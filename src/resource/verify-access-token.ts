import { LRUCache } from 'lru-cache';
import { sha256 } from '../crypto/hash.ts';
import type { JwtVerifier } from '../crypto/verify.ts';
import { parseScope } from '../oauth/scope.ts';
import type { Clock, Seconds } from '../types/time.ts';
import type { AccessToken } from './access-token.ts';

/** Verifies access tokens of ours, each signature once. */
export interface AccessTokenVerifier {
  /** The token, when it is one of ours for exactly this resource and has not expired; else `null`. */
  verify(token: string, resource: string): Promise<AccessToken | null>;
}

export interface AccessTokenVerifierOptions {
  readonly issuer: string;
  readonly verifier: JwtVerifier;
  readonly clock: Clock;
  /** Verified tokens that are remembered. */
  readonly cacheSize?: number;
  /** Hears of every look whether the token was known. */
  readonly onLook?: (hit: boolean) => void;
}

/** Remembers verified tokens by their SHA-256 until they expire: a signature check costs more than a proxied request. */
export function createAccessTokenVerifier(options: AccessTokenVerifierOptions): AccessTokenVerifier {
  const { issuer, verifier, clock, cacheSize = 10_000, onLook } = options;
  const cache = new LRUCache<string, AccessToken>({ max: cacheSize });
  return {
    async verify(text, resource) {
      const key = sha256(text);
      const known = cache.get(key);
      onLook?.(known !== undefined);
      const token = known ?? (await check(text));
      if (!token || token.expiresAt * 1000 <= clock()) return null;
      cache.set(key, token);
      return token.audience === resource ? token : null;
    },
  };

  async function check(text: string): Promise<AccessToken | null> {
    const claims = await verifier.verify(text, { typ: 'at+jwt', issuer });
    return claims && readAccessToken(claims);
  }
}

/** The claims of a verified access token (RFC 9068 §2.2); `null` when one is missing, or there are several audiences. */
export function readAccessToken(claims: Readonly<Record<string, unknown>>): AccessToken | null {
  const { sub, client_id, scope, aud, jti, sid, exp, iat } = claims;
  const texts = [sub, client_id, scope, aud, jti, sid].every((claim) => typeof claim === 'string');
  if (!texts || !isMoment(exp) || !isMoment(iat)) return null;
  return {
    subject: String(sub),
    clientId: String(client_id),
    scopes: parseScope(String(scope)),
    audience: String(aud),
    tokenId: String(jti),
    sessionId: String(sid),
    expiresAt: exp,
    issuedAt: iat,
  };
}

/** Whole seconds that a clock can reach: JSON has numbers that read as infinity, and such a token would never end. */
function isMoment(value: unknown): value is Seconds {
  return Number.isSafeInteger(value);
}
