import { SallyportError } from '../types/error.ts';
import type { Clock, Milliseconds } from '../types/time.ts';
import type { ServerContext } from './context.ts';

/** Who agreed in this browser last and wanted it remembered; a cookie. */
export interface Returning {
  readonly expiresAt: Milliseconds;
  readonly userId: string;
  /** Where that user signs in. */
  readonly upstream: string;
  /** What the person knows the account by; `null` when the upstream told nothing. */
  readonly name: string | null;
}

/** The form that asks again after the sign-in. */
export interface SecondForm {
  readonly expiresAt: Milliseconds;
  readonly transaction: string;
  /** Of the pending row; it is waited for once. */
  readonly leg: number;
  /** SHA-256 of the cookie of the browser that was shown it. */
  readonly browser: string;
  /** Counts from a browser without a cookie, too. */
  readonly withoutCookie: boolean;
}

/** What is sealed for browsers, by its kind; one never opens as another. */
interface Kinds {
  returning: Returning;
  second: SecondForm;
}

type Kind = keyof Kinds;

type Sealing = Pick<ServerContext, 'rings' | 'config'>;

/** Seals for the browser. Servers may share secrets, not what they remember: the issuer is part of the seal. */
export function sealForBrowser<K extends Kind>({ rings, config }: Sealing, kind: K, value: Kinds[K]): string {
  const sealed = rings.transactions.seal(JSON.stringify(value), contextOf(config.issuer, kind));
  return Buffer.from(sealed).toString('base64url');
}

/** `null` for what we did not seal as this kind, what is too old, and what is not written as we write it. */
export function openFromBrowser<K extends Kind>(
  { rings, config, clock }: Sealing & { readonly clock: Clock },
  kind: K,
  text: string | undefined,
): Kinds[K] | null {
  const bytes = Buffer.from(text ?? '', 'base64url');
  if (text === undefined || bytes.toString('base64url') !== text) return null;
  try {
    const plain = rings.transactions.open(bytes, contextOf(config.issuer, kind));
    // Only `sealForBrowser` writes under this context, and each kind has one type.
    const value = JSON.parse(plain.toString()) as Kinds[K];
    return value.expiresAt > clock() ? value : null;
  } catch (error) {
    if (error instanceof SallyportError) return null;
    throw error;
  }
}

function contextOf(issuer: string, kind: Kind): string {
  return `consent:${kind}:${issuer}`;
}
