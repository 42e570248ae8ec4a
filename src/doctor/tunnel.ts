import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import type { SecureContext } from 'node:tls';
import type { UpstreamTransport } from '../config/upstream-settings.ts';

/**
 * A connection to a host through a proxy (RFC 9110 §9.3.6), as the guarded fetch makes them. `null`: the proxy gives none,
 * which its requests tell better.
 * @param options `timeout` in milliseconds; `context` trusts the proxy's certificate
 */
export function openTunnel(
  { host, port }: { readonly host: string; readonly port: number },
  proxy: NonNullable<UpstreamTransport['proxy']>,
  { context, timeout }: { readonly context: SecureContext | null; readonly timeout: number },
): Promise<Duplex | null> {
  const to = `${host}:${port}`;
  const authorization = proxy.authorization?.reveal();
  return new Promise((resolve) => {
    const url = new URL(proxy.url);
    const asking = (url.protocol === 'https:' ? tlsRequest : plainRequest)(url, {
      method: 'CONNECT',
      path: to,
      timeout,
      headers: { host: to, ...(authorization !== undefined && { 'proxy-authorization': authorization }) },
      ...(context && { secureContext: context }),
    });
    asking.once('connect', ({ statusCode }, socket) => {
      if (statusCode === 200) return resolve(socket);
      socket.destroy();
      return resolve(null);
    });
    asking.once('response', () => asking.destroy());
    asking.once('timeout', () => asking.destroy());
    asking.once('error', () => resolve(null));
    asking.once('close', () => resolve(null));
    asking.end();
  });
}
