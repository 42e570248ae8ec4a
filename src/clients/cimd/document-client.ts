import type { Client } from '../client.ts';
import { usualLifespans } from '../client.ts';
import type { ClientDocument } from './document.ts';
import { hostOfDocument } from './document-url.ts';

/** What the user of a login was shown of its client, and what the login goes on with whatever the document says meanwhile. */
export interface ClientSnapshot {
  readonly name: string;
  readonly grantTypes: readonly string[];
  readonly scopes: readonly string[] | null;
  readonly proves: boolean;
  readonly applicationType: 'native' | 'web' | null;
  readonly softwareId: string | null;
  readonly logoUri?: string;
  /** Who vouched for it. */
  readonly voucher?: string;
}

/** What clients of documents are measured by, beside what the documents say. */
export interface DocumentClientRules {
  readonly scopesSupported: readonly string[];
  readonly baselineScopes: readonly string[];
}

/** The client that a document describes, with no more scopes than there are here. */
export function documentClient(document: ClientDocument, rules: DocumentClientRules): Client {
  const { clientId, name, redirectUris, grantTypes, authMethod, proofOptional, keys } = document;
  return {
    ...nobody(clientId),
    name,
    redirectUris,
    grantTypes,
    // With keys and `none`, whoever brings an assertion is measured by it, and nobody has to.
    authMethod: proofOptional ? 'none' : authMethod,
    keys,
    scopes: scopesOf(document, rules),
    applicationType: document.applicationType,
    softwareId: document.softwareId,
    ...(document.logoUri !== null && { logoUri: document.logoUri }),
  };
}

/**
 * The client behind an id whose document is not at hand: public, and nothing else is known. What a token of ours was issued
 * for is in its grant, so that this is enough for whoever holds one.
 */
export function unreadClient(clientId: string, { needsVoucher }: { readonly needsVoucher: boolean }): Client {
  return { ...nobody(clientId), ...(needsVoucher && { needsVoucher }) };
}

/** What the rest of a login has to know of its client; nothing for a client without a document. */
export function snapshotOf(client: Client): { readonly client?: ClientSnapshot } {
  if (client.source !== 'cimd') return {};
  const { name, grantTypes, scopes, authMethod, applicationType, softwareId, logoUri, voucher } = client;
  const proves = authMethod === 'private_key_jwt';
  const shown = { name: name ?? '', grantTypes, scopes, proves, applicationType, softwareId };
  const more = { ...(logoUri !== undefined && { logoUri }), ...(voucher !== undefined && { voucher }) };
  return { client: { ...shown, ...more } };
}

/** The client of a login, as its user was shown it. */
export function shownClient(
  { clientId, redirectUri }: { readonly clientId: string; readonly redirectUri: string },
  { proves, ...shown }: ClientSnapshot,
): Client {
  const authMethod = proves ? 'private_key_jwt' : 'none';
  return { ...nobody(clientId), ...shown, redirectUris: [redirectUri], authMethod };
}

function nobody(clientId: string): Client {
  return {
    id: clientId,
    source: 'cimd',
    name: null,
    host: hostOfDocument(clientId),
    redirectUris: [],
    grantTypes: ['authorization_code', 'refresh_token'],
    authMethod: 'none',
    anySecretMethod: false,
    secretExpiresAt: 0,
    checkSecret: () => false,
    keys: null,
    scopes: null,
    resources: null,
    consent: 'ask',
    lifespans: usualLifespans,
    applicationType: null,
    softwareId: null,
    idTokenAlg: null,
    introspects: [],
  };
}

/** Naming none of ours means all of them: a document is written for every server, and most name none that fits. */
function scopesOf(
  { scopes }: ClientDocument,
  { scopesSupported, baselineScopes }: DocumentClientRules,
): readonly string[] | null {
  const known = (scopes ?? []).filter((name) => scopesSupported.includes(name));
  if (known.length === 0) return null;
  return [...new Set([...known, ...baselineScopes.filter((name) => scopesSupported.includes(name))])];
}
