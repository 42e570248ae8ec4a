import type { JSONWebKeySet, JWK } from 'jose';
import type { ClientKeys } from '../client.ts';
import { holdsSecret, maxKeys } from '../public-keys.ts';
import type { UrlRules } from './document-url.ts';
import { checkNamedUrl } from './document-url.ts';
import type { Members } from './members.ts';
import { invalidDocument } from './problems.ts';

/**
 * The public keys that a document holds, or says where they are; never both (RFC 7591 §2). `null`: none.
 * @throws {ClientProblem} `invalid`, also for a key that is not public: whoever reads the document has it
 */
export function readKeys(members: Members, rules: UrlRules): ClientKeys | null {
  const [jwks, uri] = [members.raw('jwks'), members.text('jwks_uri', 1024)];
  if (jwks !== undefined && uri !== null) throw invalidDocument('it has both jwks and jwks_uri');
  if (jwks !== undefined) return { jwks: readJwks(jwks) };
  if (uri === null) return null;
  const problem = checkNamedUrl(uri, rules);
  if (problem !== null) throw invalidDocument(`jwks_uri ${problem}`);
  return { jwksUri: uri };
}

function readJwks(value: unknown): JSONWebKeySet {
  const keys = typeof value === 'object' && value !== null && 'keys' in value ? value.keys : null;
  if (!Array.isArray(keys) || keys.length === 0 || keys.length > maxKeys)
    throw invalidDocument(`jwks is not a set of 1 to ${maxKeys} keys`);
  return { keys: keys.map(readKey) };
}

function readKey(value: unknown): JWK {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalidDocument('jwks holds what is not a key');
  if (holdsSecret(value))
    throw invalidDocument(
      'jwks holds a private or shared key, which everybody can read: it must be replaced',
    );
  // Whatever else a key must be is looked at when it verifies something.
  return value;
}
