import type { RegistrationPolicyConfig } from '../config/registration-policy.ts';
import { equalSecrets } from '../crypto/hash.ts';
import type { OAuthError } from '../oauth/errors.ts';
import { RegistrationRefused } from './registration-refusal.ts';

/**
 * Whether a registration comes with an initial access token (RFC 7591 §3). A wrong one is refused even where none is needed:
 * whoever sends it believes in it.
 * @throws {OAuthError} `invalid_token` with status 401
 */
export function checkInitialToken(
  bearer: string | null,
  { initialAccessTokens }: RegistrationPolicyConfig,
): boolean {
  // Where no token is known, whatever is sent means nothing: some clients send what they have of another server.
  if (bearer === null || initialAccessTokens.length === 0) return false;
  if (isInitialToken(bearer, { initialAccessTokens })) return true;
  throw invalidInitialToken('the initial access token is not known here');
}

/** Each is compared, so that the time says nothing about which. */
export function isInitialToken(
  bearer: string,
  { initialAccessTokens }: Pick<RegistrationPolicyConfig, 'initialAccessTokens'>,
): boolean {
  return initialAccessTokens.filter((token) => equalSecrets(bearer, token.reveal())).length > 0;
}

/** RFC 6750 §3.1. */
export function invalidInitialToken(description: string): OAuthError {
  return new RegistrationRefused('token', 'invalid_token', {
    description,
    headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
  });
}
