import type { OAuth2UpstreamConfig } from './config.ts';
import type { Findings, Path } from './problems.ts';
import { checkUrl } from './urls.ts';
import type { UrlRules } from './urls.ts';

/** The fields of an upstream that an MCP server tells about, and those that say the same otherwise. */
interface ProtectedFields {
  readonly protected_resource?: string | undefined;
  readonly authorization_server?: string | undefined;
  readonly authorization_endpoint?: unknown;
  readonly token_endpoint?: unknown;
  readonly dcr_config?: unknown;
  readonly client_id?: unknown;
}

/** Where the fields are, and what is known beside them. */
interface ProtectedContext {
  readonly path: Path;
  readonly findings: Findings;
  readonly rules: UrlRules;
  /** There is a client secret. */
  readonly secret: boolean;
  readonly clientName: string;
}

/** Reads how an upstream is found from the MCP server that it protects; nothing when it is not. */
export function protectedResourceOf(
  section: ProtectedFields,
  { path, findings, rules, secret, clientName }: ProtectedContext,
): Pick<OAuth2UpstreamConfig, 'protectedResource'> {
  const { protected_resource: resource, authorization_server: issuer } = section;
  if (resource === undefined) {
    if (issuer !== undefined)
      findings.refuse([...path, 'authorization_server'], {
        problem: 'is there without protected_resource',
        fix: 'add protected_resource, or remove it',
      });
    return {};
  }
  for (const field of ['authorization_endpoint', 'token_endpoint', 'dcr_config'] as const)
    if (section[field] !== undefined)
      findings.refuse([...path, field], {
        problem: 'is there beside protected_resource, which tells it',
        fix: `remove ${field}, or protected_resource`,
      });
  for (const field of ['protected_resource', 'authorization_server'] as const) {
    const complaint = section[field] === undefined ? null : checkUrl(section[field], rules);
    if (complaint) findings.refuse([...path, field], complaint);
  }
  if (secret && section.client_id === undefined)
    findings.refuse([...path, 'client_id'], {
      problem: 'is missing, and there is a client secret',
      fix: 'add client_id, or remove the secret to register by itself',
    });
  if (secret && issuer === undefined)
    findings.refuse([...path, 'authorization_server'], {
      problem: 'is missing, and there is a client secret',
      fix: 'write the issuer that gave it: no other one may see it, whatever the MCP server says',
    });
  return { protectedResource: { resource, issuer: issuer ?? null, clientName } };
}
