import { createKeyFinder, maxKeySetBytes } from '../clients/client-keys.ts';
import { ClientProblem } from '../clients/client-problem.ts';
import type { Config } from '../config/config.ts';
import type { StatementIssuerConfig } from '../config/software-statements.ts';
import { createGuardedFetch } from '../net/guarded-fetch.ts';
import type { DocumentFetch } from '../server/client-documents.ts';
import { documentPolicy } from '../server/client-documents.ts';
import { fail, finding } from './finding.ts';
import type { Finding } from './finding.ts';

const check = 'software-statements';

/** Whether the keys of those whose software statements are believed can be had from here. Nothing, where nobody is. */
export async function examineStatements(
  { cimd, registration: { softwareStatements } }: Config,
  documentFetch: DocumentFetch = createGuardedFetch,
): Promise<readonly Finding[]> {
  if (softwareStatements.length === 0) return [];
  const policy = { ...documentPolicy(cimd), maxBytes: maxKeySetBytes };
  const told = await Promise.all(
    softwareStatements.map(async (issuer) => {
      const { keys, allowPrivateIps } = issuer;
      const privateHosts = 'jwksUri' in keys && allowPrivateIps ? [new URL(keys.jwksUri).hostname] : [];
      const named = privateHosts.length > 0 ? { allowPrivate: true, privateHosts } : {};
      const fetch = documentFetch({ ...policy, ...named });
      const problem = await problemOf(issuer, fetch);
      await fetch.close();
      return problem;
    }),
  );
  const problems = told.filter((one) => one !== null);
  return problems.length > 0 ? problems : [finding(check, 'keys of who vouches for clients can be had')];
}

async function problemOf(
  { issuer, keys }: StatementIssuerConfig,
  fetch: ReturnType<DocumentFetch>,
): Promise<Finding | null> {
  const finder = createKeyFinder({ clock: Date.now, fetch, fetchNamed: fetch });
  const where = 'jwksUri' in keys ? keys.jwksUri : 'the configuration';
  const set = 'jwksUri' in keys ? { ...keys, named: true } : keys;
  try {
    const found = await finder.find(set, { renewed: false });
    if (found.length > 0) return null;
    const what = `${issuer}: there is no key for signatures in ${where}. Its statements are refused.`;
    return finding(check, fail(what, 'put its public keys there'));
  } catch (error) {
    if (!(error instanceof ClientProblem)) throw error;
    const what = `${issuer}: its keys could not be had from ${where}. Its statements are refused.`;
    const fix = `let this server reach ${where}, name a proxy in cimd.outbound_proxy, or write the keys into jwks`;
    return finding(check, fail(what, fix));
  }
}
