import type { OAuth2UpstreamConfig, UserinfoConfig } from '../config/config.ts';
import type { Identity } from '../types/tokens.ts';
import { subjectProblem } from './identity.ts';
import { UpstreamError } from './provider.ts';
import { pickField, profileOf } from './userinfo.ts';

/** Who an answer of userinfo is about, by the configured fields. Throws {@link UpstreamError} `invalid`. */
export function identityFromFields(
  claims: Readonly<Record<string, unknown>>,
  userinfo: UserinfoConfig,
  { name: upstream, settings }: OAuth2UpstreamConfig,
): Identity {
  const subject = pickField(claims, userinfo.subjectFields)?.value;
  if (subject === undefined) {
    const fields = userinfo.subjectFields.join(', ');
    throw new UpstreamError('invalid', upstream, `userinfo: none of the subject fields (${fields}) is there`);
  }
  const problem = subjectProblem(subject);
  if (problem !== null) throw new UpstreamError('invalid', upstream, `the subject ${problem}`);
  return { upstream, subject, ...profileOf(claims, userinfo, settings), synthetic: false, claims };
}
