/** SHA-256 as base64url: what the store keeps of a secret, so that a leaked database forges nothing. */
export type Hash = string;

/** An AES-256-GCM envelope made above the store; the store cannot read it. */
export type Sealed = Uint8Array;

/** Twelve bits of SHA-256(user id) as three hex digits; everything of one user shares it (Redis Cluster hash tag). */
export type Bucket = string;

/** Names a grant everywhere: `sid` is `bucket.grantId`. */
export interface GrantKey {
  readonly bucket: Bucket;
  readonly grantId: string;
}

/** Names what we keep of one account at one upstream. */
export interface ConnectionKey {
  readonly bucket: Bucket;
  readonly userId: string;
  readonly upstream: string;
  /** The upstream's stable subject of the account. */
  readonly account: string;
}

/** Random per HTTP request, the same across retries of a driver: makes each step idempotent. */
export type Attempt = string;
