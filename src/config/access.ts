import type { AccessConfig, AccessRule, UpstreamConfig } from './config.ts';
import type { Path } from './problems.ts';
import { itemsOf } from './resolving.ts';
import type { Resolving } from './resolving.ts';
import type { AccessRuleSection } from './schema-ours.ts';
import type { Sieved } from './shape.ts';

/** Reads who may sign in. Without a word about it everybody may, and a warning says so. */
export function resolveAccess(
  { config, findings }: Resolving,
  upstreams: readonly UpstreamConfig[],
): AccessConfig {
  if (config.access === undefined) {
    findings.warn(['access'], 'is not set: everybody with an account at the upstream may sign in');
    return 'unset';
  }
  if (typeof config.access === 'string') return config.access;
  if (upstreams.some((upstream) => upstream.type === 'oauth2' && upstream.userinfo === null))
    findings.refuse(['access'], {
      problem: 'has rules, and the upstream tells no identity that they could be checked against',
      fix: 'add oauth2_config.userinfo; without it only access: anyone lets somebody in',
    });
  return itemsOf(config.access).map(({ item, index }) => {
    const rule = ruleFrom(item);
    if (Object.keys(rule).length === 0)
      findings.refuse(['access', index], {
        problem: 'is a rule without conditions',
        fix: 'write emails, email_domains, subjects or claim; for everybody write access: anyone',
      });
    checkEmails(rule, { path: ['access', index], findings });
    return rule;
  });
}

function ruleFrom(section: Sieved<AccessRuleSection>): AccessRule {
  const list = (items: readonly (string | undefined)[]): readonly string[] =>
    itemsOf(items).map(({ item }) => item);
  const { emails, email_domains: domains, subjects, claim } = section;
  return {
    ...(emails && { emails: list(emails) }),
    ...(domains && { emailDomains: list(domains) }),
    ...(subjects && { subjects: list(subjects) }),
    ...(claim && { claim: { name: claim.name ?? '', contains: claim.contains ?? '' } }),
  };
}

/** A condition that can never hold is a mistake that somebody would find out by being locked out. */
function checkEmails(
  rule: AccessRule,
  { path, findings }: Pick<Resolving, 'findings'> & { readonly path: Path },
): void {
  for (const [index, email] of (rule.emails ?? []).entries()) {
    if (!/^[^\s@*][^\s*]*@[^\s@*]+$/.test(email))
      findings.refuse([...path, 'emails', index], {
        problem: 'is not an e-mail address',
        fix: 'write something like bob@example.com; for everybody of a domain use email_domains',
      });
  }
  for (const [index, domain] of (rule.emailDomains ?? []).entries()) {
    if (!/^@?[^\s@*/:]+\.[^\s@*/:]+$/.test(domain))
      findings.refuse([...path, 'email_domains', index], {
        problem: 'is not a domain',
        fix: 'write something like example.com; wildcards do not exist, list each domain',
      });
  }
}
