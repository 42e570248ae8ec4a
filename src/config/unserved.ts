import type { Complaint, Path } from './problems.ts';
import { itemsOf } from './resolving.ts';
import type { Resolving } from './resolving.ts';
import type { OAuth2Section } from './schema-upstreams.ts';
import type { Sieved } from './shape.ts';

/** What of ToolHive's schema is read and not served, and what serves instead. */
const alternatives = {
  several:
    'keep one upstream, and run one Sallyport for each other (or put an identity broker such as Keycloak between)',
  token_response_mapping:
    'remove it; use endpoints that answer as RFC 6749 §5.1 says (Slack: its OpenID Connect endpoints, type oidc)',
  identity_from_token: 'use userinfo, or the type oidc',
  cimd: 'write enabled: false; clients register themselves at /oauth/register, or are listed in clients',
  trusted_issuers: 'remove it; let people and clients sign in with the authorization code grant',
  delegate_clients: 'remove it; list the clients in clients, where they sign people in',
  redis: 'use type: sqlite with a path on a durable volume, and one replica',
} as const;

/** Refuses what this version does not serve, where it is used. Absent, false and empty values are fine. */
export function refuseUnserved({ config, findings }: Resolving): void {
  const refuse = (path: Path, fix: string): void => {
    const complaint: Complaint = { problem: 'is not supported by this version', fix };
    findings.refuse(path, complaint);
  };
  const { upstreams = [], storage } = config;
  if (upstreams.length > 1)
    findings.refuse(['upstreams'], {
      problem: 'holds more than one upstream, which is not supported by this version',
      fix: alternatives.several,
    });
  for (const { item, index } of itemsOf(upstreams)) {
    for (const field of usedOf(item.oauth2_config))
      refuse(['upstreams', index, 'oauth2_config', field], alternatives[field]);
  }
  if (config.cimd?.enabled) refuse(['cimd', 'enabled'], alternatives.cimd);
  for (const field of ['trusted_issuers', 'delegate_clients'] as const) {
    if ((config[field] ?? []).length > 0) refuse([field], alternatives[field]);
  }
  if (storage?.type === 'redis') refuse(['storage', 'type'], alternatives.redis);
  if (isUsed(storage?.redis_config)) refuse(['storage', 'redis_config'], alternatives.redis);
}

type UnservedField = 'token_response_mapping' | 'identity_from_token';

function usedOf(section: Sieved<OAuth2Section> | undefined): readonly UnservedField[] {
  const fields: readonly UnservedField[] = ['token_response_mapping', 'identity_from_token'];
  return fields.filter((field) => isUsed(section?.[field]));
}

function isUsed(section: object | undefined): boolean {
  return section !== undefined && Object.keys(section).length > 0;
}
