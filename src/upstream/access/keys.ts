import type { AccessRule } from '../../config/config.ts';
import type { Identity } from '../../types/tokens.ts';
import { asciiDomain, splitAddress, verifiedAddress } from './addresses.ts';
import { claimAt, claimHasOneOf, kindOf } from './claims.ts';
import type { AccessQuestion, KeyOutcome } from './decision.ts';
import { expressionVariables } from './expression-variables.ts';
import { membershipsOf } from './memberships.ts';
import type { PreparedRule, UpstreamTrust } from './policy.ts';

/** What one key says: `null` when it holds, else why it does not, in words that fit a log. */
type Answer = string | null;

/** Looks at every key of a rule. A key that the configuration wrote is never skipped. */
export function keyOutcomes(
  { rule, expression }: PreparedRule,
  question: AccessQuestion,
  trust: UpstreamTrust,
): readonly KeyOutcome[] {
  const { identity } = question;
  const { upstream, emails, emailDomains, subjects, claim } = rule;
  const answers: readonly (readonly [key: string, answer: Answer | undefined])[] = [
    ['upstream', upstream && (upstream === identity.upstream ? null : 'the person is of another upstream')],
    ['emails', emails && withAddress(identity, () => hasEmail(emails, identity))],
    ['email_domains', emailDomains && withAddress(identity, () => hasEmailDomain(emailDomains, identity))],
    ['subjects', subjects && (subjects.includes(identity.subject) ? null : 'the subject is not on the list')],
    ['google_hosted_domains', hostedDomain(rule, identity, trust)],
    ['entra_tenants', tenant(rule, identity, trust)],
    ['groups', listed(rule.groups, { identity, name: rule.groupsClaim ?? 'groups' })],
    ['roles', listed(rule.roles, { identity, name: rule.rolesClaim ?? 'roles' })],
    ['claim', claim && listed([claim.contains], { identity, name: claim.name })],
    ['github_organizations', memberOf(rule.githubOrganizations, { identity, trust, of: 'organizations' })],
    ['github_teams', memberOf(rule.githubTeams, { identity, trust, of: 'teams' })],
    ['expression', expression === null ? undefined : conditionHolds(expression, question)],
  ];
  return answers.flatMap(([key, answer]) =>
    answer === undefined ? [] : [{ key, held: answer === null, why: answer ?? 'holds' }],
  );
}

function withAddress({ email, emailVerified }: Identity, holds: () => boolean): Answer {
  if (email === null) return 'the upstream told no e-mail';
  if (!emailVerified) return 'the upstream does not call the e-mail verified';
  return holds() ? null : 'the e-mail is another one';
}

function hasEmail(emails: readonly string[], identity: Identity): boolean {
  const mine = verifiedAddress(identity);
  if (mine === null) return false;
  return emails.some((email) => {
    const theirs = splitAddress(email);
    return theirs !== null && theirs.local === mine.local && theirs.domain === mine.domain;
  });
}

function hasEmailDomain(domains: readonly string[], identity: Identity): boolean {
  const mine = verifiedAddress(identity);
  if (mine === null) return false;
  return domains.some((domain) => asciiDomain(domain.replace(/^@/, '')) === mine.domain);
}

function hostedDomain(
  { googleHostedDomains }: AccessRule,
  { claims }: Identity,
  { google }: UpstreamTrust,
): Answer | undefined {
  if (!googleHostedDomains) return undefined;
  if (!google) return 'the upstream is not Google';
  const hd = claimAt(claims, 'hd');
  const mine = typeof hd === 'string' ? asciiDomain(hd) : null;
  if (mine === null) return 'the claim hd is not there: it is no account of a Google Workspace';
  const held = googleHostedDomains.some((domain) => asciiDomain(domain) === mine);
  return held ? null : 'the claim hd is another domain';
}

function tenant(
  { entraTenants }: AccessRule,
  { claims }: Identity,
  { entra }: UpstreamTrust,
): Answer | undefined {
  if (!entraTenants) return undefined;
  if (!entra) return 'the upstream is not Entra ID';
  const tid = Object.hasOwn(claims, 'tid') ? claims['tid'] : undefined;
  if (typeof tid !== 'string') return 'the claim tid is not there';
  return entraTenants.includes(tid) ? null : 'the claim tid is another tenant';
}

function listed(
  wanted: readonly string[] | undefined,
  { identity, name }: { readonly identity: Identity; readonly name: string },
): Answer | undefined {
  if (!wanted) return undefined;
  const value = claimAt(identity.claims, name);
  return claimHasOneOf(value, wanted) ? null : `the claim ${name} ${kindOf(value)}`;
}

function memberOf(
  wanted: readonly string[] | undefined,
  {
    identity,
    trust,
    of,
  }: { readonly identity: Identity; readonly trust: UpstreamTrust; readonly of: 'organizations' | 'teams' },
): Answer | undefined {
  if (!wanted) return undefined;
  if (!trust.github) return 'the upstream is not GitHub';
  const memberships = membershipsOf(identity);
  if (memberships === null) return 'GitHub has not been asked about memberships';
  if (wanted.some((name) => memberships[of].includes(name))) return null;
  return memberships.refused === null
    ? `GitHub lists none of these ${of} as an active membership`
    : `GitHub does not show memberships to this token (${memberships.refused})`;
}

function conditionHolds(
  expression: NonNullable<PreparedRule['expression']>,
  question: AccessQuestion,
): Answer {
  const variables = expressionVariables(question);
  if (variables === null) return 'the claims are too many, too long or too deep to be looked at';
  const result = expression(variables);
  if (result.r === 'failed') return result.what;
  return result.r === 'yes' ? null : 'it is false';
}
