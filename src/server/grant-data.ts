import type { Seconds } from '../types/time.ts';

/** What a grant remembers for the layer above the store. Holds no secret and nothing personal. */
export interface GrantData {
  readonly scopes: readonly string[];
  /** Of the authorization request, for the first ID token. */
  readonly nonce: string | null;
  /** When the user signed in at the upstream. */
  readonly authTime: Seconds;
  /** What the client called itself, for lists that people read. */
  readonly clientName: string | null;
}

/** Without member names: it is kept a million times. */
type Encoded = readonly [
  scope: string,
  nonce: GrantData['nonce'],
  authTime: GrantData['authTime'],
  clientName: GrantData['clientName'],
];

/** For `NewGrant.data`. */
export function encodeGrantData({ scopes, nonce, authTime, clientName }: GrantData): string {
  const encoded: Encoded = [scopes.join(' '), nonce, authTime, clientName];
  return JSON.stringify(encoded);
}

/** Of `GrantView.data`, which only {@link encodeGrantData} writes. */
export function decodeGrantData(text: string): GrantData {
  const [scope, nonce, authTime, clientName] = JSON.parse(text) as Encoded;
  return { scopes: scope === '' ? [] : scope.split(' '), nonce, authTime, clientName };
}
