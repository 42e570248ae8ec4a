import type { UpstreamConfig } from './config.ts';

/** Hosts where Entra ID's issuers are: all clouds, both versions. */
const entraIssuers: ReadonlySet<string> = new Set([
  'login.microsoftonline.com',
  'login.microsoftonline.us',
  'login.partner.microsoftonline.cn',
  'login.chinacloudapi.cn',
  'login.windows.net',
  'sts.windows.net',
]);

/** Whether an upstream's ID tokens come from Google itself, so that its `hd` means a Google Workspace domain. */
export function isGoogle(upstream: UpstreamConfig): boolean {
  return upstream.type === 'oidc' && upstream.issuer === 'https://accounts.google.com';
}

/** Whether an upstream's ID tokens come from Entra ID, so that its `tid` means a tenant. */
export function isEntra(upstream: UpstreamConfig): boolean {
  if (upstream.type !== 'oidc') return false;
  const url = URL.parse(upstream.issuer);
  return url?.protocol === 'https:' && url.port === '' && entraIssuers.has(url.hostname);
}

/**
 * Where GitHub's API of an upstream is: what the operator wrote, or what follows from the authorization endpoint for
 * github.com and data-residency hosts (`SUBDOMAIN.ghe.com`). `null`: the upstream is not known to be GitHub.
 */
export function githubApi(upstream: UpstreamConfig): string | null {
  if (upstream.type !== 'oauth2') return null;
  if (upstream.githubApiUrl !== undefined) return upstream.githubApiUrl;
  const url = URL.parse(upstream.authorizationEndpoint);
  if (url?.protocol !== 'https:' || url.port !== '') return null;
  if (url.hostname === 'github.com') return 'https://api.github.com';
  return url.hostname.endsWith('.ghe.com') ? `https://api.${url.hostname}` : null;
}
