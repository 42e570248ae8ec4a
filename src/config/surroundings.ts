/** Sections that say where the server lives and how it looks. */
import { Secret } from '../types/secret.ts';
import type { AuditTarget, BrandConfig, ListenConfig, ObserveConfig, StorageConfig } from './config.ts';
import { loadFile, textOf } from './files.ts';
import { itemsOf } from './resolving.ts';
import type { Resolving } from './resolving.ts';
import type { AuditSection } from './schema-ours.ts';
import { resolveProxyRanges } from './proxy-ranges.ts';
import { checkUrl } from './urls.ts';

/** Reads `listen`, its TLS files included. */
export async function resolveListen(resolving: Resolving): Promise<ListenConfig> {
  const { listen } = resolving.config;
  const { cert_file: certFile, key_file: keyFile } = listen?.tls ?? {};
  const cert = await loadPem('cert_file', { file: certFile, resolving });
  const key = await loadPem('key_file', { file: keyFile, resolving });
  return {
    host: listen?.host ?? '127.0.0.1',
    port: listen?.port ?? 8080,
    pathStripped: listen?.path_stripped ?? false,
    trustedProxies: resolveProxyRanges(resolving),
    tls: cert !== null && key !== null ? { cert, key: new Secret(key) } : null,
  };
}

async function loadPem(
  field: 'cert_file' | 'key_file',
  { file, resolving }: { readonly file: string | undefined; readonly resolving: Resolving },
): Promise<string | null> {
  if (file === undefined) return null;
  const path = ['listen', 'tls', field];
  const bytes = await loadFile(file, { ...resolving, path });
  const text = bytes && textOf(bytes);
  const label = field === 'cert_file' ? 'CERTIFICATE' : 'PRIVATE KEY';
  if (bytes === null || text?.includes(`${label}-----`)) return text;
  const what = field === 'cert_file' ? 'certificate' : 'private key';
  resolving.findings.refuse(path, {
    problem: `the file ${file} holds no ${what} in PEM`,
    fix: 'write the path of a PEM file',
  });
  return null;
}

/** Reads `storage`. `null`: whoever starts the server decides. */
export function resolveStorage({ config, findings }: Resolving): StorageConfig | null {
  const { storage } = config;
  if (storage === undefined) return null;
  const type = storage.type ?? 'memory';
  if (type !== 'sqlite') {
    if (storage.sqlite)
      findings.refuse(['storage', 'type'], {
        problem: `is ${storage.type ?? 'missing'}, and there is a section sqlite`,
        fix: 'write type: sqlite, or remove the section sqlite',
      });
    return { type: 'memory' };
  }
  const path = storage.sqlite?.path;
  if (path !== undefined) return { type: 'sqlite', path };
  if (!storage.sqlite)
    findings.refuse(['storage', 'sqlite'], {
      problem: 'is missing, and the type is sqlite',
      fix: 'add sqlite: { path: … }; or remove storage: `sallyport serve` keeps a database in its state directory',
    });
  return null;
}

/** Reads how pages look, of the section `consent`. */
export function resolveBrand({ config, findings }: Resolving, issuer: string | null): BrandConfig {
  const { name, logo_url: logoUrl, color } = config.consent ?? {};
  const isImage = /^data:image\/(?:png|jpeg|gif|webp|svg\+xml);/i.test(logoUrl ?? '');
  if (
    logoUrl !== undefined &&
    !isImage &&
    (!/^https:/i.test(logoUrl) || checkUrl(logoUrl, { allowHttp: false }))
  )
    findings.refuse(['consent', 'logo_url'], {
      problem: 'is neither an https URL nor an image as a data URL',
      fix: 'write https://…, or data:image/svg+xml;… (png, jpeg, gif, webp, svg+xml)',
    });
  const host = URL.parse(issuer ?? '')?.host ?? 'Sallyport';
  return { name: name ?? host, logoUrl: logoUrl ?? null, color: color?.toLowerCase() ?? '#2f5bd7' };
}

/** Reads `cors.allowed_origins`, in the form that browsers send (RFC 6454 §6.2). */
export function resolveOrigins({ config, findings }: Resolving): readonly string[] {
  const origins = itemsOf(config.cors?.allowed_origins);
  for (const { item, index } of origins) {
    const isOrigin = /^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@*]+$/i.test(item) && URL.canParse(item);
    if (!isOrigin)
      findings.refuse(['cors', 'allowed_origins', index], {
        problem: 'is not an origin',
        fix: 'write scheme, host and port only, such as https://inspector.example.com; * is not possible',
      });
  }
  return origins.map(({ item }) => originOf(item));
}

/** Schemes of browser extensions have an origin of `null` in the URL standard, and are sent as they are written. */
function originOf(text: string): string {
  const origin = URL.parse(text)?.origin ?? 'null';
  return origin === 'null' ? text.toLowerCase() : origin;
}

/** Reads `observe`. */
export function resolveObserve({ config }: Resolving): ObserveConfig {
  const { log_level: logLevel = 'info', audit, traces = false } = config.observe ?? {};
  return { logLevel, audit: audit === undefined ? null : auditTarget(audit), traces };
}

/** A file without a name has been complained about already. */
function auditTarget(audit: AuditSection | { readonly file?: string | undefined }): AuditTarget {
  return typeof audit === 'string' ? { to: audit } : { to: 'file', path: audit.file ?? '' };
}
