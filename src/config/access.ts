import { checkRule, checkUsefulFor } from './access-checks.ts';
import type { AccessConfig, AccessRule, Config, UpstreamConfig } from './config.ts';
import { itemsOf } from './resolving.ts';
import type { Resolving } from './resolving.ts';
import type { AccessRuleSection } from './schema-access.ts';
import type { Sieved } from './shape.ts';
import { identifyingUpstreams } from './sign-in.ts';
import { checkUrl } from './urls.ts';

/** Reads who may sign in. Without a word about it everybody may, and a warning says so. */
export async function resolveAccess(
  { config, findings }: Resolving,
  { upstreams, signIn }: Pick<Config, 'upstreams' | 'signIn'>,
): Promise<AccessConfig> {
  const identifying = identifyingUpstreams({ upstreams, signIn });
  if (config.access === undefined) {
    findings.warn(['access'], 'is not set: everybody with an account at the upstream may sign in');
    return 'unset';
  }
  if (typeof config.access === 'string') return config.access;
  if (identifying.some((upstream) => tellsNothing(upstream)))
    findings.refuse(['access'], {
      problem: 'has rules, and the upstream tells no identity that they could be checked against',
      fix: 'add userinfo or identity_from_token; without either only access: anyone lets somebody in',
    });
  const rules = itemsOf(config.access).map(({ item, index }) => ({ rule: ruleFrom(item), index }));
  for (const { rule, index } of rules) {
    const at = { path: ['access', index], findings };
    // A rule that lost a key because of its shape would be a wider rule; the complaint about it stops the start.
    // oxlint-disable-next-line no-await-in-loop -- complaints keep the order of the rules
    await checkRule(rule, at);
    checkUsefulFor(rule, { ...at, upstreams, identifying });
  }
  return rules.map(({ rule }) => rule);
}

function tellsNothing(upstream: UpstreamConfig): boolean {
  if (upstream.type !== 'oauth2' || upstream.userinfo !== null) return false;
  return upstream.settings.identityFromToken === null;
}

function ruleFrom(section: Sieved<AccessRuleSection>): AccessRule {
  const { claim } = section;
  const keys: { readonly [K in keyof Required<AccessRule>]: AccessRule[K] | undefined } = {
    name: section.name,
    upstream: section.upstream,
    emails: texts(section.emails),
    emailDomains: texts(section.email_domains),
    subjects: texts(section.subjects),
    googleHostedDomains: texts(section.google_hosted_domains),
    entraTenants: texts(section.entra_tenants, lower),
    groups: texts(section.groups),
    groupsClaim: section.groups_claim,
    roles: texts(section.roles),
    rolesClaim: section.roles_claim,
    claim: claim && { name: claim.name ?? '', contains: claim.contains ?? '' },
    githubOrganizations: texts(section.github_organizations, lower),
    githubTeams: texts(section.github_teams, lower),
    expression: section.expression,
  };
  return Object.fromEntries(Object.entries(keys).filter(([, value]) => value !== undefined));
}

function texts(
  items: readonly (string | undefined)[] | undefined,
  form: (text: string) => string = (text) => text,
): readonly string[] | undefined {
  return items && itemsOf(items).map(({ item }) => form(item));
}

/** Only A–Z: names of tenants, organizations and teams have no other letters. */
function lower(text: string): string {
  return text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** Reads whom people may ask who have no access. */
export function resolveAccessContact({ config, findings }: Resolving): string | null {
  const { access_contact: contact } = config;
  if (contact === undefined) return null;
  const isEmail = /^[\w.+-]+@[a-z\d-]+(?:\.[a-z\d-]+)+$/i.test(contact);
  const isUrl = /^https:/i.test(contact) && checkUrl(contact, { allowHttp: false }) === null;
  if (!isEmail && !isUrl)
    findings.refuse(['access_contact'], {
      problem: 'is neither an e-mail address nor an https URL',
      fix: 'write something like it-help@example.com or https://example.com/help',
    });
  return contact;
}
