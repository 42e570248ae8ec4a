import { networkInterfaces } from 'node:os';
import { builtInDocument } from '../clients/cimd/built-in/built-in.ts';
import type { ClientDocument } from '../clients/cimd/document.ts';
import { hostOfDocument } from '../clients/cimd/document-url.ts';
import type { Documents, DocumentEvents } from '../clients/cimd/documents.ts';
import { createDocuments } from '../clients/cimd/documents.ts';
import type { Logos } from '../clients/cimd/logos.ts';
import { createLogos, maxLogoBytes } from '../clients/cimd/logos.ts';
import { isNamed } from '../clients/cimd/trust.ts';
import type { KeyFinder } from '../clients/client-keys.ts';
import { createKeyFinder, maxKeySetBytes } from '../clients/client-keys.ts';
import type { ClientProblem } from '../clients/client-problem.ts';
import type { CimdConfig } from '../config/cimd.ts';
import type { Config } from '../config/config.ts';
import { isSame } from '../config/differences.ts';
import { createGuardedFetch } from '../net/guarded-fetch.ts';
import type { GuardedFetch } from '../net/guarded-fetch.ts';
import type { FetchPolicy } from '../net/policy.ts';
import { clientLabel, nameLabel, outsideLabel } from '../observe/audit/labels.ts';
import type { Log } from '../observe/log.ts';
import type { Observer } from '../observe/observer.ts';
import type { Clock, Milliseconds } from '../types/time.ts';

/** Makes what fetches documents of clients, and what fetches their logos, from the policy that it should keep to. */
export type DocumentFetch = (policy: FetchPolicy) => GuardedFetch;

/** Documents and logos of clients, as one process knows them. */
export interface ClientDocuments {
  readonly config: CimdConfig;
  /** Private hosts whose keys may be fetched, because the configuration names them. */
  readonly privateHosts: readonly string[];
  readonly documents: Documents;
  readonly logos: Logos;
  /** Keys that clients publish, those of the configuration too. */
  readonly keys: KeyFinder;
  /** Whether clients are told that they may use documents: a client that is told so tries nothing else. */
  readonly advertised: boolean;
  close(): void;
}

interface Parts {
  readonly clock: Clock;
  readonly log: Log;
  readonly observer: Observer;
  readonly documentFetch: DocumentFetch | undefined;
}

/** Somebody waits in front of a browser meanwhile. */
const timeout: Milliseconds = 5000;

/** Largest document, in bytes (draft-02 §8.7). */
export const maxDocumentBytes = 5120;

/** The same as long as nothing about it changes: what is kept is what serves while a host is down. */
export function clientDocuments(
  { cimd, clients, registration }: Config,
  parts: Parts,
  before: ClientDocuments | undefined,
): ClientDocuments {
  const named = [...clients, ...registration.softwareStatements];
  const privateHosts = named.flatMap(({ keys, allowPrivateIps }) =>
    keys && 'jwksUri' in keys && allowPrivateIps ? [new URL(keys.jwksUri).hostname] : [],
  );
  const same = before && isSame(before.config, cimd) && isSame(before.privateHosts, privateHosts);
  return same ? before : createClientDocuments(cimd, privateHosts, parts);
}

function createClientDocuments(
  config: CimdConfig,
  privateHosts: readonly string[],
  parts: Parts,
): ClientDocuments {
  const { clock, documentFetch = createGuardedFetch } = parts;
  const policy = documentPolicy(config);
  const isFamiliar = (host: string): boolean => isNamed(host, config);
  const documents = createDocuments({
    fetch: documentFetch({ ...policy, maxBytes: maxDocumentBytes }),
    clock,
    fallback: config.cacheFallbackTtl,
    maxEntries: config.cacheMaxSize,
    allowLoopback: config.allowLoopback,
    isFamiliar,
    builtIn: config.builtInDocuments ? builtInDocument : () => null,
    ...eventsOf(parts, isFamiliar),
  });
  const logos = createLogos({
    fetch: documentFetch({ ...policy, maxBytes: maxLogoBytes }),
    clock,
    isFamiliar,
  });
  const keyPolicy = { ...policy, maxBytes: maxKeySetBytes };
  const fetch = documentFetch(keyPolicy);
  const named = privateHosts.length > 0 ? { allowPrivate: true, privateHosts } : {};
  const fetchNamed = documentFetch({ ...keyPolicy, ...named });
  return {
    config,
    privateHosts,
    documents,
    logos,
    keys: createKeyFinder({ clock, fetch, fetchNamed }),
    advertised:
      config.enabled && (parts.documentFetch !== undefined || mayReachOthers(config, networkInterfaces())),
    close: () => {
      void Promise.allSettled([documents.close(), logos.close(), fetch.close(), fetchNamed.close()]);
    },
  };
}

/** What a document or its address leads to was learned from strangers: never a private address, and no redirect. */
export function documentPolicy({ allowLoopback, transport }: CimdConfig): FetchPolicy {
  return { allowHttp: false, allowPrivate: false, allowLoopback, redirects: 'return', timeout, transport };
}

/**
 * Whether documents of others can be fetched in principle: a machine that has no network but itself can fetch none.
 * @param interfaces as the operating system tells them
 */
export function mayReachOthers(
  { allowLoopback, transport }: Pick<CimdConfig, 'allowLoopback' | 'transport'>,
  interfaces: ReturnType<typeof networkInterfaces>,
): boolean {
  if (allowLoopback || transport.proxy !== null) return true;
  return Object.values(interfaces).some((addresses) => addresses?.some(({ internal }) => !internal));
}

function eventsOf({ observer, log }: Parts, isFamiliar: (host: string) => boolean): DocumentEvents {
  const { metrics, audit } = observer;
  return {
    onLook: (hit) => metrics.cacheLooks.add(['client_documents', hit ? 'hit' : 'miss']),
    onFetch: (outcome) => metrics.documentFetches.add([outcome]),
    onChanged: ({ clientId: id }: ClientDocument, fields) => {
      log.info({ client: id, fields }, 'a client has changed its document');
      audit.record('client_document_changed', () => ({
        ...named(id),
        fields: fields.map((one) => nameLabel(one)),
      }));
    },
    onFailed: (id: string, problem: ClientProblem) => {
      const { kind, message } = problem;
      const cause = problem.cause instanceof Error ? problem.cause.message : undefined;
      const fields = { client: id, kind, reason: message, cause };
      // Strangers may name as many as they like; that of a host that somebody named is worth a line.
      if (isFamiliar(new URL(id).hostname)) log.warn(fields, 'the document of a client cannot be used');
      else log.debug(fields, 'the document of a client cannot be used');
      audit.record('client_document_failed', () => ({ ...named(id), kind, reason: outsideLabel(message) }));
    },
  };
}

function named(id: string): {
  readonly client: ReturnType<typeof clientLabel>;
  readonly host: ReturnType<typeof outsideLabel>;
} {
  return { client: clientLabel(id), host: outsideLabel(hostOfDocument(id)) };
}
