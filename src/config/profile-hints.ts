import type { Profile } from '../profiles/profile.ts';
import { profiles } from '../profiles/profiles.ts';
import type { Findings, Path } from './problems.ts';

/** The profile of the provider at a URL, or `null`. Only hosts tell: a path such as `/realms/x` may be anybody's. */
export function profileAt(url: string): Profile | null {
  const host = URL.parse(url)?.hostname.replace(/\.$/u, '') ?? '';
  return (
    [...profiles.values()].find(({ recognise = [] }) => recognise.some((one) => matches(host, one))) ?? null
  );
}

/** A provider that we know, written without its profile, works as it always has; the operator hears what there is. */
export function hintAtProfile(
  url: string,
  { path, findings }: { readonly path: Path; readonly findings: Findings },
): void {
  const profile = profileAt(url);
  if (profile)
    findings.warn(
      path,
      `is ${profile.title}: "profile: ${profile.name}" knows its habits (docs/providers/${profile.name}.md)`,
    );
}

/** `*` stands for one or more labels. */
function matches(host: string, pattern: string): boolean {
  const parts = pattern.split('*').map((part) => part.replaceAll('.', String.raw`\.`));
  return new RegExp(`^${parts.join('[^/]+')}$`, 'u').test(host);
}
