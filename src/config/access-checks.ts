import { readExpression } from './access-expression.ts';
import { githubApi, isEntra, isGoogle } from './access-issuers.ts';
import type { AccessRule, UpstreamConfig } from './config.ts';
import type { Complaint, Findings, Path } from './problems.ts';

/** Where complaints about a rule go. */
interface At {
  readonly path: Path;
  readonly findings: Findings;
}

/** A kind of text that can never match in another form. */
interface Form {
  readonly field: string;
  readonly texts: readonly string[] | undefined;
  readonly pattern: RegExp;
  readonly complaint: Complaint;
}

const domainComplaint: Complaint = {
  problem: 'is not a domain',
  fix: 'write something like example.com; wildcards do not exist, list each domain',
};

/** A condition that can never hold is a mistake that somebody would find out by being locked out. */
export async function checkRule(rule: AccessRule, { path, findings }: At): Promise<void> {
  const { name, groupsClaim, rolesClaim, ...conditions } = rule;
  if (Object.keys(conditions).length === 0)
    findings.refuse(path, {
      problem: 'is a rule without conditions',
      fix: 'write emails, email_domains, groups, claim or another condition; for everybody write access: anyone',
    });
  checkName(name, { path, findings });
  for (const { field, texts, pattern, complaint } of formsOf(rule)) {
    for (const [index, text] of (texts ?? []).entries())
      if (!pattern.test(text)) findings.refuse([...path, field, index], complaint);
  }
  if (groupsClaim !== undefined && !rule.groups) refuseAlone('groups', { path, findings });
  if (rolesClaim !== undefined && !rule.roles) refuseAlone('roles', { path, findings });
  if (rule.expression !== undefined) await checkExpression(rule.expression, { path, findings });
}

function checkName(name: string | undefined, { path, findings }: At): void {
  if (name !== undefined && !/^[\w .:@/-]{1,64}$/.test(name))
    findings.refuse([...path, 'name'], {
      problem: 'is not a name for log lines',
      fix: 'write at most 64 letters, digits, spaces and . : @ / _ -',
    });
}

function refuseAlone(key: 'groups' | 'roles', { path, findings }: At): void {
  findings.refuse([...path, `${key}_claim`], { problem: `is there without ${key}`, fix: `add ${key}` });
}

async function checkExpression(text: string, { path, findings }: At): Promise<void> {
  const read = await readExpression(text);
  if (read.r === 'ok') return;
  const where = read.at === null ? '' : `at character ${read.at}: `;
  findings.refuse([...path, 'expression'], {
    problem: `${where}${read.problem}`,
    fix: 'write a condition over user, claims, upstream, client and resource, as docs/access.md shows',
  });
}

function formsOf(rule: AccessRule): readonly Form[] {
  return [
    {
      field: 'emails',
      texts: rule.emails,
      pattern: /^[^\s@*][^\s*]*@[^\s@*]+$/,
      complaint: {
        problem: 'is not an e-mail address',
        fix: 'write something like bob@example.com; for everybody of a domain use email_domains',
      },
    },
    {
      field: 'email_domains',
      texts: rule.emailDomains,
      pattern: /^@?[^\s@*/:]+\.[^\s@*/:]+$/,
      complaint: domainComplaint,
    },
    {
      field: 'google_hosted_domains',
      texts: rule.googleHostedDomains,
      pattern: /^[^\s@*/:]+\.[^\s@*/:]+$/,
      complaint: domainComplaint,
    },
    {
      field: 'entra_tenants',
      texts: rule.entraTenants,
      pattern: /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/,
      complaint: {
        problem: 'is not the id of a tenant',
        fix: 'write the tenant’s id (a GUID) and not its domain: only the id is in tokens',
      },
    },
    {
      field: 'github_organizations',
      texts: rule.githubOrganizations,
      pattern: /^[a-z\d](?:[a-z\d_-]*[a-z\d_])?$/,
      complaint: {
        problem: 'is not the name of an organization',
        fix: 'write it as in its address, github.com/NAME',
      },
    },
    {
      field: 'github_teams',
      texts: rule.githubTeams,
      pattern: /^[a-z\d](?:[a-z\d_-]*[a-z\d_])?\/[a-z\d][a-z\d_.-]*$/,
      complaint: {
        problem: 'is not the name of a team',
        fix: 'write organization/team, as in the team’s address',
      },
    },
  ];
}

/** The upstreams of the file, and those of them whose people the rules are about. */
interface Known {
  readonly upstreams: readonly UpstreamConfig[];
  readonly identifying: readonly UpstreamConfig[];
}

/** Rules about one kind of provider need one of that kind. */
export function checkUsefulFor(
  rule: AccessRule,
  { path, findings, upstreams, identifying }: At & Known,
): void {
  const named = identifying.filter(({ name }) => rule.upstream === undefined || name === rule.upstream);
  if (named.length === 0 && identifying.length > 0)
    return findings.refuse([...path, 'upstream'], {
      problem: upstreams.some(({ name }) => name === rule.upstream)
        ? 'can never hold: that upstream does not say who somebody is'
        : 'is no upstream of this file',
      fix: `write one of: ${identifying.map(({ name }) => name).join(', ')}`,
    });
  if (identifying.length === 0) return;
  if (rule.upstream === undefined && identifying.length > 1)
    checkWhoseWords(rule, { path, findings, identifying });
  if (rule.googleHostedDomains && !named.some((upstream) => isGoogle(upstream)))
    findings.refuse([...path, 'google_hosted_domains'], {
      problem: 'can never hold: no upstream here has Google’s issuer, https://accounts.google.com',
      fix: 'use email_domains or claim for another provider',
    });
  if (rule.entraTenants && !named.some((upstream) => isEntra(upstream)))
    findings.refuse([...path, 'entra_tenants'], {
      problem:
        'can never hold: no upstream here has an issuer of Microsoft’s, such as login.microsoftonline.com',
      fix: 'use claim for another provider',
    });
  if (!rule.githubOrganizations && !rule.githubTeams) return;
  const github = named.filter((upstream) => githubApi(upstream) !== null);
  if (github.length === 0)
    findings.refuse([...path, rule.githubTeams ? 'github_teams' : 'github_organizations'], {
      problem: 'can never hold: no upstream here is known to be GitHub',
      fix: 'for GitHub Enterprise Server add oauth2_config.github_api_url',
    });
  if (github.some(({ scopes }) => scopes !== null && !scopes.some((scope) => readsOrganizations.has(scope))))
    findings.warn(
      path,
      'asks GitHub for memberships, which OAuth apps may read only with the scope read:org',
    );
}

/** Ids, groups and claims mean something at one provider: at another one somebody else may have the same. */
function checkWhoseWords(
  rule: AccessRule,
  { path, findings, identifying }: At & Omit<Known, 'upstreams'>,
): void {
  const fields = (['subjects', 'groups', 'roles', 'claim'] as const).filter((field) => rule[field]);
  for (const field of fields)
    findings.refuse([...path, field], {
      problem: 'does not say whose: people may choose among several upstreams',
      fix: `add upstream (${identifying.map(({ name }) => name).join(' or ')}) to the rule, and write one rule for each`,
    });
}

const readsOrganizations: ReadonlySet<string> = new Set(['read:org', 'write:org', 'admin:org', 'user']);
