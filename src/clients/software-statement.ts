import type { JWTPayload, ProtectedHeaderParameters } from 'jose';
import type { StatementIssuerConfig } from '../config/software-statements.ts';
import type { Clock, Milliseconds } from '../types/time.ts';
import type { KeyFinder } from './client-keys.ts';
import type { ClientKeys } from './client.ts';
import { claimsSignedBy, JwtProblem, momentOf, readJwtClaims, readJwtHeader } from './signed-jwt.ts';

/** What somebody has signed about software (RFC 7591 §2.3); as long as nobody has looked at the signature, it proves nothing. */
export interface SoftwareStatement {
  /** As it was sent. */
  readonly text: string;
  readonly issuer: StatementIssuerConfig;
  readonly header: ProtectedHeaderParameters;
  readonly claims: Readonly<JWTPayload>;
}

/** Why a statement does not count. Says nothing that its sender does not know. */
export class StatementProblem extends Error {
  override readonly name = 'StatementProblem';
  /** It is not good in itself, or nobody here believes who made it (RFC 7591 §3.2.2). */
  readonly kind: 'invalid' | 'unapproved';

  constructor(kind: StatementProblem['kind'], problem: string, options?: { readonly cause?: unknown }) {
    super(`software_statement ${problem}`, options);
    this.kind = kind;
  }
}

/** Statements of those whom the configuration names. */
export interface SoftwareStatements {
  /** False: nobody is believed, and statements are not looked at. */
  readonly believed: boolean;
  /** Whether an issuer is believed. */
  believes(issuer: string | undefined): boolean;
  /**
   * Reads a statement and judges everything but its signature, so that nothing is computed or fetched for one that is not
   * good anyway.
   * @throws {StatementProblem}
   */
  read(text: unknown): SoftwareStatement;
  /**
   * Looks at the signature.
   * @throws {StatementProblem} `invalid`
   * @throws {ClientProblem} `unreachable`, when the keys of its issuer cannot be had
   */
  prove(statement: SoftwareStatement): Promise<void>;
}

/** What statements are measured by. */
export interface StatementRules {
  readonly issuers: readonly StatementIssuerConfig[];
  readonly keys: KeyFinder;
  /** Ours, for a statement that says whom it is for. */
  readonly audiences: readonly string[];
  readonly clock: Clock;
}

/** Longest statement that is looked at, in characters. */
const maxLength = 8192;

/** How much clocks may differ. */
const tolerance: Milliseconds = 30_000;

const types = ['jwt', 'software-statement+jwt'];

export function createSoftwareStatements(rules: StatementRules): SoftwareStatements {
  const byName = new Map(rules.issuers.map((one) => [one.issuer, one]));
  return {
    believed: byName.size > 0,
    believes: (issuer) => issuer !== undefined && byName.has(issuer),
    read(text) {
      if (typeof text !== 'string' || text.length > maxLength)
        throw new StatementProblem('invalid', `is not a text of at most ${maxLength} characters`);
      const claims = asStatement(() => readJwtClaims(text));
      // Exactly: what only looks like a name is somebody else's.
      const issuer = byName.get(typeof claims.iss === 'string' ? claims.iss : '');
      if (!issuer) throw new StatementProblem('unapproved', 'is of an issuer that is not believed here');
      const header = asStatement(() => readJwtHeader(text, { algs: issuer.algs, types }));
      checkTimes(claims, rules.clock());
      checkAudience(claims, rules.audiences);
      return { text, issuer, header, claims };
    },
    async prove({ text, issuer, header }) {
      const keys = keysOf(issuer);
      const found = await claimsSignedBy(await rules.keys.find(keys, { renewed: false }), text, header);
      if (found) return;
      // Published keys may have changed; keys at hand cannot.
      const renewed = 'jwksUri' in keys ? await rules.keys.find(keys, { renewed: true }) : [];
      if (!(await claimsSignedBy(renewed, text, header)))
        throw new StatementProblem('invalid', 'is not signed by a key of its issuer');
    },
  };
}

function keysOf({ keys }: StatementIssuerConfig): ClientKeys {
  return 'jwksUri' in keys ? { ...keys, named: true } : keys;
}

/** No `exp`: as good as its issuer's word lasts. */
function checkTimes({ exp, nbf, iat }: JWTPayload, now: Milliseconds): void {
  if (exp !== undefined && (momentOf(exp) ?? 0) <= now - tolerance)
    throw new StatementProblem('invalid', 'is over');
  for (const start of [nbf, iat])
    if (start !== undefined && (momentOf(start) ?? Number.POSITIVE_INFINITY) > now + tolerance)
      throw new StatementProblem('invalid', 'has not begun');
}

/** RFC 7519 §4.1.3: whoever is not named must not take it. */
function checkAudience({ aud }: JWTPayload, ours: readonly string[]): void {
  if (aud === undefined) return;
  const named: unknown = Array.isArray(aud) ? aud : [aud];
  if (!Array.isArray(named) || !named.some((one) => ours.includes(String(one))))
    throw new StatementProblem('invalid', 'is for other servers');
}

function asStatement<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof JwtProblem)) throw error;
    throw new StatementProblem('invalid', `cannot be used: ${error.message}`, { cause: error });
  }
}
