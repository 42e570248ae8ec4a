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

const none: Uint8Array = new Uint8Array(0);

const idLength = 16;
const tagLength = 24;

/**
 * Makes a leg's secrets. The state's MAC covers the browser's cookie, so that it opens only in the browser that
 * consented (a link handed to somebody else is worthless), and the upstream, so that only that one can answer (mix-up, RFC
 * 9700 §4.4). Garbage never reaches the store.
 */
export function legSecrets(
  key: MacKey,
  leg: { transaction: string; leg: number; upstream: string; browser: string; withoutCookie?: boolean },
): LegSecrets {
  const id = Buffer.from(leg.transaction, 'base64url');
  const head = Buffer.concat([id, Buffer.from([leg.leg])]);
  const tag = mac(key, stateInput(head, leg)).subarray(0, tagLength);
  const second = leg.withoutCookie ? mac(key, strangerInput(head, leg)).subarray(0, tagLength) : none;
  const codeVerifier = mac(key, secretInput('pkce', head, leg)).toString('base64url');
  return {
    state: Buffer.concat([head, tag, second]).toString('base64url'),
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
  const parts = split(text);
  if (!parts) return null;
  const { head, tag } = parts;
  for (const upstream of upstreams) {
    const key = findMac(keys, stateInput(head, { browser, upstream }), tag);
    if (key) return opened(head, { upstream, key });
  }
  return null;
}

/**
 * Opens a state in a browser that has no cookie of ours: only one that was made so that this is possible. Whose browser it is
 * nobody knows then, and the login must not end without asking.
 */
export function openStrangerState(
  keys: readonly MacKey[],
  text: string,
  { upstreams }: { readonly upstreams: readonly string[] },
): LoginState | null {
  const parts = split(text);
  if (!parts?.second) return null;
  const { head, second } = parts;
  for (const upstream of upstreams) {
    const key = findMac(keys, strangerInput(head, { upstream }), second);
    if (key) return opened(head, { upstream, key });
  }
  return null;
}

interface Parts {
  readonly head: Buffer;
  readonly tag: Buffer;
  /** Opens without a cookie; `null`: nothing does. */
  readonly second: Buffer | null;
}

function split(text: string): Parts | null {
  const bytes = Buffer.from(text, 'base64url');
  const short = idLength + 1 + tagLength;
  const known = bytes.length === short || bytes.length === short + tagLength;
  if (!known || bytes.toString('base64url') !== text) return null;
  return {
    head: bytes.subarray(0, idLength + 1),
    tag: bytes.subarray(idLength + 1, short),
    second: bytes.length > short ? bytes.subarray(short) : null,
  };
}

function opened(
  head: Buffer,
  { upstream, key }: { readonly upstream: string; readonly key: MacKey },
): LoginState {
  const transaction = head.subarray(0, idLength).toString('base64url');
  return { transaction, leg: head[idLength] ?? 0, upstream, key };
}

/** Of no browser; the word differs from that of a state proper, so that neither tag is the other. */
function strangerInput(head: Uint8Array, { upstream }: { readonly upstream: string }): Buffer {
  return Buffer.concat([Buffer.from('stranger:'), head, Buffer.from(upstream)]);
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
