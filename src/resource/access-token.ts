import type { Seconds } from '../types/time.ts';

/** A verified access token of ours (RFC 9068), its claims in our own words. */
export interface AccessToken {
  readonly subject: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
  /** The one resource that it is for. */
  readonly audience: string;
  readonly tokenId: string;
  /** `bucket.grantId` */
  readonly sessionId: string;
  readonly expiresAt: Seconds;
  readonly issuedAt: Seconds;
}
