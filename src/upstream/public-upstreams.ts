import type { AccessRule, Config, UpstreamConfig } from '../config/config.ts';

/** Hosts (and everything below them) where anybody can make an account, and what people call them. */
const publicProviders: Readonly<Record<string, string>> = {
  'accounts.google.com': 'Google',
  'appleid.apple.com': 'Apple',
  'auth.atlassian.com': 'Atlassian',
  'mcp.atlassian.com': 'Atlassian',
  'bitbucket.org': 'Bitbucket',
  'discord.com': 'Discord',
  'dropbox.com': 'Dropbox',
  'facebook.com': 'Facebook',
  'figma.com': 'Figma',
  'github.com': 'GitHub',
  'gitlab.com': 'GitLab.com',
  'huggingface.co': 'Hugging Face',
  'linear.app': 'Linear',
  'linkedin.com': 'LinkedIn',
  'login.live.com': 'Microsoft (personal accounts)',
  'login.salesforce.com': 'Salesforce',
  'api.notion.com': 'Notion',
  'paypal.com': 'PayPal',
  'reddit.com': 'Reddit',
  'slack.com': 'Slack',
  'accounts.spotify.com': 'Spotify',
  'connect.stripe.com': 'Stripe',
  'id.twitch.tv': 'Twitch',
  'twitter.com': 'X',
  'x.com': 'X',
  'api.login.yahoo.com': 'Yahoo',
  'zoom.us': 'Zoom',
};

/** Tenants of Entra ID that take accounts of every tenant, and the one tenant of all personal accounts. */
const openEntraTenants: ReadonlySet<string> = new Set([
  'common',
  'organizations',
  'consumers',
  '9188040d-6c67-4c5b-b112-36a304b66dad',
]);

const entraHosts: ReadonlySet<string> = new Set([
  'login.microsoftonline.com',
  'login.microsoftonline.us',
  'login.partner.microsoftonline.cn',
  'login.chinacloudapi.cn',
  'login.windows.net',
]);

/**
 * Why an upstream admits people that the operator does not know, as the end of a sentence ("anybody can have an account
 * at Google"), or `null` when it is not known to. The list cannot be complete: `null` is no proof.
 */
export function admitsAnyone(upstream: UpstreamConfig): string | null {
  const url = URL.parse(upstream.type === 'oidc' ? upstream.issuer : upstream.authorizationEndpoint);
  if (!url) return null;
  const host = url.hostname.replace(/\.$/, '');
  const tenant = url.pathname.split('/')[1]?.toLowerCase() ?? '';
  if (entraHosts.has(host) && openEntraTenants.has(tenant))
    return `every organization's people can sign in at the multi-tenant Entra ID endpoint "${tenant}"`;
  const known = Object.keys(publicProviders).find((name) => host === name || host.endsWith(`.${name}`));
  return known === undefined ? null : `anybody can have an account at ${publicProviders[known]}`;
}

/**
 * Who may sign in is explicit wherever anybody can have an account. A ToolHive `RunConfig` knows no such section and is let
 * through with a warning.
 * @returns the problem as a sentence with its fix, or `null`
 */
export function missingAccess({ access, toolhiveFile, upstreams }: Config): string | null {
  if (typeof access !== 'string') return openRule(access, upstreams);
  if (access !== 'unset' || toolhiveFile) return null;
  const reason = upstreams.map(admitsAnyone).find((one) => one !== null);
  if (reason === undefined) return null;
  return `access: is missing, and ${reason}\n  fix: say who may sign in, such as "access: [{ email_domains: [example.com] }]", or say "access: anyone"`;
}

/** A rule that holds for whoever has an account at an upstream is no rule where everybody can have one. */
function openRule(rules: readonly AccessRule[], upstreams: readonly UpstreamConfig[]): string | null {
  for (const [index, { name, upstream, ...conditions }] of rules.entries()) {
    const named = upstreams.find((one) => one.name === upstream);
    const reason = named && Object.keys(conditions).length === 0 ? admitsAnyone(named) : null;
    if (reason !== null)
      return `access[${index}]: ${name ?? 'the rule'} says nothing but the upstream, and ${reason}\n  fix: add who may sign in, such as email_domains, or write "access: anyone"`;
  }
  return null;
}
