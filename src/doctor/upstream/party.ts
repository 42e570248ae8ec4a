import type { AuthorizationServer } from 'oauth4webapi';
import type { UpstreamConfig } from '../../config/config.ts';
import { profileAt } from '../../config/profile-hints.ts';
import { createGuardedFetch } from '../../net/guarded-fetch.ts';
import type { GuardedFetch } from '../../net/guarded-fetch.ts';
import { silentLog } from '../../observe/log.ts';
import type { Profile } from '../../profiles/profile.ts';
import { profiles } from '../../profiles/profiles.ts';
import { namedBy } from '../../upstream/registration/registered-config.ts';
import { createUpstreamHttp, policyOf } from '../../upstream/upstream-http.ts';
import type { UpstreamHttp } from '../../upstream/upstream-http.ts';

/** An upstream that is examined, and the ways to it: its own authority, certificate and proxy. */
export interface Party<Config extends UpstreamConfig = UpstreamConfig> {
  readonly config: Config;
  /** As a login has it. */
  readonly http: UpstreamHttp;
  /** Hands redirects back: a browser would follow them, and the doctor does not. */
  readonly look: GuardedFetch;
  /** Who the provider is, by its own profile or by its host; `null`: nobody that we know. */
  readonly known: Profile | null;
}

/** What is known when its addresses are. */
export interface Located extends Party {
  readonly server: AuthorizationServer;
  /** Asked for at a sign-in. */
  readonly scopes: readonly string[];
}

/** What one answer may take, in milliseconds. */
const timeout = 10_000;

/** Opens the ways to an upstream; `close` them. Throws `config_invalid` for certificates and keys that cannot be used. */
export function openParty<Config extends UpstreamConfig>(config: Config): Party<Config> {
  const policy = { ...policyOf(config, namedBy(config)), timeout };
  const look = createGuardedFetch({ ...policy, redirects: 'return' });
  const deps = { clock: Date.now, log: silentLog, fetch: createGuardedFetch(policy) };
  // Where we register by ourselves there is no secret before that.
  const client = config.registration === null ? config : { ...config, authMethod: 'none' as const };
  return { config, http: createUpstreamHttp(client, deps, []), look, known: knownAs(config) };
}

/** Ends connections. */
export async function closeParty({ http, look }: Party): Promise<void> {
  await Promise.all([http.fetch.close(), look.close()]);
}

/** Where people are sent, or where that is told. */
export function placeOf(config: UpstreamConfig): string {
  return config.type === 'oidc' ? config.issuer : config.authorizationEndpoint;
}

/** Whether a profile is about one provider. */
export function isGeneric(name: string): boolean {
  return name.startsWith('generic');
}

function knownAs(config: UpstreamConfig): Profile | null {
  const { profile } = config.settings;
  return (isGeneric(profile) ? null : profiles.get(profile)) ?? profileAt(placeOf(config));
}

/** A member of a provider's document that should be a list of texts; `null` when it is none. */
export function listOf(value: unknown): readonly string[] | null {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : null;
}

/** Why there was no answer. Of an address only the host is told: its path may be somebody else's words. */
export function reasonIn(problem: string | null): string {
  return (problem ?? '').replaceAll(
    /\bhttps?:\/\/[^\s/:]+(?::\d+)?\/\S*?(?=:?(?:\s|$))/gu,
    (url) => URL.parse(url)?.host ?? '',
  );
}
