import type { Route } from '../http/router.ts';
import type { ScopedHandler } from './answer.ts';
import { authorize } from './authorize/authorize.ts';
import { callback } from './callback/callback.ts';
import { clientLogo } from './client-logo.ts';
import { connectionsOrder } from './connections/orders.ts';
import { connectionsPage } from './connections/page.ts';
import { consentDecision, consentPage } from './consent/consent.ts';
import type { ServerContext } from './context.ts';
import { discoveryRoutes } from './discovery.ts';
import { introspect } from './introspect.ts';
import { limitPage } from './limit-page.ts';
import type { EndpointName } from './observe-endpoint.ts';
import { observeEndpoint } from './observe-endpoint.ts';
import { register } from './register.ts';
import {
  changeRegistration,
  readRegistration,
  registrationPath,
  removeRegistration,
} from './registration-management.ts';
import { revoke } from './revoke.ts';
import { tokenEndpoint } from './token-endpoint.ts';
import { userinfo } from './userinfo.ts';

/** Every route of the authorization server, on one screen. CORS on exactly those that browser clients call by script. */
export function routesOf(context: ServerContext): readonly Route[] {
  const { locations } = context;
  const about = userinfo(context);
  const shown = (handler: ScopedHandler): ScopedHandler => limitPage(context, handler);
  const registration: readonly Endpoint[] =
    context.config.registration.policy === 'off'
      ? []
      : [['register', 'POST', '/oauth/register', register(context), 'cors']];
  const management: readonly Endpoint[] =
    context.config.registration.mode === 'stored'
      ? [
          ['registration', 'GET', registrationPath, readRegistration(context), 'cors'],
          ['registration', 'PUT', registrationPath, changeRegistration(context), 'cors'],
          ['registration', 'DELETE', registrationPath, removeRegistration(context), 'cors'],
        ]
      : [];
  const table: readonly Endpoint[] = [
    ['authorize', 'GET', pathOf(locations.authorize), shown(authorize(context))],
    ['consent_page', 'GET', pathOf(locations.consent), shown(consentPage(context))],
    ['consent', 'POST', pathOf(locations.consent), shown(consentDecision(context))],
    ['client_logo', 'GET', pathOf(locations.clientLogo), clientLogo(context)],
    ...[...locations.callbacks].map(([uri, upstreams]): Endpoint => [
      'callback',
      'GET',
      pathOf(uri),
      shown(callback(context, upstreams)),
    ]),
    ['connections_page', 'GET', pathOf(locations.connections), shown(connectionsPage(context))],
    ['connections', 'POST', pathOf(locations.connections), shown(connectionsOrder(context))],
    ['token', 'POST', '/oauth/token', tokenEndpoint(context), 'cors'],
    ...registration,
    ...management,
    ['revoke', 'POST', '/oauth/revoke', revoke(context), 'cors'],
    ['userinfo', 'GET', '/oauth/userinfo', about, 'cors'],
    ['userinfo', 'POST', '/oauth/userinfo', about, 'cors'],
    ['introspect', 'POST', '/oauth/introspect', introspect(context)],
  ];
  return [...table.flatMap((endpoint) => placed(context, endpoint)), ...discoveryRoutes(context)];
}

type Endpoint = readonly [
  name: EndpointName,
  method: Route['method'],
  path: string,
  handler: ScopedHandler,
  cors?: 'cors',
];

/** Each endpoint answers with and without the issuer's path, because some front proxies strip it. */
function placed(context: ServerContext, [name, method, path, handler, cors]: Endpoint): readonly Route[] {
  const { config } = context;
  const prefix = pathOf(config.issuer).replace(/\/$/u, '');
  const bare = prefix !== '' && path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : path;
  return [...new Set([path, bare, `${prefix}${bare}`])].map((place) => ({
    method,
    path: place,
    handler: observeEndpoint(context, name, handler),
    cors: cors === 'cors',
  }));
}

function pathOf(url: string): string {
  return new URL(url).pathname;
}
