import type { Complaint, Path } from './problems.ts';
import type { Resolving } from './resolving.ts';

/** What of ToolHive's schema is read and not served, and what serves instead. */
const alternatives = {
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
  const { storage } = config;
  for (const field of ['trusted_issuers', 'delegate_clients'] as const) {
    if ((config[field] ?? []).length > 0) refuse([field], alternatives[field]);
  }
  if (storage?.type === 'redis') refuse(['storage', 'type'], alternatives.redis);
  if (isUsed(storage?.redis_config)) refuse(['storage', 'redis_config'], alternatives.redis);
}

function isUsed(section: object | undefined): boolean {
  return section !== undefined && Object.keys(section).length > 0;
}
