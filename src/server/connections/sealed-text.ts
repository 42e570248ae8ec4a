import type { Clock } from '../../types/time.ts';
import { SallyportError } from '../../types/error.ts';
import type { ServerContext } from '../context.ts';
import type { Flow } from './flow.ts';
import type { ShownForm } from './form.ts';
import type { PageSession } from './session.ts';

/** What is sealed, by its kind; one never opens as another. */
interface Kinds {
  session: PageSession;
  form: ShownForm;
  flow: Flow;
}

type Kind = keyof Kinds;

type Sealing = Pick<ServerContext, 'rings' | 'config'>;

/** Seals for the browser or the store. Servers may share secrets, not sessions: the issuer is part of the seal. */
export function sealValue<K extends Kind>({ rings, config }: Sealing, kind: K, value: Kinds[K]): Uint8Array {
  return rings.connections.seal(JSON.stringify(value), contextOf(config.issuer, kind));
}

/** {@link sealValue} as text. */
export function sealText<K extends Kind>(sealing: Sealing, kind: K, value: Kinds[K]): string {
  return Buffer.from(sealValue(sealing, kind, value)).toString('base64url');
}

/** `null` for what we did not seal as this kind, or what is too old. */
export function openValue<K extends Kind>(
  { rings, config, clock }: Sealing & { readonly clock: Clock },
  kind: K,
  sealed: Uint8Array,
): Kinds[K] | null {
  try {
    const plain = rings.connections.open(sealed, contextOf(config.issuer, kind));
    // Only `sealValue` writes under this context, and each kind has one type.
    const value = JSON.parse(plain.toString()) as Kinds[K];
    return value.expiresAt > clock() ? value : null;
  } catch (error) {
    if (error instanceof SallyportError) return null;
    throw error;
  }
}

/** {@link openValue} of a text; a sealed text has one spelling. */
export function openText<K extends Kind>(
  sealing: Sealing & { readonly clock: Clock },
  kind: K,
  text: string | undefined,
): Kinds[K] | null {
  const bytes = Buffer.from(text ?? '', 'base64url');
  if (text === undefined || bytes.toString('base64url') !== text) return null;
  return openValue(sealing, kind, bytes);
}

function contextOf(issuer: string, kind: Kind): string {
  return `connections:${kind}:${issuer}`;
}
