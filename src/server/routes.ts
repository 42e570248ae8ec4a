import type { Handler } from '../http/exchange.ts';
import type { Route } from '../http/router.ts';
import { authorize } from './authorize/authorize.ts';
import { callback } from './callback/callback.ts';
import { consentDecision, consentPage } from './consent/consent.ts';
import type { ServerContext } from './context.ts';
import { discoveryRoutes } from './discovery.ts';
import { introspect } from './introspect.ts';
import { register } from './register.ts';
import { revoke } from './revoke.ts';
import { tokenEndpoint } from './token-endpoint.ts';
import { userinfo } from './userinfo.ts';

/** Every route of the authorization server, on one screen. CORS on exactly those that browser clients call by script. */
export function routesOf(context: ServerContext): readonly Route[] {
  const { locations } = context;
  const about = userinfo(context);
  const table: readonly Endpoint[] = [
    ['GET', pathOf(locations.authorize), authorize(context)],
    ['GET', pathOf(locations.consent), consentPage(context)],
    ['POST', pathOf(locations.consent), consentDecision(context)],
    ['GET', pathOf(locations.callback), callback(context)],
    ['POST', '/oauth/token', tokenEndpoint(context), 'cors'],
    ['POST', '/oauth/register', register(context), 'cors'],
    ['POST', '/oauth/revoke', revoke(context), 'cors'],
    ['GET', '/oauth/userinfo', about, 'cors'],
    ['POST', '/oauth/userinfo', about, 'cors'],
    ['POST', '/oauth/introspect', introspect(context)],
  ];
  return [...table.flatMap((endpoint) => placed(context, endpoint)), ...discoveryRoutes(context)];
}

type Endpoint = readonly [method: Route['method'], path: string, handler: Handler, cors?: 'cors'];

/** Each endpoint answers with and without the issuer's path, because some front proxies strip it. */
function placed({ config }: ServerContext, [method, path, handler, cors]: Endpoint): readonly Route[] {
  const prefix = pathOf(config.issuer).replace(/\/$/u, '');
  const bare = prefix !== '' && path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : path;
  return [...new Set([path, bare, `${prefix}${bare}`])].map((place) => ({
    method,
    path: place,
    handler,
    cors: cors === 'cors',
  }));
}

function pathOf(url: string): string {
  return new URL(url).pathname;
}
