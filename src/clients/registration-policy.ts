import type { RegistrationPolicyConfig } from '../config/registration-policy.ts';
import { recogniseClient } from '../known-clients/recognise.ts';
import { classOf, matchRedirectUri } from '../oauth/redirect-uri.ts';
import type { Registration } from './client-id.ts';

/** What of a registration the policy looks at. */
export type Judged = Pick<Registration, 'redirectUris' | 'softwareId' | 'vouched' | 'voucher'>;

/** Why a registration is not wanted. */
export interface PolicyRefusal {
  readonly by: 'token' | 'redirect_uris' | 'software_id' | 'statement' | 'off';
  /** What follows a name of the client: `… uses redirect URIs that are not allowed here`. */
  readonly reason: string;
}

/**
 * Whether a registration is wanted by today's policy; `null`: it is. Asked when it is made and whenever it is used: a
 * signature proves that it was issued, not that it may still be used.
 */
export function checkPolicy(judged: Judged, config: RegistrationPolicyConfig): PolicyRefusal | null {
  const { policy, allowSoftwareIds } = config;
  if (policy === 'open') return null;
  if (policy === 'off') return { by: 'off', reason: 'registered itself, which is not possible here' };
  const believed = isBelieved(judged.voucher, config);
  if (policy === 'software_statement')
    return believed ? null : { by: 'statement', reason: 'is vouched for by nobody who is believed here' };
  if (judged.vouched) return null;
  if (policy === 'initial_access_token')
    return { by: 'token', reason: 'registered without an initial access token' };
  if (believed) return null;
  const stranger = judged.redirectUris.find((uri) => !isWanted(uri, config));
  if (stranger !== undefined || judged.redirectUris.length === 0)
    return { by: 'redirect_uris', reason: 'uses a redirect URI that is not allowed here' };
  const named = allowSoftwareIds.length === 0 || allowSoftwareIds.includes(judged.softwareId ?? '');
  return named ? null : { by: 'software_id', reason: 'is not software that is allowed here' };
}

/**
 * The redirect URIs that the policy wants. Apps register all their addresses at once, and one that is not wanted here must
 * not keep the others out (RFC 7591 §3.2.1: the server may replace what was asked).
 */
export function wantedRedirectUris(
  { redirectUris, vouched, voucher }: Judged,
  config: RegistrationPolicyConfig,
): readonly string[] {
  const listed = config.policy === 'known_clients' || config.policy === 'allow_list';
  return listed && !vouched && !isBelieved(voucher, config)
    ? redirectUris.filter((uri) => isWanted(uri, config))
    : redirectUris;
}

/** Whether who vouched for a registration is still believed: an issuer that was taken away has vouched for nobody. */
export function isBelieved(
  voucher: string | undefined,
  { softwareStatements }: Pick<RegistrationPolicyConfig, 'softwareStatements'>,
): boolean {
  return softwareStatements.some(({ issuer }) => issuer === voucher);
}

function isWanted(uri: string, config: RegistrationPolicyConfig): boolean {
  if (matchRedirectUri(uri, config.allowRedirectUris) !== null) return true;
  switch (classOf(uri)) {
    case 'loopback':
      return config.allowLoopback;
    case 'private-use':
      return config.allowSchemes.includes(schemeOf(uri)) || isKnown(uri, config);
    case 'https':
      return isListed(new URL(uri), config.allowHosts) || isKnown(uri, config);
  }
}

/** An address of a vendor's own, or of its app. Relays pass codes on to whomever their users say, so that they vouch for nobody. */
function isKnown(uri: string, { policy }: RegistrationPolicyConfig): boolean {
  if (policy !== 'known_clients') return false;
  const by = recogniseClient({ id: '', source: 'dcr', name: null, softwareId: null }, uri)?.by;
  return by === 'callback' || by === 'local';
}

/** A port belongs to whoever runs it, which need not be who runs the host's usual one. */
function isListed({ hostname, port }: URL, patterns: readonly string[]): boolean {
  if (port !== '') return false;
  return patterns.some((pattern) =>
    pattern.startsWith('*.') ? hostname.endsWith(pattern.slice(1)) : hostname === pattern,
  );
}

function schemeOf(uri: string): string {
  return uri.slice(0, uri.indexOf(':')).toLowerCase();
}
