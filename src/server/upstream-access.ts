import { SallyportError } from '../types/error.ts';
import type { TokenExpiry } from '../types/tokens.ts';
import type { AuthServer } from './auth-server.ts';

/** What a host program needs to call the upstream in the user's name. Refresh tokens stay in the vault. */
export interface UpstreamAccess {
  readonly upstream: string;
  readonly accessToken: string;
  readonly idToken: string | null;
  readonly expiresAt: TokenExpiry;
  readonly scopes: readonly string[];
  /** Our stable id of the user (`sub`). */
  readonly subject: string;
}

/** See `EmbeddedAuthServer.upstreamTokens`. */
export async function upstreamAccess(
  server: AuthServer,
  accessToken: string,
  wanted: string | null = null,
): Promise<UpstreamAccess | null> {
  if (wanted !== null && !server.config.upstreams.some(({ name }) => name === wanted))
    throw new TypeError(`there is no upstream ${wanted}`);
  const token = await verifyForAny(server, accessToken);
  if (!token) return null;
  const check = await server.sessions.check(token, wanted);
  if (check.r === 'dead' || !check.session.connection) return null;
  const { connection } = check.session;
  const { upstream } = connection.key;
  const fresh = await server.vault.freshTokens(connection, 'id_token');
  switch (fresh.r) {
    case 'dead':
      return null;
    case 'unavailable':
      throw new SallyportError('upstream_unavailable', `upstream ${upstream} cannot be reached`);
    case 'ok': {
      const { accessToken: upstreamToken, idToken, expiresAt, scopes } = fresh.tokens;
      return {
        upstream,
        accessToken: upstreamToken,
        idToken,
        expiresAt,
        scopes,
        subject: token.subject,
      };
    }
  }
}

async function verifyForAny(
  server: AuthServer,
  accessToken: string,
): ReturnType<AuthServer['tokens']['verify']> {
  for (const resource of server.config.resources) {
    const token = await server.tokens.verify(accessToken, resource);
    if (token) return token;
  }
  return null;
}
