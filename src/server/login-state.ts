import { challengeOf } from '../oauth/pkce.ts';
import { findMac, mac } from '../crypto/hmac.ts';
import type { MacKey } from '../crypto/hmac.ts';

/** Our own `state` towards the upstream, opened: which login it answers and which of its legs. */
export interface LoginState {
  readonly transaction: string;
  readonly leg: number;
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
 * consented (a link handed to somebody else is worthless), and garbage never reaches the store.
 */
export function legSecrets(
  key: MacKey,
  leg: { transaction: string; leg: number; browser: string },
): LegSecrets {
  const id = Buffer.from(leg.transaction, 'base64url');
  const head = Buffer.concat([id, Buffer.from([leg.leg])]);
  const tag = mac(key, stateInput(head, leg.browser)).subarray(0, tagLength);
  const codeVerifier = mac(key, Buffer.concat([Buffer.from('pkce:'), head])).toString('base64url');
  return {
    state: Buffer.concat([head, tag]).toString('base64url'),
    nonce: mac(key, Buffer.concat([Buffer.from('nonce:'), head])).toString('base64url'),
    codeVerifier,
    codeChallenge: challengeOf(codeVerifier) ?? '',
  };
}

/** `null` for a state that we did not make for this browser. */
export function openLoginState(keys: readonly MacKey[], text: string, browser: string): LoginState | null {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length !== idLength + 1 + tagLength || bytes.toString('base64url') !== text) return null;
  const head = bytes.subarray(0, idLength + 1);
  const key = findMac(keys, stateInput(head, browser), bytes.subarray(idLength + 1));
  return (
    key && { transaction: head.subarray(0, idLength).toString('base64url'), leg: head[idLength] ?? 0, key }
  );
}

function stateInput(head: Uint8Array, browser: string): Buffer {
  return Buffer.concat([Buffer.from('state:'), head, Buffer.from(browser)]);
}
