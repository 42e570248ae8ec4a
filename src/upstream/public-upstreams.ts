import type { AccessRule, Config, UpstreamConfig } from '../config/config.ts';
import { identifyingUpstreams } from '../config/sign-in.ts';
import type { OpenAccounts } from '../profiles/profile.ts';
import { profiles } from '../profiles/profiles.ts';

/** Places without a profile: hosts (and everything below them) where anybody can make an account. */
const otherPlaces: readonly OpenAccounts[] = [
  { name: 'Apple', hosts: ['appleid.apple.com'] },
  { name: 'Bitbucket', hosts: ['bitbucket.org'] },
  { name: 'Dropbox', hosts: ['dropbox.com'] },
  { name: 'Facebook', hosts: ['facebook.com'] },
  { name: 'Figma', hosts: ['figma.com'] },
  { name: 'Hugging Face', hosts: ['huggingface.co'] },
  { name: 'LinkedIn', hosts: ['linkedin.com'] },
  { name: 'Microsoft (personal accounts)', hosts: ['login.live.com'] },
  { name: 'PayPal', hosts: ['paypal.com'] },
  { name: 'Reddit', hosts: ['reddit.com'] },
  { name: 'Spotify', hosts: ['accounts.spotify.com'] },
  { name: 'Stripe', hosts: ['connect.stripe.com'] },
  { name: 'Twitch', hosts: ['id.twitch.tv'] },
  { name: 'X', hosts: ['twitter.com', 'x.com'] },
  { name: 'Yahoo', hosts: ['api.login.yahoo.com'] },
  { name: 'Zoom', hosts: ['zoom.us'] },
];

const places: readonly OpenAccounts[] = [...profiles.values()]
  .flatMap(({ openAccounts }) => (openAccounts ? [openAccounts] : []))
  .concat(otherPlaces);

/**
 * Why an upstream admits people that the operator does not know, as the end of a sentence ("anybody can have an account
 * at Google"), or `null` when it is not known to. The list cannot be complete: `null` is no proof.
 */
export function admitsAnyone(upstream: UpstreamConfig): string | null {
  const url = URL.parse(upstream.type === 'oidc' ? upstream.issuer : upstream.authorizationEndpoint);
  if (!url) return null;
  const host = url.hostname.replace(/\.$/, '');
  const tenant = url.pathname.split('/')[1]?.toLowerCase() ?? '';
  const place = places.find(({ hosts, tenants }) => isAt(host, hosts) && (tenants?.includes(tenant) ?? true));
  if (!place) return null;
  if (!place.tenants) return `anybody can have an account at ${place.name}`;
  const { issuerRule } = upstream.settings;
  const chosen = issuerRule.kind === 'tenant' && issuerRule.tenants !== null;
  return chosen
    ? null
    : `every organization's people can sign in at the multi-tenant ${place.name} endpoint "${tenant}"`;
}

function isAt(host: string, places: readonly string[]): boolean {
  return places.some((name) => host === name || host.endsWith(`.${name}`));
}

/**
 * Who may sign in is explicit wherever anybody can have an account. A ToolHive `RunConfig` knows no such section and is let
 * through with a warning.
 * @returns the problem as a sentence with its fix, or `null`
 */
export function missingAccess({ access, toolhiveFile, ...config }: Config): string | null {
  const upstreams = identifyingUpstreams(config);
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
