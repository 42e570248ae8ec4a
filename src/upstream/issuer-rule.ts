import type { OidcUpstreamConfig } from '../config/config.ts';
import type { IssuerRule } from '../config/upstream-settings.ts';

/** Stands for a tenant in Entra ID's metadata and in our templates. */
const placeholder = '{tenantid}';

/** Tenants are GUIDs; no other text may fill a template, whatever a token says. */
const tenantForm = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** Issuers whose documented second spelling is admitted without a profile too. */
const spellings: Readonly<Record<string, readonly string[]>> = {
  'https://accounts.google.com': ['accounts.google.com'],
};

function ruleOf({ issuer, settings }: OidcUpstreamConfig): IssuerRule {
  const issuers = settings.issuerRule.kind === 'exact' ? spellings[issuer] : undefined;
  return issuers ? { kind: 'also', issuers } : settings.issuerRule;
}

/** Whether a metadata document may carry this issuer (OpenID Connect Discovery §4.3, as far as the rule has it). */
export function admitsDocument(issuer: string, config: OidcUpstreamConfig): boolean {
  const rule = ruleOf(config);
  if (rule.kind === 'tenant')
    return issuer === rule.template || tenantIn(issuer, rule.template, rule.tenants) !== null;
  return issuer === config.issuer || (rule.kind === 'also' && rule.issuers.includes(issuer));
}

/**
 * The issuer that an ID token has to name, seen its claims before they are verified: what is returned is compared with `iss`,
 * and everything else is checked after. `null`: nothing that it could name would do.
 * @param issuer of the metadata document
 */
export function issuerFor(
  claims: Readonly<Record<string, unknown>>,
  issuer: string,
  config: OidcUpstreamConfig,
): string | null {
  const rule = ruleOf(config);
  if (rule.kind === 'exact') return issuer;
  if (rule.kind === 'also')
    return [issuer, config.issuer, ...rule.issuers].find((one) => one === claims['iss']) ?? issuer;
  const tenant = claims['tid'];
  if (typeof tenant !== 'string' || !isAdmitted(tenant, rule.tenants)) return null;
  // A document of one tenant speaks for that one only.
  const own = issuer === rule.template ? null : tenantIn(issuer, rule.template, null);
  if (own !== null && own !== tenant.toLowerCase()) return null;
  return rule.template.replace(placeholder, tenant);
}

/** The issuer that a callback may name in `iss` (RFC 9207 §2.4); the tenant is told by the ID token. */
export function issuerOfCallback(named: string | null, issuer: string, config: OidcUpstreamConfig): string {
  const rule = ruleOf(config);
  if (named === null || rule.kind === 'exact') return issuer;
  if (rule.kind === 'also')
    return [issuer, config.issuer, ...rule.issuers].find((one) => one === named) ?? issuer;
  return tenantIn(named, rule.template, rule.tenants) === null ? issuer : named;
}

/** The tenant in an issuer that has the template's form, in lower case; `null` when it has not, or it is not admitted. */
function tenantIn(issuer: string, template: string, tenants: readonly string[] | null): string | null {
  const [before = '', after = ''] = template.split(placeholder);
  if (issuer.length <= before.length + after.length) return null;
  if (!issuer.startsWith(before) || !issuer.endsWith(after)) return null;
  const tenant = issuer.slice(before.length, issuer.length - after.length);
  return isAdmitted(tenant, tenants) ? tenant.toLowerCase() : null;
}

function isAdmitted(tenant: string, tenants: readonly string[] | null): boolean {
  if (!tenantForm.test(tenant)) return false;
  return tenants === null || tenants.some((one) => one.toLowerCase() === tenant.toLowerCase());
}
