import { canonicalResource } from '../oauth/resource.ts';
import type { Config, ProxyConfig, UpstreamConfig } from './config.ts';
import type { Complaint, Path } from './problems.ts';
import { itemsOf } from './resolving.ts';
import type { Resolving } from './resolving.ts';
import type { ProxySection } from './schema-ours.ts';
import { checkSubset } from './scopes.ts';
import type { Sieved } from './shape.ts';
import { identityScopes } from '../oauth/scope.ts';
import { resolveMaxBody, resolveTools } from './tool-scopes.ts';
import { checkUrl } from './urls.ts';

/** What proxies refer to. */
export interface ProxyContext {
  readonly issuer: string | null;
  readonly upstreams: readonly UpstreamConfig[];
  readonly signIn: Config['signIn'];
  readonly scopesSupported: readonly string[];
}

type Section = Sieved<ProxySection>;

/** Reads the MCP servers behind the gateway, each at its place; `null` where problems say why. */
export function resolveProxies(resolving: Resolving, context: ProxyContext): readonly (ProxyConfig | null)[] {
  const seen = new Set<string>();
  warnOfSideDoors(resolving);
  return (resolving.config.proxy ?? []).map((item, index) => {
    if (item === undefined) return null;
    const path: Path = ['proxy', index];
    const complaint = item.path === undefined ? null : checkPath(item.path);
    if (complaint) resolving.findings.refuse([...path, 'path'], complaint);
    if (item.path !== undefined && seen.has(item.path))
      resolving.findings.refuse([...path, 'path'], {
        problem: 'comes twice',
        fix: 'give each proxy a path of its own',
      });
    if (item.path !== undefined) seen.add(item.path);
    const proxy = resolveProxy(item, { ...resolving, ...context, path });
    return complaint || proxy.resource === '' ? null : proxy;
  });
}

/** The same MCP server at two endpoints has the rules of the weaker one. */
function warnOfSideDoors({ config, findings }: Resolving): void {
  const sections = itemsOf(config.proxy);
  for (const { item, index } of sections) {
    const ruled = sections.find((one) => one.item.tools && one.item.target === item.target);
    if (ruled && item.tools === undefined)
      findings.warn(
        ['proxy', index],
        `leads to the target of proxy[${ruled.index}], and has none of its rules for tools`,
      );
  }
}

function resolveProxy(
  section: Section,
  place: Resolving & ProxyContext & { readonly path: Path },
): ProxyConfig {
  const { path, findings, issuer, scopesSupported: catalogue } = place;
  const scopesSupported = scopesAt(section, place);
  // Who somebody is can be asked for everywhere.
  const known = scopesSupported ? [...scopesSupported, ...identityScopes] : catalogue;
  const where = scopesSupported ? 'scopes_supported of this endpoint' : 'scopes_supported';
  const scopes = itemsOf(section.scopes).map(({ item }) => item);
  checkSubset(scopes, { path: [...path, 'scopes'], findings, known, where });
  // A server behind the gateway is the operator's own network: plain http is usual there.
  const complaint = section.target === undefined ? null : checkUrl(section.target, { allowHttp: true });
  if (complaint) findings.refuse([...path, 'target'], complaint);
  if (section.target?.includes('?'))
    findings.refuse([...path, 'target'], { problem: 'has a query', fix: 'remove ? and what follows' });
  return {
    path: section.path ?? '',
    resource: issuer === null || section.path === undefined ? '' : resourceOf(issuer, section.path),
    target: section.target ?? '',
    upstream: upstreamOf(section.upstream, place),
    scopes,
    scopesSupported,
    tools: resolveTools(section, { ...place, known, where }),
    maxBody: resolveMaxBody(section, place),
  };
}

/** Scopes that exist at one endpoint; `null`: the whole catalogue. */
function scopesAt(
  { scopes_supported: listed }: Section,
  { path, findings, scopesSupported: known }: Resolving & ProxyContext & { readonly path: Path },
): readonly string[] | null {
  if (listed === undefined) return null;
  const scopes = itemsOf(listed).map(({ item }) => item);
  checkSubset(scopes, { path: [...path, 'scopes_supported'], findings, known, where: 'scopes_supported' });
  return [...new Set(scopes)];
}

function resourceOf(issuer: string, path: string): string {
  return canonicalResource(`${new URL(issuer).origin}${path}`) ?? '';
}

/** Paths of the authorization server are not for MCP servers, wherever the issuer's path puts them. */
function checkPath(path: string): Complaint | null {
  const fix = 'write an absolute path, such as /mcp';
  if (!path.startsWith('/') || path.startsWith('//')) return { problem: 'is not an absolute path', fix };
  if (path !== '/' && path.endsWith('/'))
    return { problem: 'ends with a slash', fix: 'remove the slash at the end' };
  if (!/^[\w\-.~!$&'()*+,;=:@/]+$/.test(path) || new URL(path, 'http://localhost').pathname !== path)
    return { problem: 'is not a plain path', fix };
  const taken = ['/oauth', '/connections', '/.well-known', '/healthz', '/readyz'].find((one) =>
    `${path}/`.startsWith(`${one}/`),
  );
  return taken === undefined ? null : { problem: `is ${taken} or below it, which is taken`, fix };
}

function upstreamOf(
  name: string | undefined,
  { path, config, findings, upstreams, signIn }: Resolving & ProxyContext & { readonly path: Path },
): string | null {
  if (name === 'none') return null;
  const names = upstreams.map((upstream) => upstream.name);
  const [first] = names;
  if (
    name === undefined &&
    signIn === 'choose' &&
    names.length > 1 &&
    !config.disable_upstream_token_injection
  )
    findings.warn(
      [...path, 'upstream'],
      `is not set: everybody needs a connection at ${first}, also who chooses another upstream; write ${first} if that is meant, or none`,
    );
  if (name === undefined) return first ?? null;
  if (!names.includes(name))
    findings.refuse([...path, 'upstream'], {
      problem: 'is not the name of an upstream',
      fix: `write ${[...names, 'none'].join(' or ')}`,
    });
  else if (config.disable_upstream_token_injection === true)
    findings.refuse([...path, 'upstream'], {
      problem: 'asks for a token that disable_upstream_token_injection keeps back',
      fix: 'write none, or remove disable_upstream_token_injection',
    });
  return name;
}
