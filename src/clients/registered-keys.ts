import type { JWK } from 'jose';
import { OAuthError } from '../oauth/errors.ts';
import { checkNamedUrl } from './cimd/document-url.ts';
import { essentialKey, holdsSecret, maxKeys } from './public-keys.ts';

/** Public keys of a client that registered itself, as its id carries them. */
export type RegisteredKeys =
  | { readonly jwks: { readonly keys: readonly JWK[] } }
  | { readonly jwksUri: string };

/** Longest address of a set of keys, in characters: it travels in every id. */
const maxUriLength = 512;

/**
 * The keys of a registration (RFC 7591 §2), cut down to what verifies; `null`: none that it could prove itself by. Whoever
 * proves itself by nothing or by a secret may send keys that are for other things, and they are left alone.
 * @throws {OAuthError} `invalid_client_metadata`
 */
export function readRegisteredKeys(
  jwks: unknown,
  { jwksUri, method }: { readonly jwksUri: unknown; readonly method: string | null },
): RegisteredKeys | null {
  const [set, uri] = [jwks ?? null, jwksUri ?? null];
  // RFC 7591 §2: MUST NOT both be there.
  if (set !== null && uri !== null) throw invalid('jwks and jwks_uri are both there, and only one may be');
  if (set !== null) checkPublic(set);
  if (method !== 'private_key_jwt') return null;
  if (set !== null) return { jwks: { keys: readSet(set) } };
  if (uri !== null) return { jwksUri: readUri(uri) };
  throw invalid('token_endpoint_auth_method is private_key_jwt, and there is neither jwks nor jwks_uri');
}

/** Whoever sends a private key has shown it to others: taking it would help whoever else has it. */
function checkPublic(set: unknown): void {
  const keys: unknown = typeof set === 'object' && set !== null && 'keys' in set ? set.keys : null;
  if (Array.isArray(keys) && keys.some((key) => typeof key === 'object' && key !== null && holdsSecret(key)))
    throw invalid('jwks holds a private or shared key, which must be replaced: only its owner may have it');
}

function readSet(set: unknown): readonly JWK[] {
  const listed: unknown = typeof set === 'object' && set !== null && 'keys' in set ? set.keys : null;
  if (!Array.isArray(listed) || listed.length === 0 || listed.length > maxKeys)
    throw invalid(`jwks must be a set of 1 to ${maxKeys} keys`);
  const keys = listed.map(readKey).filter((key) => key !== null);
  if (keys.length > 0) return keys;
  throw invalid('jwks has no key for signatures of an algorithm that is taken here');
}

function readKey(value: unknown): JWK | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid('jwks holds what is not a key');
  // Any object may be read by name; every value is looked at before it is used.
  const key = essentialKey(value as Readonly<Record<string, unknown>>);
  if (typeof key === 'string') throw invalid(`jwks holds ${key}`);
  return key;
}

/** A stranger names it: never a private address, and nothing is fetched before somebody signs with a key. */
function readUri(uri: unknown): string {
  if (typeof uri !== 'string' || uri.length > maxUriLength)
    throw invalid(`jwks_uri must be a text of at most ${maxUriLength} characters`);
  const problem = checkNamedUrl(uri, { allowLoopback: false });
  if (problem !== null) throw invalid(`jwks_uri ${problem}`);
  return uri;
}

function invalid(description: string): OAuthError {
  return new OAuthError('invalid_client_metadata', description);
}
