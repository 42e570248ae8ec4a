/** Who may sign in. */
import { z } from 'zod';
import { optional, requiredText, section, someTexts, text } from './schema-fields.ts';

/** What a claim must be or contain. */
export interface ClaimRuleSection {
  name: string;
  contains: string;
}

/** Everything in a rule must hold. */
export interface AccessRuleSection {
  name?: string | undefined;
  upstream?: string | undefined;
  emails?: string[] | undefined;
  email_domains?: string[] | undefined;
  subjects?: string[] | undefined;
  google_hosted_domains?: string[] | undefined;
  entra_tenants?: string[] | undefined;
  groups?: string[] | undefined;
  groups_claim?: string | undefined;
  roles?: string[] | undefined;
  roles_claim?: string | undefined;
  claim?: ClaimRuleSection | undefined;
  github_organizations?: string[] | undefined;
  github_teams?: string[] | undefined;
  expression?: string | undefined;
}

/** Who may sign in. */
export type AccessSection = 'anyone' | AccessRuleSection[];

const accessRuleSchema: z.ZodType<AccessRuleSection> = section<AccessRuleSection>({
  name: text('What the log calls the rule. Default: rule and its number.', 'staff'),
  upstream: text('The rule holds only for people of this upstream. Default: of any.', 'okta'),
  emails: someTexts('E-mail addresses that the upstream has verified; compared without case.', [
    'bob@example.com',
  ]),
  email_domains: someTexts('Domains of verified e-mail addresses; compared whole and without case.', [
    'example.com',
  ]),
  subjects: someTexts('Ids of people at the upstream.', ['248289761001']),
  google_hosted_domains: someTexts(
    'Google Workspace domains: the claim hd, believed from Google’s own issuer alone.',
    ['example.com'],
  ),
  entra_tenants: someTexts(
    'Ids of Entra ID tenants: the claim tid, believed from Microsoft’s own issuers alone.',
    ['72f988bf-86f1-41af-91ab-2d7cd011db47'],
  ),
  groups: someTexts('Groups, letter by letter; one of them is enough.', ['engineering']),
  groups_claim: text(
    'Claim with the groups, a text or a list; dots lead into objects. Default: groups.',
    'cognito:groups',
  ),
  roles: someTexts('Roles, letter by letter; one of them is enough.', ['mcp-user']),
  roles_claim: text(
    'Claim with the roles, a text or a list; dots lead into objects. Default: roles.',
    'realm_access.roles',
  ),
  claim: optional(
    section<ClaimRuleSection>({
      name: requiredText('Name of the claim; dots lead into objects.', 'realm_access.roles'),
      contains: requiredText('What it equals, or contains when it is a list.', 'mcp-user'),
    }),
    'A claim of the ID token or of userinfo.',
  ),
  github_organizations: someTexts(
    'GitHub organizations, of which one must have the user as an active member; asked of GitHub with the user’s token. ' +
      'The upstream needs the scope read:org.',
    ['example-corp'],
  ),
  github_teams: someTexts('GitHub teams as organization/team, with the names that their addresses have.', [
    'example-corp/platform',
  ]),
  expression: text(
    'A condition in the Common Expression Language over user, claims, upstream, client and resource: docs/access.md.',
    'user.email_domain == "example.com" && "ops" in claims.groups',
  ),
});

export const accessSchema: z.ZodType<AccessSection> = z
  .union([z.literal('anyone'), z.array(accessRuleSchema).min(1)], {
    error: 'is neither anyone nor a list of rules',
  })
  .meta({
    description:
      'Who may sign in: anyone, or a list of rules. One rule is enough; everything in it must hold. Checked at sign-in and ' +
      'at every refresh.',
    examples: [[{ email_domains: ['example.com'] }]],
  });

export const accessContactSchema: z.ZodType<string | undefined> = text(
  'Whom people may ask who have no access: an e-mail address or an https URL, shown on the page that refuses them.',
  'it-help@example.com',
);
