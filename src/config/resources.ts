import { canonicalResource } from '../oauth/resource.ts';
import { itemsOf } from './resolving.ts';
import type { Resolving } from './resolving.ts';

/** What tokens may be for. */
export interface Resources {
  readonly resources: readonly string[];
  readonly defaultResource: string | null;
}

/**
 * Reads `allowed_audiences` and `default_resource`; the proxied resources are the default, and must be among them
 * (RFC 8707 §2: absolute URIs without fragment; canonical from here on).
 */
export function resolveResources(resolving: Resolving, proxied: readonly (string | null)[]): Resources {
  const { config, findings } = resolving;
  const written = itemsOf(config.allowed_audiences);
  const resources =
    written.length > 0 ? fromAudiences(resolving) : [...new Set(proxied.filter((one) => one !== null))];
  if (written.length === 0 && itemsOf(config.proxy).length === 0)
    findings.refuse(['allowed_audiences'], {
      problem: 'is missing',
      fix: 'add the URL of your MCP server, such as allowed_audiences: [https://mcp.example.com/mcp], or a proxy',
    });
  for (const [index, resource] of proxied.entries()) {
    if (written.length > 0 && resource !== null && !resources.includes(resource))
      findings.refuse(['proxy', index], {
        problem: `has the resource ${resource}, which is not in allowed_audiences`,
        fix: 'add it to allowed_audiences, or remove allowed_audiences: it defaults to the proxied resources',
      });
  }
  return { resources, defaultResource: defaultFrom(resolving, resources) };
}

function fromAudiences({ config, findings }: Resolving): readonly string[] {
  const resources = new Set<string>();
  for (const { item, index } of itemsOf(config.allowed_audiences)) {
    const resource = canonicalResource(item);
    if (resource === null)
      findings.refuse(['allowed_audiences', index], {
        problem: 'is not an absolute http or https URL without fragment',
        fix: 'write the URL of the MCP server as clients know it, such as https://mcp.example.com/mcp',
      });
    else resources.add(resource);
  }
  return [...resources];
}

function defaultFrom({ config, findings }: Resolving, resources: readonly string[]): string | null {
  if (config.default_resource === undefined) return null;
  const resource = canonicalResource(config.default_resource);
  if (resource !== null && resources.includes(resource)) return resource;
  findings.refuse(['default_resource'], {
    problem: 'is not a resource of this server',
    fix: 'write one of allowed_audiences',
  });
  return null;
}
