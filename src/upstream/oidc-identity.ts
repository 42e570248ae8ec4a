import type { IDToken } from 'oauth4webapi';
import type { OidcUpstreamConfig, UserinfoConfig } from '../config/config.ts';
import type { Identity } from '../types/tokens.ts';
import { UpstreamError } from './provider.ts';
import { subjectClaimsOf, subjectFrom, subjectIn } from './subject.ts';
import { pickField, profileOf } from './userinfo.ts';

/** An answer of userinfo and how to read it. */
export interface UserinfoAnswer {
  readonly userinfo: Readonly<Record<string, unknown>>;
  readonly fields: UserinfoConfig;
}

const standardFields = { nameFields: ['name'], emailFields: ['email'] };

/** Whether an ID token leaves out a profile claim that its scopes promise, so that userinfo has more to tell. */
export function isThin(claims: IDToken, scopes: readonly string[]): boolean {
  const { name, email } = profileOf(claims, standardFields, {
    emailVerifiedUntold: false,
    emailVerifiedText: false,
  });
  return (scopes.includes('email') && email === null) || (scopes.includes('profile') && name === null);
}

/**
 * Who a verified ID token is about. Userinfo must be about the same subject (Core §5.3.2); it adds claims and replaces
 * none, because the ID token is signed. Throws {@link UpstreamError} `invalid`.
 */
export function identityFromIdToken(
  claims: IDToken,
  config: OidcUpstreamConfig,
  extra: UserinfoAnswer | null,
): Identity {
  const own = profileOf(claims, standardFields, config.settings);
  const subject = subjectFrom(claims, config);
  if (!extra) return identity(config, { subject, ...own, claims });
  if (pickField(extra.userinfo, extra.fields.subjectFields)?.value !== claims.sub)
    throw new UpstreamError('invalid', config.name, 'userinfo: it is not about the subject of the ID token');
  const more = profileOf(extra.userinfo, extra.fields, config.settings);
  // Address and verification come from one source: a mixture would verify an address that nobody checked.
  const { email, emailVerified } = own.email === null ? more : own;
  const all = { ...extra.userinfo, ...claims };
  return identity(config, { subject, name: own.name ?? more.name, email, emailVerified, claims: all });
}

/**
 * Who userinfo is about; `other` for somebody else, `null` when it lacks the configured claim that subjects are made from,
 * so that it tells nothing. Throws {@link UpstreamError} `invalid` when it has no `sub`.
 */
export function identityFromUserinfo(
  userinfo: Readonly<Record<string, unknown>>,
  { config, fields, subject }: { config: OidcUpstreamConfig; fields: UserinfoConfig; subject: string },
): Identity | 'other' | null {
  const told = subjectOfUserinfo(userinfo, config, fields);
  if (told === null) return null;
  if (told !== subject) return 'other';
  return identity(config, { subject, ...profileOf(userinfo, fields, config.settings), claims: userinfo });
}

function subjectOfUserinfo(
  userinfo: Readonly<Record<string, unknown>>,
  config: OidcUpstreamConfig,
  { subjectFields }: UserinfoConfig,
): string | null {
  const [claim, ...more] = subjectClaimsOf(config);
  if (claim !== 'sub' || more.length > 0) {
    const told = subjectIn(userinfo, config);
    return typeof told === 'string' ? told : null;
  }
  const told = pickField(userinfo, subjectFields)?.value;
  if (told !== undefined) return told;
  throw new UpstreamError('invalid', config.name, 'userinfo: it does not tell whom it is about');
}

function identity(config: OidcUpstreamConfig, told: Omit<Identity, 'upstream' | 'synthetic'>): Identity {
  return { upstream: config.name, synthetic: false, ...told };
}
