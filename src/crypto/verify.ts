import { decodeProtectedHeader, errors, jwtVerify } from 'jose';
import type { Clock } from '../types/time.ts';
import type { VerificationKey } from './signing-key.ts';

/** What a token must be. */
export interface Expected {
  /** The header's `typ`, without `application/`. */
  readonly typ: string;
  readonly issuer: string;
  /** The one audience; any when absent. */
  readonly audience?: string;
}

/** Verifies JWTs that we signed ourselves. */
export interface JwtVerifier {
  /** The claims; `null` for every token that is not exactly what is expected. Never throws for a bad token. */
  verify(token: string, expected: Expected): Promise<Readonly<Record<string, unknown>> | null>;
}

/** Longest token that is looked at, in characters. */
const maxTokenLength = 16_384;

/** Base64url parts only: no padding, no white space (RFC 7515 §2). */
const compact = /^[\w-]+\.[\w-]+\.(?<signature>[\w-]+)$/u;

/** Header members that lead to keys which are not ours (RFC 7515 §4.1). */
const foreignKeys = ['jwk', 'jku', 'x5u', 'x5c', 'x5t', 'x5t#S256'];

/** The key is found by `kid` alone, and its own algorithm is the only one that counts. */
export function createJwtVerifier(
  keys: readonly VerificationKey[],
  { clock }: { readonly clock: Clock },
): JwtVerifier {
  const byId = new Map(keys.map((key) => [key.kid, key]));
  return {
    async verify(token, expected) {
      if (token.length > maxTokenLength || !isCanonical(token)) return null;
      try {
        return await verified(token, { expected, byId, clock });
      } catch (error) {
        if (error instanceof errors.JOSEError || error instanceof TypeError) return null;
        throw error;
      }
    },
  };
}

interface Context {
  readonly expected: Expected;
  readonly byId: ReadonlyMap<string, VerificationKey>;
  readonly clock: Clock;
}

async function verified(token: string, context: Context): Promise<Readonly<Record<string, unknown>> | null> {
  const { expected, byId, clock } = context;
  const header = decodeProtectedHeader(token);
  if (header.typ !== expected.typ && header.typ !== `application/${expected.typ}`) return null;
  if (foreignKeys.some((name) => name in header) || 'crit' in header || 'b64' in header) return null;
  const key = header.kid === undefined ? undefined : byId.get(header.kid);
  if (!key) return null;
  const { payload } = await jwtVerify(token, key.publicKey, {
    algorithms: [key.alg],
    issuer: expected.issuer,
    requiredClaims: ['exp'],
    currentDate: new Date(clock()),
  });
  return matchesAudience(payload.aud, expected.audience) ? payload : null;
}

/**
 * Decoders accept several spellings of one signature: unused bits of the last character, padding. One token has one
 * form here, because whoever caches or denies a token by its hash takes another form for another token.
 */
function isCanonical(token: string): boolean {
  const signature = compact.exec(token)?.groups?.['signature'];
  return signature !== undefined && Buffer.from(signature, 'base64url').toString('base64url') === signature;
}

/** One token, one audience: a list must have exactly one entry. */
function matchesAudience(aud: string | string[] | undefined, expected: string | undefined): boolean {
  if (expected === undefined) return true;
  const [only, ...others] = typeof aud === 'string' ? [aud] : (aud ?? []);
  return only === expected && others.length === 0;
}
