import { checkRedirectUri, classOf, portless } from '../oauth/redirect-uri.ts';
import type { Deviation } from './deviations.ts';
import type { KnownClient } from './known-client.ts';
import { knownClients } from './known-clients.ts';

/** What is looked at of a client. */
export interface Recognisable {
  readonly id: string;
  readonly source: 'static' | 'dcr' | 'cimd';
  readonly name: string | null;
  readonly softwareId: string | null;
}

/** Which client it is, and how sure that is. */
export interface Recognised {
  readonly row: KnownClient;
  /**
   * `verified`: its vendor's host publishes its document, or receives the code. `claimed`: it looks like it, and any other
   * app could too. `contradicted`: it calls itself so, and uses an address of somebody else's.
   */
  readonly standing: 'verified' | 'claimed' | 'contradicted';
  /** By what it was told. */
  readonly by: 'document' | 'callback' | 'relay' | 'local' | 'software_id' | 'name';
}

/**
 * The row of a client, for one request: a client that registered several addresses is as sure as the one that it uses now.
 * `null`: nothing about it is familiar. Never lets anybody in by itself.
 * @param redirectUri where the code would go
 */
export function recogniseClient(client: Recognisable, redirectUri: string): Recognised | null {
  if (client.source === 'cimd') return byDocument(client.id);
  if (checkRedirectUri(redirectUri) !== null) return null;
  return byAddress(redirectUri) ?? (client.source === 'dcr' ? byClaim(client, redirectUri) : null);
}

/** Whether a habit is tolerated that is only tolerated of clients whose code goes to their vendor, whatever they say. */
export function toleratedAt(redirectUri: string, deviation: Deviation): boolean {
  const recognised = checkRedirectUri(redirectUri) === null ? byAddress(redirectUri) : null;
  return recognised?.standing === 'verified' && recognised.row.deviations.includes(deviation);
}

/** For pages and lists; says in words how sure it is. */
export function recognisedLabel({
  row: { label },
  standing,
}: Pick<Recognised, 'standing'> & { readonly row: Pick<KnownClient, 'label'> }): string {
  switch (standing) {
    case 'verified':
      return label;
    case 'claimed':
      return `looks like ${label} (unverified)`;
    case 'contradicted':
      return `calls itself ${label}, but uses another address`;
  }
}

/** The host of the document is proven, because the document was fetched from there (CIMD draft-02 §4). */
function byDocument(id: string): Recognised | null {
  const row = knownClients.find(({ marks }) => marks.documents?.includes(id)) ?? byPattern('documents', id);
  return row ? { row, standing: 'verified', by: 'document' } : null;
}

function byAddress(uri: string): Recognised | null {
  const proven = byPattern('callbacks', uri);
  if (proven) return { row: proven, standing: 'verified', by: 'callback' };
  const passed = byPattern('relays', uri);
  if (passed) return { row: passed, standing: 'claimed', by: 'relay' };
  // An app's own scheme says whose it is as little as a name does; a loopback address says even less.
  const local = classOf(uri) === 'private-use' ? byPattern('local', uri) : undefined;
  return local ? { row: local, standing: 'claimed', by: 'local' } : null;
}

function byClaim({ name, softwareId }: Recognisable, uri: string): Recognised | null {
  const isNamed = ({ marks }: KnownClient): boolean =>
    name !== null && (marks.names ?? []).some((pattern) => matches(pattern, name, '.*'));
  const isSoftware = ({ marks }: KnownClient): boolean =>
    softwareId !== null && (marks.softwareIds ?? []).includes(softwareId);
  const candidates = knownClients.filter((row) => isSoftware(row) || isNamed(row));
  const row = candidates.find((one) => isAtHome(one, uri)) ?? candidates.find((one) => mayBe(one, uri));
  const found = row ?? candidates[0];
  if (!found) return null;
  return {
    row: found,
    standing: row ? 'claimed' : 'contradicted',
    by: isSoftware(found) ? 'software_id' : 'name',
  };
}

/** Among rows of one name, the one whose address it is. */
function isAtHome({ marks }: KnownClient, uri: string): boolean {
  return (marks.local ?? []).some((pattern) => matches(pattern, portless(uri), segment));
}

/** Whether an address is such as its row has. Of a client whose addresses nobody knows, any may be right. */
function mayBe({ marks }: KnownClient, uri: string): boolean {
  const { callbacks = [], relays = [], local = [] } = marks;
  const all = [...callbacks, ...relays, ...local];
  if (all.length === 0) return true;
  return classOf(uri) === 'loopback' && local.some((pattern) => classOf(pattern) === 'loopback');
}

function byPattern(
  mark: 'documents' | 'callbacks' | 'relays' | 'local',
  uri: string,
): KnownClient | undefined {
  return knownClients.find(({ marks }) =>
    (marks[mark] ?? []).some((pattern) => matches(pattern, uri, segment)),
  );
}

/** Of a host label or path segment: nothing that ends either, and no escape that some parser reads as that. */
const segment = '[A-Za-z0-9_~-][A-Za-z0-9._~:-]*';

function matches(pattern: string, text: string, wildcard: string): boolean {
  if (!pattern.includes('*')) return pattern === text;
  const parts = pattern.split('*').map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|/]/gu, String.raw`\$&`));
  return new RegExp(`^${parts.join(wildcard)}$`, 'u').test(text);
}
