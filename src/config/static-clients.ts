import { checkRedirectUri } from '../oauth/redirect-uri.ts';
import { canonicalResource } from '../oauth/resource.ts';
import type { StaticClientConfig } from './config.ts';
import type { Path } from './problems.ts';
import { itemsOf } from './resolving.ts';
import type { Resolving } from './resolving.ts';
import type { ClientSection } from './schema-ours.ts';
import { resolveClientKeys } from './client-keys.ts';
import { resolveClientTerms } from './client-terms.ts';
import { checkSubset } from './scopes.ts';
import { loadSecret } from './secrets.ts';
import type { Sieved } from './shape.ts';
import { checkClientMethod, hasKeys } from './client-method.ts';

/** What clients refer to. */
export interface ClientContext {
  readonly resources: readonly string[];
  readonly scopesSupported: readonly string[];
}

const minSecretLength = 32;

/** Reads the clients that do not register themselves. */
export async function resolveClients(
  resolving: Resolving,
  context: ClientContext,
): Promise<readonly StaticClientConfig[]> {
  const sections = itemsOf(resolving.config.clients);
  for (const { item, index } of sections) {
    const earlier = sections.some((one) => one.index < index && one.item.client_id === item.client_id);
    if (item.client_id !== undefined && earlier)
      resolving.findings.refuse(['clients', index, 'client_id'], {
        problem: 'is the id of another client',
        fix: 'give each client its own id',
      });
  }
  return Promise.all(
    sections.map(({ item, index }) =>
      resolveClient(item, { ...context, resolving, path: ['clients', index] }),
    ),
  );
}

interface Place extends ClientContext {
  readonly resolving: Resolving;
  readonly path: Path;
}

async function resolveClient(section: Sieved<ClientSection>, place: Place): Promise<StaticClientConfig> {
  const { path, scopesSupported } = place;
  const { io, findings } = place.resolving;
  const clientId = section.client_id ?? '';
  // RFC 6749 appendix A.1, without the space: a scope-like list is a mistake.
  if (!/^[\x21-\x7e]*$/.test(clientId))
    findings.refuse([...path, 'client_id'], {
      problem: 'holds spaces or characters outside ASCII',
      fix: 'write letters, digits and hyphens',
    });
  const resolved = await loadSecret(section, { path, io, findings });
  const secret = resolved.r === 'ok' ? resolved.secret : null;
  if (secret !== null && secret.reveal().length < minSecretLength)
    findings.refuse(path, {
      problem: `has a secret of fewer than ${minSecretLength} characters`,
      fix: 'make a new one: openssl rand -base64 48',
    });
  const scopes = section.scopes && itemsOf(section.scopes).map(({ item }) => item);
  checkSubset(scopes ?? [], {
    path: [...path, 'scopes'],
    findings,
    known: scopesSupported,
    where: 'scopes_supported',
  });
  const keys = await resolveClientKeys(section, { path, io, findings });
  return {
    clientId,
    clientName: section.client_name ?? null,
    secret,
    keys,
    allowPrivateIps: section.allow_private_ips ?? false,
    authMethod: checkClientMethod(section, { path, findings, secret: resolved.r }),
    ...resolveClientTerms(section, place),
    redirectUris: checkRedirectUris(section, place),
    grantTypes: grantTypesOf(section, place),
    scopes: scopes ?? null,
    introspects: checkIntrospects(section, {
      ...place,
      isPublic: resolved.r === 'none' && !hasKeys(section),
    }),
    consent: section.consent ?? 'ask',
  };
}

function checkRedirectUris(section: Sieved<ClientSection>, { path, resolving }: Place): readonly string[] {
  const uris = itemsOf(section.redirect_uris);
  for (const { item, index } of uris) {
    const problem = checkRedirectUri(item);
    if (problem !== null)
      resolving.findings.refuse([...path, 'redirect_uris', index], {
        problem,
        fix: 'write an https address, http on a loopback host, or a private scheme such as com.example.app:/callback',
      });
  }
  return uris.map(({ item }) => item);
}

function grantTypesOf(section: Sieved<ClientSection>, { path, resolving }: Place): readonly string[] {
  const redirects = (section.redirect_uris ?? []).length > 0;
  const isServer = !redirects && (section.introspects ?? []).length > 0;
  const usual = isServer ? [] : ['authorization_code', 'refresh_token'];
  const grantTypes: readonly string[] = section.grant_types
    ? itemsOf(section.grant_types).map(({ item }) => item)
    : usual;
  if (grantTypes.includes('authorization_code') && !redirects)
    resolving.findings.refuse([...path, 'redirect_uris'], {
      problem: 'is missing, and the client may use authorization_code',
      fix: 'add where answers may go; for a client that only introspects write grant_types: []',
    });
  if (grantTypes.includes('refresh_token') && !grantTypes.includes('authorization_code'))
    resolving.findings.refuse([...path, 'grant_types'], {
      problem: 'holds refresh_token without authorization_code, so there is nothing to refresh',
      fix: 'add authorization_code',
    });
  return grantTypes;
}

function checkIntrospects(
  section: Sieved<ClientSection>,
  { path, resolving, resources, isPublic }: Place & { readonly isPublic: boolean },
): readonly string[] {
  const items = itemsOf(section.introspects).map(({ item }) => canonicalResource(item) ?? item);
  checkSubset(items, {
    path: [...path, 'introspects'],
    findings: resolving.findings,
    known: resources,
    where: 'allowed_audiences',
  });
  if (items.length > 0 && isPublic)
    resolving.findings.refuse([...path, 'introspects'], {
      problem: 'is there, and the client has neither a secret nor keys',
      fix: 'add client_secret_file, client_secret_env_var or jwks_file',
    });
  return items;
}
