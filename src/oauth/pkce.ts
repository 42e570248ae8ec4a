import { sha256 } from '../crypto/hash.ts';
import { OAuthError } from './errors.ts';

/**
 * Checks the challenge of an authorization request (RFC 7636 §4.3). A missing method would mean `plain`, so it is refused.
 * @throws {OAuthError} `invalid_request`
 */
export function checkChallenge(challenge: string | undefined, method: string | undefined): string {
  if (challenge === undefined)
    throw new OAuthError('invalid_request', 'code_challenge is missing (PKCE is required)');
  if (method !== 'S256') throw new OAuthError('invalid_request', 'code_challenge_method must be S256');
  if (!/^[\w-]{43}$/u.test(challenge)) {
    throw new OAuthError('invalid_request', 'code_challenge must be a SHA-256 in base64url');
  }
  return challenge;
}

/** The S256 challenge of a verifier; `null` when the verifier is malformed (RFC 7636 §4.1). */
export function challengeOf(verifier: string): string | null {
  return /^[A-Za-z0-9\-._~]{43,128}$/u.test(verifier) ? sha256(verifier) : null;
}
