import type { SigningKeyConfig } from '../config/config.ts';
import type { SigningKey, VerificationKey } from '../crypto/signing-key.ts';
import { generateSigningKeyPem, parseSigningKey } from '../crypto/signing-key.ts';

/** The keys that sign and verify our JWTs. */
export interface KeySet {
  readonly signing: SigningKey;
  /** In the order of the configuration: the first is meant to sign. */
  readonly signers: readonly SigningKey[];
  /** Every configured one; the first of the configuration first, then the fallbacks; each once. */
  readonly all: readonly VerificationKey[];
  /** Made for this process only. */
  readonly ephemeral: boolean;
  /** RFC 7517 §5; public members only. Fallback keys are published, so that rotation breaks no verifier. */
  readonly jwks: { readonly keys: readonly object[] };
}

/**
 * Loads the configured keys; without a configuration makes an ES256 key that ends with the process.
 * @throws {SallyportError} `key_invalid`, naming the file
 */
export function loadKeySet(config: SigningKeyConfig | null): KeySet {
  const parsed = sources(config).map(({ pem, origin }) => parseSigningKey(pem, origin));
  const all = [...new Map(parsed.map((key) => [key.kid, key])).values()];
  const [signing] = all;
  if (!signing) throw new TypeError('a key set needs a signing key');
  return {
    signing,
    signers: all,
    all: all.map(publicHalf),
    ephemeral: config === null,
    jwks: { keys: all.map((key) => key.publicJwk) },
  };
}

/** The same keys, and another of them signs. */
export function signingWith(keys: KeySet, index: number): KeySet {
  return { ...keys, signing: keys.signers[index] ?? keys.signing };
}

/** Whoever verifies holds no private key, not even by accident. */
function publicHalf({ kid, alg, publicKey, publicJwk }: SigningKey): VerificationKey {
  return { kid, alg, publicKey, publicJwk };
}

function sources(
  config: SigningKeyConfig | null,
): readonly { readonly pem: string; readonly origin: string }[] {
  if (config === null) return [{ pem: generateSigningKeyPem(), origin: 'made for this process' }];
  return [config.signing, ...config.fallbacks].map(({ pem, origin }) => ({ pem: pem.reveal(), origin }));
}
