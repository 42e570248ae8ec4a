import { createHash } from 'node:crypto';
import type { UpstreamConfig, UpstreamRegistrationConfig } from '../../config/config.ts';
import { Secret } from '../../types/secret.ts';
import type { Registration } from './registration.ts';

/** An upstream that we register at by ourselves. */
export type RegisteringConfig = UpstreamConfig & { readonly registration: UpstreamRegistrationConfig };

/** The configuration as if somebody had registered us by hand. */
export function configWith(config: UpstreamConfig, registration: Registration | null): UpstreamConfig {
  const client = {
    clientId: registration?.clientId ?? '',
    clientSecret:
      registration === null || registration.clientSecret === null
        ? null
        : new Secret(registration.clientSecret),
    authMethod: registration?.method ?? ('none' as const),
    authMethodGiven: true,
    registration: null,
    namedBy: namedBy(config),
  };
  if (config.type === 'oidc') return { ...config, ...client };
  const { authorization, token } = registration?.endpoints ?? {};
  return {
    ...config,
    ...client,
    authorizationEndpoint: authorization ?? fallback(config.authorizationEndpoint),
    tokenEndpoint: token ?? fallback(config.tokenEndpoint),
  };
}

/** A URL that leads nowhere (RFC 6761 §6.4), for the provider that is never asked. */
function fallback(endpoint: string): string {
  return endpoint === '' ? 'https://unregistered.invalid/' : endpoint;
}

/** What the operator wrote down: only these hosts may be private. */
export function namedBy(config: UpstreamConfig): readonly string[] {
  if (config.namedBy !== null) return config.namedBy;
  const { discoveryUrl = null, registrationEndpoint = null } = config.registration ?? {};
  const own = config.type === 'oidc' ? [config.issuer] : [config.authorizationEndpoint, config.tokenEndpoint];
  const all: readonly (string | null)[] = [
    discoveryUrl,
    registrationEndpoint,
    ...own,
    config.userinfo?.endpoint ?? null,
  ];
  return all.flatMap((url) => (url === null || url === '' ? [] : [url]));
}

/** Another name for whatever makes it another registration. */
export function recordName(config: RegisteringConfig): string {
  const { registration, name, redirectUri, scopes } = config;
  const { issuer } = registration;
  // Who was found by a document is known by its issuer: another one must not get what this one gave us.
  if (issuer !== undefined) return recordNameOf([name, 'issuer', issuer, redirectUri]);
  const parts = [
    name,
    registration.discoveryUrl ?? '',
    registration.registrationEndpoint ?? '',
    redirectUri,
    scopes === null ? null : [...new Set(scopes)].toSorted(),
  ];
  return recordNameOf(parts);
}

function recordNameOf(parts: readonly unknown[]): string {
  return `registration:${createHash('sha256').update(JSON.stringify(parts)).digest('base64url')}`;
}
