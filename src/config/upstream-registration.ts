import type { UpstreamRegistrationConfig } from './config.ts';
import type { Path } from './problems.ts';
import type { Resolving } from './resolving.ts';
import type { DcrSection } from './schema-upstream-registration.ts';
import { loadSecret } from './secrets.ts';
import type { Sieved } from './shape.ts';
import { checkUrl } from './urls.ts';

/** What an upstream's section says beside it. */
export interface RegistrationContext {
  readonly resolving: Resolving;
  readonly path: Path;
  readonly allowHttp: boolean;
  readonly clientId: string | undefined;
  readonly clientName: string;
  /** Endpoints that nobody tells us without metadata. */
  readonly endpointsGiven: boolean;
}

/** Reads how we register at an upstream; `null` when somebody registered us by hand. */
export async function resolveUpstreamRegistration(
  section: Sieved<DcrSection> | undefined,
  context: RegistrationContext,
): Promise<UpstreamRegistrationConfig | null> {
  if (section === undefined) return null;
  const { resolving, path, allowHttp, clientId, clientName, endpointsGiven } = context;
  const { findings, io } = resolving;
  const { discovery_url: discoveryUrl, registration_endpoint: registrationEndpoint } = section;
  if (clientId !== undefined)
    findings.refuse(path, {
      problem: 'is there beside client_id',
      fix: 'remove client_id to register by itself, or dcr_config when somebody registered you by hand',
    });
  if ((discoveryUrl === undefined) === (registrationEndpoint === undefined))
    findings.refuse(path, {
      problem: `needs exactly one of discovery_url and registration_endpoint, and has ${discoveryUrl === undefined ? 'none' : 'both'}`,
      fix: 'keep discovery_url where the provider publishes metadata, else registration_endpoint',
    });
  for (const field of ['discovery_url', 'registration_endpoint'] as const) {
    const url = section[field];
    const complaint = url === undefined ? null : checkUrl(url, { allowHttp });
    if (complaint) findings.refuse([...path, field], complaint);
  }
  if (discoveryUrl === undefined && !endpointsGiven)
    findings.refuse(path, {
      problem: 'has no discovery_url, so that nothing tells authorization_endpoint and token_endpoint',
      fix: 'write both beside dcr_config, or use discovery_url',
    });
  const token = await loadSecret(section, { path, findings, io, secret: 'initial_access_token' });
  return {
    discoveryUrl: discoveryUrl ?? null,
    registrationEndpoint: registrationEndpoint ?? null,
    initialAccessToken: token.r === 'ok' ? token.secret : null,
    clientName,
    softwareId: section.software_id ?? null,
    softwareStatement: section.software_statement ?? null,
  };
}
