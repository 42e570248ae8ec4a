import type { LookupFunction } from 'node:net';
// As a whole: `getCACertificates` came after Node 22.13, and a name that is missing would stop the package from loading.
import * as nodeTls from 'node:tls';
import type { SecureContext } from 'node:tls';
import type { Dispatcher } from 'undici';
import type { UpstreamTransport } from '../config/upstream-settings.ts';
import { SallyportError } from '../types/error.ts';
import { defaultTimeout } from './policy.ts';
import type { FetchPolicy } from './policy.ts';
import { answerLookup, isProxied } from './reach.ts';

/** Connects us within a policy. */
export interface Dispatchers {
  readonly of: (url: URL) => Dispatcher;
  readonly close: () => Promise<void>;
}

/** How we speak TLS: to providers, and to a proxy. */
export interface TlsSettings {
  readonly provider: SecureContext | null;
  readonly proxy: SecureContext | null;
}

/** Throws `config_invalid` for certificates that cannot be read or do not fit. Our own is for the provider only. */
export function tlsSettings({ transport }: FetchPolicy): TlsSettings {
  if (!transport) return { provider: null, proxy: null };
  const proxy = { ...transport, clientCertificate: null };
  return { provider: secureContext(transport), proxy: transport.proxy && secureContext(proxy) };
}

/** undici is loaded with the first request, not with the package. */
export async function createDispatchers(policy: FetchPolicy, tls: TlsSettings): Promise<Dispatchers> {
  const undici = await import('undici');
  const timeout = policy.timeout ?? defaultTimeout;
  const limits = { headersTimeout: timeout, bodyTimeout: timeout };
  const connect = { timeout, ...(tls.provider && { secureContext: tls.provider }) };
  const direct = new undici.Agent({ ...limits, connect: { ...connect, lookup: guardedLookup(policy) } });
  const proxy = policy.transport?.proxy ?? null;
  if (proxy === null) return { of: () => direct, close: () => direct.close() };
  const proxied = new undici.ProxyAgent({
    ...limits,
    uri: proxy.url,
    requestTls: connect,
    proxyTls: { timeout, ...(tls.proxy && { secureContext: tls.proxy }) },
    ...(proxy.authorization && { token: proxy.authorization.reveal() }),
  });
  return {
    of: (url) => (isProxied(url, policy) ? proxied : direct),
    close: async () => {
      await Promise.all([direct.close(), proxied.close()]);
    },
  };
}

/** The list that is checked is the list that is dialled: no second lookup can answer differently (DNS rebinding). */
function guardedLookup(policy: FetchPolicy): LookupFunction {
  return (hostname, { all }, callback) => {
    void answerLookup(hostname, policy).then(([error, list]) => {
      const [first] = list;
      // oxlint-disable-next-line promise/no-callback-in-promise -- `answerLookup` never rejects
      if (all === true || !first) return callback(error, [...list]);
      // oxlint-disable-next-line promise/no-callback-in-promise -- as above
      return callback(error, first.address, first.family);
    });
  };
}

function secureContext({ ca, clientCertificate }: UpstreamTransport): SecureContext | null {
  if (ca === null && clientCertificate === null) return null;
  try {
    return nodeTls.createSecureContext({
      ...(ca !== null && { ca: [...trustedByDefault(), ca] }),
      ...(clientCertificate && { cert: clientCertificate.cert, key: clientCertificate.key.reveal() }),
    });
  } catch (cause) {
    throw new SallyportError('config_invalid', 'the certificates for this upstream cannot be used', {
      cause,
    });
  }
}

/** Naming authorities replaces the usual ones, so that those have to be named too. Node before 22.15 cannot tell the system's. */
function trustedByDefault(): readonly string[] {
  return typeof nodeTls.getCACertificates === 'function'
    ? nodeTls.getCACertificates('default')
    : nodeTls.rootCertificates;
}
