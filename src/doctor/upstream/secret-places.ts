import { isRecord } from '../../upstream/identity.ts';

/** Fields that say where a client secret is from. */
const fields = ['client_secret_file', 'client_secret_env_var'] as const;

/**
 * Where the client secret of each upstream is from, as the file has it: `client_secret_file /run/secrets/okta`. `null` for
 * one without. Of a file that was resolved: its upstreams are all there, in this order.
 */
export function secretPlaces(document: unknown): readonly (string | null)[] {
  const upstreams = isRecord(document) ? document['upstreams'] : null;
  if (!Array.isArray(upstreams)) return [];
  return upstreams.map((section: unknown) => placeIn(section));
}

function placeIn(section: unknown): string | null {
  if (!isRecord(section)) return null;
  for (const place of [section, section['oidc_config'], section['oauth2_config']]) {
    if (!isRecord(place)) continue;
    const field = fields.find((name) => typeof place[name] === 'string');
    if (field !== undefined) return `${field} ${String(place[field])}`;
  }
  return null;
}
