import { challengeOf } from '../oauth/pkce.ts';
import { findMac, mac } from '../crypto/hmac.ts';
import type { MacKey } from '../crypto/hmac.ts';

/** Our own `state` towards the upstream, opened: which login it answers and which of its legs. */
export interface LoginState {
  readonly transaction: string;
  readonly leg: number;
  /** Who is to answer. */
  readonly upstream: string;
  readonly key: MacKey;
}

/** What one upstream leg carries. All of it follows from the transaction and a secret key: nothing is stored. */
export interface LegSecrets {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
  readonly codeChallenge: string;
}

const idLength = 16;
const tagLength = 24;

/**
 * Makes a leg's secrets. The state's MAC covers the browser's cookie, so that it opens only in the browser that
 * consented (a link handed to somebody else is worthless), and the upstream, so that only that one can answer (mix-up, RFC
 * 9700 §4.4). Garbage never reaches the store.
 */
export function legSecrets(
  key: MacKey,
  leg: { transaction: string; leg: number; upstream: string; browser: string },
): LegSecrets {
  const id = Buffer.from(leg.transaction, 'base64url');
  const head = Buffer.concat([id, Buffer.from([leg.leg])]);
  const tag = mac(key, stateInput(head, leg)).subarray(0, tagLength);
  const codeVerifier = mac(key, secretInput('pkce', head, leg)).toString('base64url');
  return {
    state: Buffer.concat([head, tag]).toString('base64url'),
    nonce: mac(key, secretInput('nonce', head, leg)).toString('base64url'),
    codeVerifier,
    codeChallenge: challengeOf(codeVerifier) ?? '',
  };
}

/** `null` for a state that we did not make for this browser and one of these upstreams. */
export function openLoginState(
  keys: readonly MacKey[],
  text: string,
  { browser, upstreams }: { readonly browser: string; readonly upstreams: readonly string[] },
): LoginState | null {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length !== idLength + 1 + tagLength || bytes.toString('base64url') !== text) return null;
  const head = bytes.subarray(0, idLength + 1);
  const tag = bytes.subarray(idLength + 1);
  for (const upstream of upstreams) {
    const key = findMac(keys, stateInput(head, { browser, upstream }), tag);
    if (key) {
      const transaction = head.subarray(0, idLength).toString('base64url');
      return { transaction, leg: head[idLength] ?? 0, upstream, key };
    }
  }
  return null;
}

/** Of one upstream alone: what one of them learns is nothing worth at another. */
function secretInput(
  purpose: 'pkce' | 'nonce',
  head: Uint8Array,
  { upstream }: { readonly upstream: string },
): Buffer {
  return Buffer.concat([Buffer.from(`${purpose}:`), head, Buffer.from(upstream)]);
}

/** The hash of a cookie has one length, so that no other pair reads the same. */
function stateInput(
  head: Uint8Array,
  { browser, upstream }: { readonly browser: string; readonly upstream: string },
): Buffer {
  return Buffer.concat([Buffer.from('state:'), head, Buffer.from(browser), Buffer.from(upstream)]);
}
