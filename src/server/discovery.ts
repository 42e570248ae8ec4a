import { withCors } from '../http/cors.ts';
import { publicDocument } from '../http/headers.ts';
import type { Route } from '../http/router.ts';
import {
  authorizationServerMetadata,
  openidConfiguration,
  protectedResourceMetadata,
  wellKnownPaths,
} from '../oauth/metadata.ts';
import type { ServerContext } from './context.ts';
import { countDocument } from './observe-endpoint.ts';

/** Seconds that anybody may keep metadata: short enough for a changed configuration to arrive. */
const metadataMaxAge = 300;

/** Seconds that anybody may keep the keys. A new key is published well before it signs. */
const keysMaxAge = 300;

/** The documents that clients read first, each serialised once, at every address that belongs to our issuer. */
export function discoveryRoutes(context: ServerContext): readonly Route[] {
  const { config, signer, keys, clientDocuments } = context;
  const options = { config, idTokenAlg: signer.alg, clientDocuments: clientDocuments.advertised };
  const paths = wellKnownPaths(config.issuer, { pathStripped: config.listen.pathStripped });
  return [
    ...documents(paths.authorizationServer, authorizationServerMetadata(options), metadataMaxAge),
    ...documents(paths.openidConfiguration, openidConfiguration(options), metadataMaxAge),
    ...documents(paths.jwks, keys.jwks, keysMaxAge),
    ...protectedResources(context),
  ].map((route) => counted(context, route));
}

function counted(context: ServerContext, route: Route): Route {
  return { ...route, handler: countDocument(context, route.handler) };
}

/** Metadata (RFC 9728) of the resources on our own origin; others publish theirs themselves. */
function protectedResources({ config }: ServerContext): readonly Route[] {
  const { origin } = new URL(config.issuer);
  const own = config.resources.filter((resource) => new URL(resource).origin === origin);
  return own.flatMap((resource) => {
    const path = new URL(resource).pathname.replace(/^\/$/u, '');
    const inserted = `/.well-known/oauth-protected-resource${path}`;
    // Clients that know no path insertion ask the root, which is unambiguous only for a single resource.
    const paths = own.length === 1 ? [inserted, '/.well-known/oauth-protected-resource'] : [inserted];
    return documents(paths, protectedResourceMetadata({ config, resource }), metadataMaxAge);
  });
}

function documents(paths: readonly string[], body: object, maxAge: number): readonly Route[] {
  const response = withCors(publicDocument(body, maxAge));
  return [...new Set(paths)].map((path) => ({
    method: 'GET' as const,
    path,
    cors: true,
    handler: () => response,
  }));
}
