import * as oauth from 'oauth4webapi';
import type { UpstreamConfig } from '../config/config.ts';
import { isLoopbackHost } from '../net/addresses.ts';
import { createGuardedFetch } from '../net/guarded-fetch.ts';
import type { GuardedFetch } from '../net/guarded-fetch.ts';
import type { FetchPolicy, Lookup } from '../net/policy.ts';
import type { Log } from '../observe/log.ts';
import type { Clock } from '../types/time.ts';
import { clientAuth } from './client-auth.ts';
import type { Registrations } from './registration/record.ts';

/** What a provider works with. */
export interface ProviderDeps {
  /**
   * Replaces the provider's own guarded fetch, whose policy follows from its configuration. The caller then owns it:
   * the provider does not close it.
   */
  readonly fetch?: GuardedFetch;
  /** Resolves names for the provider's own guarded fetch; the system's resolver by default. */
  readonly lookup?: Lookup;
  readonly clock: Clock;
  readonly log: Log;
  /** Where registrations are kept; needed by upstreams that we register at by ourselves. */
  readonly registrations?: Registrations;
  /** Hears, once for each problem, that a provider refuses our client or our requests; the text names the fix. */
  readonly onMisconfigured?: (problem: string) => void;
  /** Hears of every look at the provider's metadata whether it was at hand. */
  readonly onLook?: (hit: boolean) => void;
}

/** What every request of ours to an upstream carries, in the words of oauth4webapi. */
export interface RequestOptions {
  readonly [oauth.customFetch]: GuardedFetch;
  readonly [oauth.allowInsecureRequests]: true;
  readonly signal?: AbortSignal;
}

/** Our side of the conversation with one upstream: how we are known there and what may be reached. */
export interface UpstreamHttp {
  readonly fetch: GuardedFetch;
  /** How we authenticate, as of now. */
  auth(): oauth.ClientAuth;
  /**
   * Changes to the other way of sending the secret; false when the operator said which one it is, or there is none.
   * What works stays.
   */
  changeAuth(): boolean;
  /** Our client, as of now: it carries the difference between the clock and the system's time. */
  client(): oauth.Client;
  options(signal?: AbortSignal): RequestOptions;
  close(): void;
}

/**
 * @param named URLs that the operator wrote down. Only their hosts may be private, when the configuration says so; a
 *   loopback host among them opens loopback, for this upstream alone.
 *   Throws `config_invalid` when the authentication method needs a secret or a key and there is none.
 */
export function createUpstreamHttp(
  config: UpstreamConfig,
  deps: ProviderDeps,
  named: readonly (string | null | undefined)[],
): UpstreamHttp {
  const { lookup } = deps;
  const fetch = deps.fetch ?? createGuardedFetch({ ...policyOf(config, named), ...(lookup && { lookup }) });
  let auth = clientAuth(config, config.authMethod);
  let method = config.authMethod;
  return {
    fetch,
    auth: () => auth,
    changeAuth() {
      if (config.authMethodGiven || method === 'none' || method === 'private_key_jwt') return false;
      method = method === 'client_secret_basic' ? 'client_secret_post' : 'client_secret_basic';
      auth = clientAuth(config, method);
      return true;
    },
    client: () => ({
      client_id: config.clientId,
      use_mtls_endpoint_aliases: config.settings.transport.clientCertificate !== null,
      [oauth.clockSkew]: Math.round((deps.clock() - Date.now()) / 1000),
    }),
    options: (signal) => ({
      [oauth.customFetch]: fetch,
      // One gate is enough, and the guarded fetch is the one that knows who named the host.
      [oauth.allowInsecureRequests]: true,
      ...(signal && { signal }),
    }),
    close: () => {
      if (!deps.fetch) void fetch.close();
    },
  };
}

/**
 * What an upstream's requests may reach, and how.
 * @param named URLs that the operator wrote down, beside the revocation endpoint
 */
export function policyOf(
  { allowPrivateIps, insecureAllowHttp, settings }: UpstreamConfig,
  named: readonly (string | null | undefined)[],
): FetchPolicy {
  const urls = [...named, settings.revocation?.endpoint].filter((url) => typeof url === 'string');
  return {
    allowHttp: insecureAllowHttp,
    allowPrivate: allowPrivateIps,
    privateHosts: urls.flatMap((url) => URL.parse(url)?.hostname ?? []),
    allowLoopback: urls.some(isLoopbackUrl),
    transport: settings.transport,
  };
}

/** Whether a URL's host is this machine. */
export function isLoopbackUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && isLoopbackHost(url.hostname);
}
