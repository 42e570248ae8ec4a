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
  /** What the client asked for and the grant does not hold: its user said no, or the client may not have it. */
  readonly refused: readonly string[];
}

/** Without member names: it is kept a million times. */
type Encoded = readonly [
  scope: string,
  nonce: GrantData['nonce'],
  authTime: GrantData['authTime'],
  clientName: GrantData['clientName'],
  /** Nearly always left out. */
  refused?: string,
];

/** For `NewGrant.data`. */
export function encodeGrantData({ scopes, nonce, authTime, clientName, refused }: GrantData): string {
  const plain = [scopes.join(' '), nonce, authTime, clientName] as const;
  const encoded: Encoded = refused.length === 0 ? plain : [...plain, refused.join(' ')];
  return JSON.stringify(encoded);
}

/** Of `GrantView.data`, which only {@link encodeGrantData} writes. */
export function decodeGrantData(text: string): GrantData {
  const [scope, nonce, authTime, clientName, refused = ''] = JSON.parse(text) as Encoded;
  return { scopes: listed(scope), nonce, authTime, clientName, refused: listed(refused) };
}

function listed(text: string): string[] {
  return text === '' ? [] : text.split(' ');
}
