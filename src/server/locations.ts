import type { Config } from '../config/config.ts';
import type { Locations } from './context.ts';

/** Derives the browser's steps from the configuration alone; nothing ever comes from `Host`. */
export function locationsOf(config: Config, callback: string): Locations {
  const authorize = `${config.authorizationBaseUrl}/oauth/authorize`;
  const consent = callback.endsWith('/oauth/callback')
    ? callback.replace(/callback$/u, 'consent')
    : new URL('/oauth/consent', callback).href;
  const { origin } = new URL(consent);
  return { authorize, consent, callback, origin, handsOver: new URL(authorize).origin !== origin };
}
