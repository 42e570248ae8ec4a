import type { Client } from '../clients/client.ts';
import { decodeClientId } from '../clients/client-id.ts';
import type { Registration } from '../clients/client-id.ts';
import { builtInDocument } from '../clients/cimd/built-in/built-in.ts';
import { documentClient } from '../clients/cimd/document-client.ts';
import { checkDocumentUrl, isDocumentId } from '../clients/cimd/document-url.ts';
import { fetchDocument } from '../clients/cimd/fetch-document.ts';
import { checkTrust, mayBeAttested } from '../clients/cimd/trust.ts';
import { checkPolicy } from '../clients/registration-policy.ts';
import { registeredClient } from '../clients/registered-client.ts';
import { isStoredId } from '../clients/stored-clients.ts';
import { staticClient } from '../clients/static-client.ts';
import type { Config } from '../config/config.ts';
import { clientKeyNumbers } from '../keys/client-key-rings.ts';
import { openKeyRings } from '../keys/rings.ts';
import { createGuardedFetch } from '../net/guarded-fetch.ts';
import { checkRedirectUri } from '../oauth/redirect-uri.ts';
import { documentPolicy, maxDocumentBytes } from '../server/client-documents.ts';
import type { AuthStore } from '../store/contract.ts';
import { SallyportError } from '../types/error.ts';
import type { Clock } from '../types/time.ts';

/** What can be told of a client by its id alone. */
export interface ClientDetails {
  /** `null` where nothing about it can be believed. */
  readonly client: Client | null;
  readonly source: 'configuration' | 'registration' | 'document' | 'unknown';
  /** Why it is not let in, or not as its source says; `null`: nothing keeps it out. */
  readonly trouble: string | null;
  /** As it registered; `null` for others. */
  readonly registration: Registration | null;
}

interface Parts {
  readonly store: AuthStore;
  readonly config: Config;
  readonly clock: Clock;
}

/** Looks a client up as the server would: in the configuration, in the id itself, at its host. */
export async function clientDetails(id: string, parts: Parts): Promise<ClientDetails> {
  const fixed = parts.config.clients.find(({ clientId }) => clientId === id);
  if (fixed)
    return { client: staticClient(fixed), source: 'configuration', trouble: null, registration: null };
  if (isDocumentId(id)) return describedClient(id, parts);
  if (/^sp_c\d+_/u.test(id)) return decodedClient(id, parts);
  if (isStoredId(id)) {
    const row = await parts.store.getRegistration(id);
    if (!row)
      return untold('registration', 'no registration is kept under this id: it was removed, or is over');
    const kept = await decodedClient(row.value, parts);
    return { ...kept, client: kept.client && { ...kept.client, id } };
  }
  return untold('unknown', 'nobody is known by this id: it is neither configured nor issued here');
}

function untold(source: ClientDetails['source'], trouble: string): ClientDetails {
  return { client: null, source, trouble, registration: null };
}

/** What a registration says is believed only as far as our signature goes. */
async function decodedClient(id: string, { store, config, clock }: Parts): Promise<ClientDetails> {
  const keys = await ringsOf(store, config);
  if (!keys) return untold('registration', 'no configured secret opens the keys that it was signed with');
  const registration = decodeClientId(id, keys.clientIds);
  if (!registration)
    return untold(
      'registration',
      'its signature is not ours: it was issued elsewhere, its key was revoked, or it was changed or cut short',
    );
  const client = registeredClient(id, registration, keys.clientSecrets);
  const refusal = checkPolicy(registration, config.registration);
  const bad = registration.redirectUris.some((uri) => checkRedirectUri(uri) !== null);
  const over = client.secretExpiresAt !== 0 && client.secretExpiresAt * 1000 <= clock();
  const trouble = bad
    ? 'today’s rules refuse it: one of its redirect URIs is not allowed any more'
    : refusal
      ? `today’s policy refuses it: it ${refusal.reason}`
      : over
        ? 'its secret has expired'
        : null;
  return { client, source: 'registration', trouble, registration };
}

async function ringsOf(
  store: AuthStore,
  { hmacSecrets, retiredSecretGrace: grace, registration }: Config,
): Promise<Awaited<ReturnType<typeof openKeyRings>>['rings'] | null> {
  try {
    return (await openKeyRings({ hmacSecrets, store, grace, clientKeys: clientKeyNumbers(registration) }))
      .rings;
  } catch (error) {
    if (error instanceof SallyportError && error.code === 'key_ring_locked') return null;
    throw error;
  }
}

/** Its host is asked, by the rules by which the server asks. What the running gateway keeps is its own. */
async function describedClient(id: string, { config, clock }: Parts): Promise<ClientDetails> {
  const { cimd } = config;
  if (!cimd.enabled) return untold('document', 'this server does not take documents of clients');
  const problem = checkDocumentUrl(id, cimd);
  if (problem !== null) return untold('document', `its address ${problem}`);
  const { hostname } = new URL(id);
  const refused = checkTrust(hostname, cimd);
  if (refused && !mayBeAttested(hostname, cimd))
    return untold('document', `today’s policy refuses it: ${refused.message}`);
  const fetch = createGuardedFetch({ ...documentPolicy(cimd), maxBytes: maxDocumentBytes });
  const rules = { fetch, clock, fallback: cimd.cacheFallbackTtl, allowLoopback: cimd.allowLoopback };
  const fetched = await fetchDocument(id, { ...rules, have: null });
  await fetch.close();
  const known = {
    scopesSupported: config.scopesSupported,
    baselineScopes: config.baselineClientScopes,
  };
  const about = { source: 'document', registration: null } as const;
  const unless = refused ? `only where somebody vouches for it: ${refused.message}` : null;
  if (fetched.r === 'document')
    return { ...about, client: documentClient(fetched.copy.document, known), trouble: unless };
  const why = fetched.r === 'problem' ? fetched.problem : null;
  const copy = why?.kind === 'unreachable' && cimd.builtInDocuments ? builtInDocument(id) : null;
  const what = why?.kind === 'unreachable' ? 'could not be fetched' : 'is not valid';
  return {
    ...about,
    client: copy && documentClient(copy, known),
    trouble: `its document ${what}: ${why?.message ?? ''}${copy ? ' The copy of this version serves.' : ''}`,
  };
}
