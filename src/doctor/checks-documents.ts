import { builtInDocument } from '../clients/cimd/built-in/built-in.ts';
import type { BuiltInDocument } from '../clients/cimd/built-in/documents.ts';
import { builtInDocuments } from '../clients/cimd/built-in/documents.ts';
import { changedFields } from '../clients/cimd/documents.ts';
import type { FetchingRules } from '../clients/cimd/fetch-document.ts';
import { fetchDocument } from '../clients/cimd/fetch-document.ts';
import { checkTrust } from '../clients/cimd/trust.ts';
import type { Config } from '../config/config.ts';
import { createGuardedFetch } from '../net/guarded-fetch.ts';
import type { DocumentFetch } from '../server/client-documents.ts';
import { documentPolicy, maxDocumentBytes } from '../server/client-documents.ts';
import { fail, finding, warn } from './finding.ts';
import type { Finding } from './finding.ts';

const check = 'client-documents';

/**
 * Whether documents of clients can be fetched from here, by those of well-known clients: who reads in our metadata that we
 * take documents tries nothing else.
 */
export async function examineDocuments(
  { cimd }: Config,
  documentFetch: DocumentFetch = createGuardedFetch,
): Promise<readonly Finding[]> {
  if (!cimd.enabled) return [finding(check, 'clients cannot identify themselves by a document')];
  const wanted = builtInDocuments.filter(
    ({ document }) => checkTrust(new URL(document.client_id).hostname, cimd) === null,
  );
  const fetch = documentFetch({ ...documentPolicy(cimd), maxBytes: maxDocumentBytes });
  const rules = { fetch, clock: Date.now, fallback: cimd.cacheFallbackTtl, allowLoopback: false };
  const told = await Promise.all(wanted.map((one) => examineDocument(one, rules, cimd.builtInDocuments)));
  await fetch.close();
  const problems = told.filter((one) => one !== null);
  return problems.length > 0 ? problems : [finding(check, 'documents of well-known clients can be fetched')];
}

async function examineDocument(
  { document: { client_id: id }, recorded }: BuiltInDocument,
  rules: FetchingRules,
  hasCopy: boolean,
): Promise<Finding | null> {
  const fetched = await fetchDocument(id, { ...rules, have: null });
  if (fetched.r === 'problem') {
    const fix = `let this server reach ${new URL(id).origin}, or name a proxy in cimd.outbound_proxy`;
    const what = `${id}: ${fetched.problem.message}`;
    const copied = hasCopy && fetched.problem.kind === 'unreachable';
    if (!copied) return finding(check, fail(`${what} Its users cannot sign in.`, fix));
    return finding(check, warn(`${what} The copy of ${recorded} that comes with this version serves.`, fix));
  }
  const copy = builtInDocument(id);
  const fields = fetched.r === 'document' && copy ? changedFields(copy, fetched.copy.document) : [];
  if (fields.length === 0) return null;
  const what = `${id} has changed since the copy of ${recorded} that comes with this version: ${fields.join(', ')}`;
  return finding(check, warn(what, 'nothing, while it can be fetched: the copy serves only while it cannot'));
}
