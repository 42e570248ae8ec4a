/** Rules about several upstreams together. */
import type { Milliseconds } from '../types/time.ts';
import type { Config, UpstreamConfig } from './config.ts';
import { parseDuration } from './duration.ts';
import type { Findings, Path } from './problems.ts';
import type { Resolving } from './resolving.ts';
import type { DurationText } from './schema-fields.ts';
import type { UpstreamSection } from './schema-upstreams.ts';
import type { Sieved } from './shape.ts';
import { checkUrl } from './urls.ts';

/** Upstreams that one login can lead through. */
const longestChain = 15;

/** Upstreams that say who somebody is: each that people may choose, or the first of a chain. The others only lend tokens. */
export function identifyingUpstreams({
  upstreams,
  signIn,
}: Pick<Config, 'upstreams' | 'signIn'>): readonly UpstreamConfig[] {
  const asked = upstreams.filter(({ when }) => when === 'sign_in');
  return signIn === 'choose' ? asked : asked.slice(0, 1);
}

/** Somebody must be able to sign in, and a chain must have an end. */
export function checkSignIn(
  sections: readonly { readonly item: Sieved<UpstreamSection>; readonly index: number }[],
  { config, findings }: Resolving,
): void {
  const first = sections.filter(({ item }) => item.when !== 'later');
  if (sections.length > 0 && first.length === 0)
    findings.refuse(['upstreams', 0, 'when'], {
      problem: 'is later, and nobody can sign in at any other upstream',
      fix: 'write when: sign_in at one of them',
    });
  if (first.length > longestChain)
    findings.refuse(['upstreams'], {
      problem: `holds more than ${longestChain} upstreams to sign in at`,
      fix: 'write when: later at those that are not needed at every sign-in',
    });
  if (config.sign_in !== undefined && first.length < 2)
    findings.warn(['sign_in'], 'has no meaning: there is only one upstream to sign in at');
}

/** One browser cookie goes with all of them, and it is of one origin. */
export function checkCallbacks(upstreams: readonly UpstreamConfig[], findings: Findings): void {
  const [first, ...others] = upstreams;
  const originOf = (uri: string): string | undefined => URL.parse(uri)?.origin;
  for (const { redirectUri, name } of others) {
    if (originOf(redirectUri) !== originOf(first?.redirectUri ?? ''))
      findings.refuse(['upstreams'], {
        problem: `has redirect URIs on several origins: that of ${name} is not on the first one’s`,
        fix: 'leave redirect_uri out, or write all of them with the same origin',
      });
    if (redirectUri === first?.redirectUri)
      findings.warn(['upstreams'], `uses one redirect URI for ${first.name} and ${name}: give each its own`);
  }
}

/** What stands beside an upstream's name on pages. */
export function checkIcon(
  icon: string | undefined,
  { path, findings }: { readonly path: Path; readonly findings: Findings },
): string | null {
  if (icon === undefined) return null;
  const isImage = /^data:image\/(?:png|jpeg|gif|webp|svg\+xml);/iu.test(icon);
  if (isImage || (/^https:/iu.test(icon) && !checkUrl(icon, { allowHttp: false }))) return icon;
  findings.refuse(path, {
    problem: 'is neither an https URL nor an image as a data URL',
    fix: 'write https://…, or data:image/svg+xml;… (png, jpeg, gif, webp, svg+xml)',
  });
  return null;
}

const hour: Milliseconds = 3_600_000;

/** How long a connection may lie idle; `null` for ever. Oftener than every hour would be a burden for providers. */
export function keepAliveOf(
  text: DurationText | undefined,
  { path, findings }: { readonly path: Path; readonly findings: Findings },
): Milliseconds | null {
  if (text === undefined || text === 0) return null;
  const idle = parseDuration(text);
  if (idle >= hour) return idle;
  findings.refuse(path, { problem: 'is shorter than an hour', fix: 'write 1h or more, such as 24h' });
  return null;
}
