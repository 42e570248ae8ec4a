import type { Milliseconds } from '../types/time.ts';
import { parseDuration } from './duration.ts';
import { hostPattern } from './host-pattern.ts';
import { itemsOf } from './resolving.ts';
import type { Resolving } from './resolving.ts';
import type { UpstreamTransport } from './upstream-settings.ts';
import { loadTransport } from './upstream-transport.ts';
import { isLoopbackUrl } from './urls.ts';

/** Client ID Metadata Documents: who may use them, and how they are fetched. */
export interface CimdConfig {
  readonly enabled: boolean;
  readonly cacheMaxSize: number;
  /** How long a document is fresh whose host does not say. */
  readonly cacheFallbackTtl: Milliseconds;
  /** Any host's; those of well-known clients and of `allowHosts`; those of `allowHosts` alone; these and those that are vouched for. */
  readonly trust: 'any' | 'known' | 'listed' | 'attested';
  /** As `URL.hostname` has them, or `*.` and such a host. */
  readonly allowHosts: readonly string[];
  readonly denyHosts: readonly string[];
  readonly builtInDocuments: boolean;
  readonly logos: boolean;
  readonly allowLoopback: boolean;
  readonly transport: UpstreamTransport;
}

const usual = { cacheMaxSize: 256, cacheFallbackTtl: 300_000 };
const bounds: { readonly least: Milliseconds; readonly most: Milliseconds } = {
  least: 60_000,
  most: 86_400_000,
};

/** Reads `cimd`. On by default, but not in a file that was written for ToolHive, where it is off. */
export async function resolveCimd(resolving: Resolving, issuer: string | null): Promise<CimdConfig> {
  const { config, findings, toolhiveFile } = resolving;
  const section = config.cimd ?? {};
  const allowLoopback = section.allow_loopback ?? false;
  // Draft-02 §8.6: a server that others reach never asks its own machine.
  if (allowLoopback && issuer !== null && !isLoopbackUrl(issuer))
    findings.refuse(['cimd', 'allow_loopback'], {
      problem: 'is for development, and the issuer is not on a loopback host',
      fix: 'remove it, or use an issuer such as http://localhost:8080',
    });
  const allowHosts = hostsOf(resolving, 'allow_hosts');
  if (section.trust === 'listed' && allowHosts.length === 0)
    findings.refuse(['cimd', 'trust'], {
      problem:
        'is listed, and no host is listed: every document would be refused, and clients would try nothing else',
      fix: 'add allow_hosts, or write enabled: false',
    });
  const { ca_file, outbound_proxy, outbound_proxy_credentials_file, outbound_proxy_credentials_env_var } =
    section;
  return {
    enabled: section.enabled ?? !toolhiveFile,
    // Go reads zero as absent, and zero documents would make every request a fetch.
    cacheMaxSize: (section.cache_max_size ?? 0) || usual.cacheMaxSize,
    cacheFallbackTtl: fallbackTtl(resolving),
    trust: section.trust ?? 'any',
    allowHosts,
    denyHosts: hostsOf(resolving, 'deny_hosts'),
    builtInDocuments: section.built_in_documents ?? true,
    logos: section.logos ?? true,
    allowLoopback,
    transport: await loadTransport(
      { ca_file, outbound_proxy, outbound_proxy_credentials_file, outbound_proxy_credentials_env_var },
      { resolving, path: ['cimd'] },
    ),
  };
}

function fallbackTtl({ config, findings }: Resolving): Milliseconds {
  const text = config.cimd?.cache_fallback_ttl;
  if (text === undefined || text === 0) return usual.cacheFallbackTtl;
  const span = lengthOf(text);
  if (span === 0) return usual.cacheFallbackTtl;
  if (span >= bounds.least && span <= bounds.most) return span;
  findings.refuse(['cimd', 'cache_fallback_ttl'], {
    problem: 'is not between 1m and 24h',
    fix: 'write a duration such as 5m',
  });
  return usual.cacheFallbackTtl;
}

function lengthOf(text: string): Milliseconds {
  try {
    return parseDuration(text);
  } catch {
    // Longer than anything that can be said.
    return Number.POSITIVE_INFINITY;
  }
}

/** In the one spelling that they are compared in: what a browser makes of a name, punycode included. */
function hostsOf({ config, findings }: Resolving, field: 'allow_hosts' | 'deny_hosts'): readonly string[] {
  return itemsOf(config.cimd?.[field]).flatMap(({ item, index }) => {
    const host = hostPattern(item);
    if (host === null)
      findings.refuse(['cimd', field, index], {
        problem: 'is not the name of a host',
        fix: 'write a name such as apps.example.com, or *.example.com for every host below it',
      });
    return host ?? [];
  });
}
