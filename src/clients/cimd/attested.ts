import type { SoftwareStatements } from '../software-statement.ts';
import { StatementProblem } from '../software-statement.ts';
import type { ClientDocument } from './document.ts';

/** What came of looking for somebody who vouches for a document. */
export type Attested =
  | { readonly r: 'vouched'; readonly voucher: string; readonly document: ClientDocument }
  /** In words that end a sentence. */
  | { readonly r: 'nobody'; readonly why: string };

/**
 * Who vouches for a document: the issuer of its statement, when the statement says by `client_id`, or else by `sub`, that it is
 * about this very address. Statements are no secret: without that, one could be put into anybody's document.
 * @throws {ClientProblem} `unreachable`, when the keys of the issuer cannot be had
 */
export async function attestDocument(
  { clientId, stated }: ClientDocument,
  statements: SoftwareStatements,
): Promise<Attested> {
  if (!stated || !statements.believed) return { r: 'nobody', why: 'nobody vouches for it' };
  try {
    const statement = statements.read(stated.statement);
    const { client_id: about = statement.claims.sub } = statement.claims;
    if (about !== clientId) return { r: 'nobody', why: 'its software_statement is about another app' };
    await statements.prove(statement);
    return { r: 'vouched', voucher: statement.issuer.issuer, document: stated.document };
  } catch (error) {
    if (error instanceof StatementProblem) return { r: 'nobody', why: `its ${error.message}` };
    throw error;
  }
}
