import { createBlockList } from '../clients/block-list.ts';
import type { Client } from '../clients/client.ts';
import type { Registration } from '../clients/client-id.ts';
import { decodeClientId } from '../clients/client-id.ts';
import { isDocumentId } from '../clients/cimd/document-url.ts';
import { checkPolicy } from '../clients/registration-policy.ts';
import { isStoredId } from '../clients/stored-clients.ts';
import type { Config, StaticClientConfig } from '../config/config.ts';
import { sha256 } from '../crypto/hash.ts';
import { clientKeyNumbers } from '../keys/client-key-rings.ts';
import { openKeyRings } from '../keys/rings.ts';
import { recogniseClient, recognisedLabel } from '../known-clients/recognise.ts';
import type { AuthStore } from '../store/contract.ts';
import { summariseClients } from './client-summaries.ts';

/** What is told of a client, in an order for people; names are stable for programs. */
export type ClientFacts = Readonly<Record<string, string | number | boolean | readonly string[] | null>>;

interface Parts {
  readonly store: AuthStore;
  readonly config: Config;
}

/** Everything that is known of a client here. Nobody is asked: what a document says now, `sallyport doctor` tells. */
export async function clientFacts(id: string, parts: Parts): Promise<ClientFacts> {
  const hash = sha256(id);
  const summary = (await summariseClients(parts.store, parts.config)).find(({ client }) => client === hash);
  const own = await described(id, parts);
  const used = {
    grants: summary?.living ?? 0,
    users: summary?.users.size ?? 0,
    first_seen_at: momentOf(summary?.firstAt ?? 0),
    last_used_at: momentOf(summary?.lastAt ?? 0),
  };
  return { client_id: id, label: hash.slice(0, 16), ...own, ...used };
}

async function described(id: string, parts: Parts): Promise<ClientFacts> {
  const { config, store } = parts;
  const fixed = config.clients.find(({ clientId }) => clientId === id);
  if (fixed)
    return { source: 'configuration', ...staticFacts(fixed), ...(await blockOf(asClient(id, fixed), parts)) };
  if (isDocumentId(id)) {
    const host = new URL(id).host;
    const client = { id, source: 'cimd', name: null, softwareId: null } as const;
    const known = recogniseClient(client, id);
    const blocked = await blockOf({ id, host, redirectUris: [], softwareId: null }, parts);
    return { source: 'document', host, known_as: known && recognisedLabel(known), ...blocked };
  }
  const kept = isStoredId(id) ? await store.getRegistration(id) : null;
  const registration = await decoded(kept?.value ?? id, parts);
  if (!registration) return { source: 'unknown', problem: unknownBecause(id) };
  const facts = registrationFacts(id, registration, config);
  const times = kept && { used: kept.used, kept_until: momentOf(kept.expiresAt) };
  const { redirectUris, softwareId } = registration;
  const blocked = await blockOf({ id, host: null, redirectUris, softwareId }, parts);
  return { source: kept ? 'registration, kept' : 'registration', ...facts, ...times, ...blocked };
}

function unknownBecause(id: string): string {
  return /^sp_[cs]\d_/u.test(id)
    ? 'no key of this server made this id, or its key was revoked, or what was kept of it is over'
    : 'not in the configuration, no document, and not of this server';
}

async function decoded(value: string, { store, config }: Parts): Promise<Registration | null> {
  const { hmacSecrets, retiredSecretGrace: grace, registration } = config;
  const { rings } = await openKeyRings({
    hmacSecrets,
    store,
    grace,
    clientKeys: clientKeyNumbers(registration),
  });
  return decodeClientId(value, rings.clientIds);
}

function registrationFacts(id: string, registration: Registration, config: Config): ClientFacts {
  const { name, redirectUris, grantTypes, authMethod, scopes, softwareId, applicationType } = registration;
  const { secretExpiresAt, voucher, vouched } = registration;
  const client = { id, source: 'dcr', name, softwareId } as const;
  const labels = redirectUris.flatMap((uri) => {
    const known = recogniseClient(client, uri);
    return known ? [recognisedLabel(known)] : [];
  });
  const refusal = checkPolicy(registration, config.registration);
  return {
    name,
    known_as: [...new Set(labels)].join('; ') || null,
    redirect_uris: redirectUris,
    grant_types: grantTypes,
    token_endpoint_auth_method: authMethod,
    scopes: scopes ?? config.scopesSupported,
    software_id: softwareId,
    application_type: applicationType,
    secret_ends_at: momentOf(secretExpiresAt * 1000),
    vouched_for_by: voucher ?? (vouched ? 'an initial access token' : null),
    refused_because: refusal && `it ${refusal.reason}`,
  };
}

function staticFacts(client: StaticClientConfig): ClientFacts {
  return {
    name: client.clientName,
    redirect_uris: client.redirectUris,
    grant_types: client.grantTypes,
    token_endpoint_auth_method: client.authMethod,
    scopes: client.scopes,
    resources: client.resources,
    consent: client.consent,
  };
}

type Blockable = Pick<Client, 'id' | 'host' | 'redirectUris' | 'softwareId'>;

function asClient(id: string, { redirectUris }: StaticClientConfig): Blockable {
  return { id, host: null, redirectUris, softwareId: null };
}

/** By whatever block, of a command or of the configuration. */
async function blockOf(client: Blockable, { store, config }: Parts): Promise<ClientFacts> {
  const known = await store.listBlocks();
  const list = createBlockList({
    configured: config.blocked,
    stored: { known: () => known, look: () => Promise.resolve() },
  });
  const block = list.ofClient(client);
  return { blocked: block !== null, blocked_by: block && block.kind, blocked_because: block?.reason || null };
}

function momentOf(at: number): string | null {
  return at === 0 ? null : new Date(at).toISOString();
}
