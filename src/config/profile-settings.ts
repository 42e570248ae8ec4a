import type { ProviderSettings } from '../profiles/settings.ts';
import { parseDuration } from './duration.ts';
import { itemsOf, textsOf } from './resolving.ts';
import type { Sieved } from './shape.ts';
import { standardSettings } from './upstream-settings.ts';
import type { IssuerRule, TokenIdentity, TokenMapping, UpstreamSettings } from './upstream-settings.ts';

type Written = Sieved<ProviderSettings>;

/** What a profile and the file say, as providers read it. What was refused is as the specifications have it. */
export function settingsFrom(
  written: Written,
  rest: Pick<UpstreamSettings, 'profile' | 'clientKey' | 'transport'>,
): UpstreamSettings {
  const { revocation, resource } = written;
  const always = resource === undefined ? {} : { resource };
  return {
    ...rest,
    scopeParameter: written.scope_parameter ?? standardSettings.scopeParameter,
    scopeSeparator: written.scope_separator === 'comma' ? ',' : ' ',
    pkce: written.pkce ?? standardSettings.pkce,
    tokenParams: { ...always, ...Object.fromEntries(textsOf(written.token_params)) },
    refreshParams: { ...always, ...Object.fromEntries(textsOf(written.refresh_params)) },
    refreshScope: written.refresh_scope ?? standardSettings.refreshScope,
    ...expiryFrom(written.missing_expires_in),
    tokenType: written.token_type ?? standardSettings.tokenType,
    tokenMapping: tokenMappingFrom(written.token_response_mapping),
    identityFromToken: tokenIdentityFrom(written.identity_from_token),
    issuerRule: issuerRuleFrom(written),
    subjectClaims: listed(written.subject_claims),
    emailVerifiedUntold: written.email_verified_when_absent ?? standardSettings.emailVerifiedUntold,
    emailVerifiedText: written.email_verified_as_text ?? standardSettings.emailVerifiedText,
    revocation:
      revocation?.style === 'none'
        ? null
        : { style: revocation?.style ?? 'rfc7009', endpoint: revocation?.endpoint ?? null },
  };
}

/** Where tokens are in an answer; the usual places where nothing is said. */
export function tokenMappingFrom(written: Written['token_response_mapping']): TokenMapping | null {
  if (written?.access_token_path === undefined) return null;
  return {
    accessToken: written.access_token_path,
    refreshToken: written.refresh_token_path ?? 'refresh_token',
    expiresIn: written.expires_in_path ?? 'expires_in',
    scope: written.scope_path ?? 'scope',
  };
}

/** Where the identity is in a token answer. */
export function tokenIdentityFrom(written: Written['identity_from_token']): TokenIdentity | null {
  if (written?.subject_path === undefined) return null;
  return {
    subject: written.subject_path,
    name: written.name_path ?? null,
    email: written.email_path ?? null,
  };
}

function expiryFrom(written: string | undefined): Pick<UpstreamSettings, 'expiryUntold' | 'assumedLifetime'> {
  if (written === 'never') return { expiryUntold: 'never', assumedLifetime: null };
  if (written === undefined || written === 'unknown')
    return { expiryUntold: 'unknown', assumedLifetime: null };
  return { expiryUntold: 'unknown', assumedLifetime: Math.floor(parseDuration(written) / 1000) };
}

function issuerRuleFrom({
  issuer_template: template,
  issuer_aliases: aliases,
  tenants,
}: Written): IssuerRule {
  if (template !== undefined) return { kind: 'tenant', template, tenants: listed(tenants) };
  const issuers = listed(aliases);
  return issuers === null ? { kind: 'exact' } : { kind: 'also', issuers };
}

/** An empty list says as little as none. */
function listed(list: readonly (string | undefined)[] | undefined): readonly string[] | null {
  const items = itemsOf(list).map(({ item }) => item);
  return items.length > 0 ? items : null;
}
