import { LRUCache } from 'lru-cache';
import type { UpstreamTokens } from '../../types/tokens.ts';
import { UpstreamError } from '../provider.ts';
import type { UpstreamProvider } from '../provider.ts';
import type { ProviderDeps } from '../upstream-http.ts';
import { createSearch } from './search.ts';
import type { Worker } from './search.ts';
import type { ProtectedConfig } from './worker.ts';

/** Sign-ins whose authorization server is remembered until the answer. */
const remembered = 10_000;

/**
 * The authorization server that protects an MCP server, found anew at every sign-in, so that a server which moves takes
 * its users along. Everything that we are given belongs to the issuer that gave it: client ids and refresh tokens carry it,
 * and nothing of one issuer, codes included, ever goes to another.
 */
export function createProtectedProvider(config: ProtectedConfig, deps: ProviderDeps): UpstreamProvider {
  const { name, displayName } = config;
  const search = createSearch(config, deps);
  const begun = new LRUCache<string, string>({ max: remembered });
  return {
    name,
    displayName,
    type: 'oauth2',
    get clientId() {
      return idOf(search.latest());
    },
    get scopes() {
      return search.latest()?.provider.scopes ?? config.scopes ?? [];
    },
    renewable: false,
    knows: (clientId) => search.latest()?.issuer === (split(clientId)?.issuer ?? '') || !search.latest(),
    notReady: () => search.problem() ?? search.latest()?.provider.notReady() ?? null,
    misconfiguration: () => search.latest()?.provider.misconfiguration() ?? null,
    async authorizationUrl(request) {
      const { issuer, provider } = await search.look();
      begun.set(request.state, issuer);
      return provider.authorizationUrl(request);
    },
    async exchange(exchange) {
      const worker = await search.known();
      const issuer = begun.get(exchange.state) ?? worker.issuer;
      begun.delete(exchange.state);
      // Its code is for another server, which is not asked any more: sent to this one, this one could use it.
      if (issuer !== worker.issuer) throw ofAnother(name);
      const login = await worker.provider.exchange(exchange);
      return { ...login, tokens: bind(worker, login.tokens) };
    },
    async refresh(asked) {
      const worker = await search.known();
      const bare = { ...asked, refreshToken: release(worker, asked.refreshToken, name) };
      const { arrived, clientId = idOf(worker) } = asked;
      const refreshed = await worker.provider.refresh({
        ...bare,
        clientId: release(worker, clientId, name),
        ...(arrived && { arrived: (tokens) => arrived(bind(worker, tokens)) }),
      });
      return { ...refreshed, tokens: bind(worker, refreshed.tokens) };
    },
    userinfo: () => Promise.resolve(null),
    async revoke({ accessToken, refreshToken, clientId }) {
      const worker = await search.known();
      return worker.provider.revoke({
        accessToken,
        refreshToken: refreshToken === null ? null : release(worker, refreshToken, name),
        clientId: release(worker, clientId ?? idOf(worker), name),
      });
    },
    close: () => search.close(),
  };
}

/** A client id or a refresh token under the name of the issuer that gave it; issuers have no blanks. */
function split(bound: string): { readonly issuer: string; readonly value: string } | null {
  const at = bound.indexOf(' ');
  return at < 0 ? null : { issuer: bound.slice(0, at), value: bound.slice(at + 1) };
}

function idOf(worker: Worker | null): string {
  return worker ? `${worker.issuer} ${worker.provider.clientId}` : '';
}

function bind({ issuer }: Worker, tokens: UpstreamTokens): UpstreamTokens {
  const { refreshToken } = tokens;
  return refreshToken === null ? tokens : { ...tokens, refreshToken: `${issuer} ${refreshToken}` };
}

/** The bare value, for its issuer alone. */
function release({ issuer }: Worker, bound: string, upstream: string): string {
  const parts = split(bound);
  if (parts?.issuer === issuer) return parts.value;
  throw ofAnother(upstream);
}

function ofAnother(upstream: string): UpstreamError {
  return new UpstreamError(
    'rejected',
    upstream,
    'it is of an authorization server that is not asked any more',
  );
}
