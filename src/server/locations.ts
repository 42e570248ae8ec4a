import type { Config } from '../config/config.ts';
import type { Locations } from './context.ts';

/** Derives the browser's steps from the configuration alone; nothing ever comes from `Host`. */
export function locationsOf(config: Config): Locations {
  const [first] = config.upstreams;
  if (!first) throw new TypeError('a configuration needs an upstream');
  const authorize = `${config.authorizationBaseUrl}/oauth/authorize`;
  const consent = /\/oauth\/callback(?:\/[^/]+)?$/u.test(first.redirectUri)
    ? first.redirectUri.replace(/callback(?:\/[^/]+)?$/u, 'consent')
    : new URL('/oauth/consent', first.redirectUri).href;
  const callbacks = new Map<string, readonly string[]>();
  for (const { redirectUri, name } of config.upstreams)
    callbacks.set(redirectUri, [...(callbacks.get(redirectUri) ?? []), name]);
  const { origin } = new URL(consent);
  const connections = consent.replace(/\/oauth\/consent$/u, '/connections');
  const clientLogo = new URL('client-logo', consent).href;
  const handsOver = new URL(authorize).origin !== origin;
  return { authorize, consent, callbacks, connections, clientLogo, origin, handsOver };
}
