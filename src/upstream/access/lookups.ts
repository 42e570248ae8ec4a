import { githubApi } from '../../config/access-issuers.ts';
import type { Config, UpstreamConfig } from '../../config/config.ts';
import { identifyingUpstreams } from '../../config/sign-in.ts';
import { isLoopbackUrl } from '../../config/urls.ts';
import { createGuardedFetch } from '../../net/guarded-fetch.ts';
import type { GuardedFetch } from '../../net/guarded-fetch.ts';
import type { Milliseconds } from '../../types/time.ts';
import type { Identity } from '../../types/tokens.ts';
import { membershipsOf, withMemberships } from './memberships.ts';

/** Somebody waits at a sign-in page. */
const timeout: Milliseconds = 10_000;

/** What access rules need to know and no sign-in tells: asked with the user's token, kept with the user's evidence. */
export interface Lookups {
  /**
   * The identity with what the rules need to know about it.
   * @throws {UpstreamError} when it is not to be had now: then nobody may be let in, and nobody be sent away
   */
  readonly complete: (identity: Identity, accessToken: string) => Promise<Identity>;
  /** False: no rule needs a look-up, so that no evidence can lack any. */
  readonly concerned: boolean;
  /** Whether evidence was taken before the rules asked for what it lacks. */
  readonly lacks: (identity: Identity) => boolean;
  readonly close: () => void;
}

/** Makes the look-ups that a configuration's rules need; `fetch` replaces the guarded one and stays the caller's. */
export function createLookups(
  { access, ...config }: Pick<Config, 'access' | 'upstreams' | 'signIn'>,
  { fetch }: { readonly fetch?: GuardedFetch | undefined } = {},
): Lookups {
  const rules = typeof access === 'string' ? [] : access;
  const asking = rules.filter((rule) => rule.githubOrganizations ?? rule.githubTeams);
  const apis = new Map(
    identifyingUpstreams(config).flatMap((upstream) => {
      const api = githubApi(upstream);
      const asked = asking.some((rule) => rule.upstream === undefined || rule.upstream === upstream.name);
      return api === null || !asked ? [] : [[upstream.name, apiOf(upstream, { api, fetch })] as const];
    }),
  );
  return {
    async complete(identity, accessToken) {
      const found = apis.get(identity.upstream);
      if (!found || identity.synthetic) return withMemberships(identity, null);
      // Loaded when it is needed, with the protocol library that it tells failures by.
      const { askGithub } = await import('./github.ts');
      return withMemberships(identity, await askGithub({ ...found, accessToken, identity }));
    },
    concerned: apis.size > 0,
    lacks: (identity) => apis.has(identity.upstream) && membershipsOf(identity) === null,
    close() {
      for (const { own } of apis.values()) void own?.close();
    },
  };
}

/** The token goes to the API that belongs to its upstream, and nowhere else: redirects are not followed. */
function apiOf(
  { allowPrivateIps, insecureAllowHttp, settings }: UpstreamConfig,
  { api, fetch }: { readonly api: string; readonly fetch: GuardedFetch | undefined },
): { readonly api: string; readonly fetch: GuardedFetch; readonly own: GuardedFetch | null } {
  if (fetch) return { api, fetch, own: null };
  const own = createGuardedFetch({
    allowHttp: insecureAllowHttp,
    allowPrivate: allowPrivateIps,
    privateHosts: [new URL(api).hostname],
    allowLoopback: isLoopbackUrl(api),
    transport: settings.transport,
    timeout,
    redirects: 'return',
  });
  return { api, fetch: own, own };
}
