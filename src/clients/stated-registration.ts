import { readClientMetadata } from './client-metadata.ts';
import { ClientProblem } from './client-problem.ts';
import { RegistrationRefused } from './registration-refusal.ts';
import type { SoftwareStatement, SoftwareStatements } from './software-statement.ts';
import { StatementProblem } from './software-statement.ts';
import { withClaims } from './stated-metadata.ts';
import { OAuthError } from '../oauth/errors.ts';

/** A registration that rests on a software statement (RFC 7591 §2.3). */
export interface StatedRegistration {
  /** What is to be judged: what was sent, with what is signed in its place. */
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly statement: SoftwareStatement;
  /**
   * Who vouches for it: the issuer, when its statement says where codes may go. Statements are no secret, and one that does
   * not say that could be brought by anybody for an address of their own.
   */
  readonly voucher: string | null;
}

/**
 * Reads what an issuer says of a client beside what it says itself; `null` when nobody is believed, or nothing is said.
 * Everything is judged that costs nothing; the signature is still to be looked at.
 * @throws {RegistrationRefused} `unapproved_software_statement`, `invalid_software_statement`
 * @throws {OAuthError} `invalid_redirect_uri`, `invalid_client_metadata`
 */
export function readStated(body: unknown, statements: SoftwareStatements): StatedRegistration | null {
  if (!statements.believed || typeof body !== 'object' || body === null || Array.isArray(body)) return null;
  // Any object may be read by name; every value is looked at before it is used.
  const sent = body as Readonly<Record<string, unknown>>;
  const text = Object.hasOwn(sent, 'software_statement') ? (sent['software_statement'] ?? null) : null;
  if (text === null) return null;
  const statement = asRefusal(() => statements.read(text));
  const vouches = (statement.claims['redirect_uris'] ?? null) !== null;
  // Whoever brings it could call itself anything, and the page says that somebody vouches for it.
  const { client_name: name, ...unnamed } = sent;
  const metadata = withClaims(
    vouches || name === undefined ? unnamed : { ...unnamed, client_name: name },
    statement.claims,
  );
  readClientMetadata(metadata);
  return { metadata, statement, voucher: vouches ? statement.issuer.issuer : null };
}

/**
 * Looks at the signature.
 * @throws {RegistrationRefused} `invalid_software_statement`
 * @throws {OAuthError} `temporarily_unavailable`
 */
export async function proveStated(
  { statement }: StatedRegistration,
  statements: SoftwareStatements,
): Promise<void> {
  try {
    await statements.prove(statement);
  } catch (error) {
    if (error instanceof ClientProblem)
      throw new OAuthError(
        'temporarily_unavailable',
        'the keys of who made the software_statement cannot be had right now',
        { cause: error },
      );
    throw refusalOf(error);
  }
}

function asRefusal<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw refusalOf(error);
  }
}

/** RFC 7591 §3.2.2. */
function refusalOf(error: unknown): unknown {
  if (!(error instanceof StatementProblem)) return error;
  const code = error.kind === 'invalid' ? 'invalid_software_statement' : 'unapproved_software_statement';
  return new RegistrationRefused('statement', code, { description: error.message, cause: error });
}
