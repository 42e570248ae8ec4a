import type { ClientSnapshot } from '../clients/cimd/document-client.ts';
import { randomToken } from '../crypto/random.ts';
import { sha256 } from '../crypto/hash.ts';
import type { ConnectionKey } from '../store/contract.ts';
import { SallyportError } from '../types/error.ts';
import type { Clock, Milliseconds } from '../types/time.ts';
import type { ServerContext } from './context.ts';
import type { LoginRequest } from './login-request.ts';

/** How long a login may take from its first page to the upstream's answer. */
export const transactionTtl: Milliseconds = 600_000;

/** Largest sealed request, in bytes of base64url. */
const maxSealedLength = 8192;

/** A login on its way through the browser. */
export interface Transaction {
  readonly id: string;
  readonly expiresAt: Milliseconds;
  /** SHA-256 of the browser's cookie; `null` while it is handed to the consent page's origin. */
  readonly browser: string | null;
  readonly request: LoginRequest;
  /** Of a client that a document describes: what the user is shown, whatever the document says later. */
  readonly client?: ClientSnapshot;
  /** What the upstreams that answered so far told; absent while none has. */
  readonly progress?: Progress;
  /** All that was asked for, when the user allowed less: `request.scopes` is what was allowed. */
  readonly offered?: readonly string[];
  /** Whom the page named, or whose remembered consent the login rests on. Anybody else is asked. */
  readonly expected?: ExpectedUser;
  /** The user wants this consent remembered. */
  readonly remember?: true;
  /** Its `state` opens in a browser without our cookie too, and then its user is asked again. */
  readonly withoutCookie?: true;
  /** Where its user chooses another account, having signed in there already. */
  readonly choosesAt?: string;
  /** Its upstream has answered, and its user is being asked again. */
  readonly again?: AskedAgain;
}

/** Somebody whom a browser is known to be of. */
export interface ExpectedUser {
  readonly userId: string;
  /** Where that user signs in. */
  readonly upstream: string;
  /** The remembered consent that stands for a click; `null`: there was a click. */
  readonly consentId: string | null;
}

/**
 * Why a user is asked after the sign-in: somebody else agreed, the browser did not prove to be the one that was asked, or
 * the remembered consent was taken back meanwhile.
 */
export type AskedAgain = 'other_user' | 'without_cookie' | 'forgotten';

/** A login that leads to several upstreams, after the first of them. Sealed values are base64url. */
export interface Progress {
  readonly userId: string;
  /** Those that are still to come; the first of them is asked now. */
  readonly remaining: readonly string[];
  /** Of the first upstream, which says who the user is. */
  readonly identity: { readonly upstream: string; readonly sealed: string; readonly at: Milliseconds };
  readonly authTime: number;
  /** The first one's first. */
  readonly connections: readonly {
    readonly key: ConnectionKey;
    readonly access: string;
    readonly refresh: string | null;
    readonly upstreamClientId: string;
    readonly scopes: readonly string[];
  }[];
}

/** What a sealed transaction is for; one never opens as another. */
type Purpose = 'handover' | 'consent' | 'pending';

/** A new login, not bound to a browser yet. */
export function startTransaction(request: LoginRequest, clock: Clock): Transaction {
  return { id: randomToken(16), expiresAt: clock() + transactionTtl, browser: null, request };
}

/** An id for people and logs: the same on the page, in every log line of this login, and useless to an attacker. */
export function correlationOf(transaction: { readonly id: string }): string {
  return sha256(`correlation:${transaction.id}`).slice(0, 12);
}

/** What seals, and under whose name. */
type Sealing = Pick<ServerContext, 'rings' | 'config'>;

/** Seals for the store. */
export function sealBytes(sealing: Sealing, transaction: Transaction): Uint8Array {
  return seal(sealing, transaction, 'pending');
}

/** @throws {SallyportError} `seal_broken` */
export function openBytes(sealing: Sealing, sealed: Uint8Array): Transaction {
  return read(sealing, sealed, 'pending');
}

/** Seals for the browser; `null` when the request is too large to travel. */
export function sealText(
  sealing: Sealing,
  transaction: Transaction,
  purpose: 'handover' | 'consent',
): string | null {
  const text = Buffer.from(seal(sealing, transaction, purpose)).toString('base64url');
  return text.length > maxSealedLength ? null : text;
}

/** `null` for a text that we did not seal for this purpose, or that is too old. */
export function openText(
  sealing: Sealing,
  text: string | undefined,
  { purpose, clock }: { readonly purpose: 'handover' | 'consent'; readonly clock: Clock },
): Transaction | null {
  if (text === undefined || text.length > maxSealedLength) return null;
  const bytes = Buffer.from(text, 'base64url');
  // Decoders skip what is no base64url: a sealed text has one spelling here, as every token of ours has.
  if (bytes.toString('base64url') !== text) return null;
  try {
    const transaction = read(sealing, bytes, purpose);
    return transaction.expiresAt > clock() ? transaction : null;
  } catch (error) {
    if (error instanceof SallyportError) return null;
    throw error;
  }
}

function seal({ rings, config }: Sealing, transaction: Transaction, purpose: Purpose): Uint8Array {
  return rings.transactions.seal(JSON.stringify(transaction), contextOf(config.issuer, purpose));
}

function read({ rings, config }: Sealing, sealed: Uint8Array, purpose: Purpose): Transaction {
  const plain = rings.transactions.open(sealed, contextOf(config.issuer, purpose));
  // Only `seal` above writes under this context, so the shape is ours.
  return JSON.parse(plain.toString()) as Transaction;
}

/** Servers may share secrets, not logins: what one has checked by its own rules means nothing to another. */
function contextOf(issuer: string, purpose: Purpose): string {
  return `login:${purpose}:${issuer}`;
}
