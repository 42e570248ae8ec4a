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
  /** Its client proves itself by a key, and nobody else may use it. */
  readonly proven: boolean;
}

/** Without member names: it is kept a million times. */
type Encoded = readonly [
  scope: string,
  nonce: GrantData['nonce'],
  authTime: GrantData['authTime'],
  clientName: GrantData['clientName'],
  /** Nearly always left out. */
  refused?: string,
  proven?: 1,
];

/** For `NewGrant.data`. */
export function encodeGrantData({ scopes, nonce, authTime, clientName, refused, proven }: GrantData): string {
  const plain = [scopes.join(' '), nonce, authTime, clientName] as const;
  const text = refused.join(' ');
  const encoded: Encoded = proven ? [...plain, text, 1] : text === '' ? plain : [...plain, text];
  return JSON.stringify(encoded);
}

/** Of `GrantView.data`, which only {@link encodeGrantData} writes. */
export function decodeGrantData(text: string): GrantData {
  const [scope, nonce, authTime, clientName, refused = '', proven] = JSON.parse(text) as Encoded;
  return {
    scopes: listed(scope),
    nonce,
    authTime,
    clientName,
    refused: listed(refused),
    proven: proven === 1,
  };
}

function listed(text: string): string[] {
  return text === '' ? [] : text.split(' ');
}
