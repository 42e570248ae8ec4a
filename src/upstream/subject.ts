import type { OidcUpstreamConfig } from '../config/config.ts';
import { subjectProblem } from './identity.ts';
import { UpstreamError } from './provider.ts';

/**
 * The subject that verified claims make: one claim as it is, several as their percent-encoded values with `:` between, so
 * that no two lists of values make the same text. Never falls back to `sub`: that would make another user of somebody
 * whose claim went missing. Throws {@link UpstreamError} `invalid` for a claim that is missing or is no text.
 */
export function subjectFrom(claims: Readonly<Record<string, unknown>>, config: OidcUpstreamConfig): string {
  const subject = subjectIn(claims, config);
  if (typeof subject === 'string') return subject;
  throw new UpstreamError('invalid', config.name, `the ID token has no usable claim "${subject.missing}"`);
}

/** As {@link subjectFrom}, telling which claim is not there instead of throwing for it. */
export function subjectIn(
  claims: Readonly<Record<string, unknown>>,
  config: OidcUpstreamConfig,
): string | { readonly missing: string } {
  const values: string[] = [];
  const names = subjectClaimsOf(config);
  for (const name of names) {
    const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
    if (typeof value !== 'string' || value === '') return { missing: name };
    // Before it is encoded, which fails for lone surrogates.
    if (names.length > 1) checkSubject(value, config);
    values.push(value);
  }
  const subject = names.length === 1 ? (values[0] ?? '') : values.map(encodeURIComponent).join(':');
  checkSubject(subject, config);
  return subject;
}

function checkSubject(subject: string, { name }: OidcUpstreamConfig): void {
  const problem = subjectProblem(subject);
  if (problem !== null) throw new UpstreamError('invalid', name, `the subject ${problem}`);
}

/** The claims that make the subject, in their order. */
export function subjectClaimsOf({ settings, subjectClaim }: OidcUpstreamConfig): readonly string[] {
  return settings.subjectClaims && settings.subjectClaims.length > 0
    ? settings.subjectClaims
    : [subjectClaim];
}
