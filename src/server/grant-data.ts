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

/** For `NewGrant.data`. */
export function encodeGrantData(data: GrantData): string {
  return JSON.stringify(data);
}

/** Of `GrantView.data`, which only {@link encodeGrantData} writes. */
export function decodeGrantData(text: string): GrantData {
  return JSON.parse(text) as GrantData;
}
