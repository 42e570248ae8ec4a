import { profiles } from '../profiles/profiles.ts';
import type { ProviderSettings } from '../profiles/settings.ts';
import { variableNames } from '../profiles/variables.ts';
import type { VariableName } from '../profiles/variables.ts';
import type { UpstreamAuthMethod } from './config.ts';
import type { Findings, Path } from './problems.ts';
import { layerProfile } from './profile-layers.ts';
import { settingsFrom } from './profile-settings.ts';
import { itemsOf, textsOf } from './resolving.ts';
import type { Resolving } from './resolving.ts';
import type { UpstreamSection } from './schema-upstreams.ts';
import type { Sieved } from './shape.ts';
import { checkTokenPaths } from './token-paths.ts';
import { loadClientKey, loadTransport } from './upstream-transport.ts';
import type { UpstreamSettings } from './upstream-settings.ts';

/** How an upstream with a profile is spoken to. */
export interface Spoken {
  /** The profile with the file over it. */
  readonly written: Sieved<ProviderSettings>;
  readonly settings: UpstreamSettings;
  /** How a secret is sent when the file does not say. */
  readonly usual: UpstreamAuthMethod | null;
}

/** What people call the provider of a profile; `null` where a profile is anybody's. */
export function titleOf(name: string | undefined): string | null {
  const profile = profiles.get(name ?? '');
  return profile?.name.startsWith('generic-') ? null : (profile?.title ?? null);
}

interface Place {
  readonly resolving: Pick<Resolving, 'io' | 'findings'>;
  readonly path: Path;
}

// `variableNames` has exactly the names of `VariableName`.
const variableFields = Object.keys(variableNames) as readonly VariableName[];

/** Settings that would be read and mean nothing, by the type of upstream that has no use for them. */
const useless: Readonly<Record<'oidc' | 'oauth2', readonly (keyof ProviderSettings)[]>> = {
  oidc: ['authorization_endpoint', 'token_endpoint', 'identity_from_token', 'github_api_url'],
  oauth2: ['issuer_url', 'issuer_aliases', 'issuer_template', 'tenants', 'subject_claim', 'subject_claims'],
};

/** Parameters of token requests that are ours to set. */
const reserved: ReadonlySet<string> = new Set([
  'grant_type',
  'code',
  'code_verifier',
  'redirect_uri',
  'refresh_token',
  'scope',
  'client_id',
  'client_secret',
  'client_assertion',
  'client_assertion_type',
  'resource',
]);

/** Reads what the profile of an upstream and the file say together. `null`: there is no such profile. */
export async function resolveSpoken(section: Sieved<UpstreamSection>, place: Place): Promise<Spoken | null> {
  const { resolving, path } = place;
  const { findings } = resolving;
  const profile = profiles.get(section.profile ?? '');
  if (!profile) return null;
  checkVariables(section, { variables: Object.keys(profile.variables), name: profile.name, path, findings });
  const { settings: written } = layerProfile(profile, section, { path, findings });
  checkParams(written, { path, findings });
  checkTokenPaths(written, { path, findings });
  checkUses(section, written, { path, findings });
  const audience = written.client_assertion_audience ?? 'issuer';
  return {
    written,
    settings: settingsFrom(written, {
      profile: profile.name,
      clientKey: await loadClientKey(section, audience, place),
      transport: await loadTransport(section, place),
    }),
    usual: written.token_endpoint_auth_method ?? null,
  };
}

interface Where {
  readonly path: Path;
  readonly findings: Findings;
}

function checkVariables(
  section: Sieved<UpstreamSection>,
  context: Where & { readonly variables: readonly string[]; readonly name: string },
): void {
  const { path, findings, variables, name } = context;
  for (const field of variableFields) {
    if (section[field] === undefined || variables.includes(field)) continue;
    findings.refuse([...path, field], {
      problem: `is not a variable of the profile ${name}`,
      fix: variables.length > 0 ? `remove it; ${name} takes ${variables.join(', ')}` : 'remove it',
    });
  }
}

function checkParams(written: Sieved<ProviderSettings>, { path, findings }: Where): void {
  for (const field of ['token_params', 'refresh_params'] as const) {
    for (const [name] of textsOf(written[field])) {
      if (reserved.has(name))
        findings.refuse([...path, field, name], {
          problem: 'is a parameter that we set ourselves',
          fix: name === 'resource' ? 'write resource beside it' : 'remove it',
        });
    }
  }
}

function checkUses(
  section: Sieved<UpstreamSection>,
  written: Sieved<ProviderSettings>,
  { path, findings }: Where,
): void {
  const { type } = written;
  for (const field of type === undefined ? [] : useless[type]) {
    if (section[field] !== undefined)
      findings.refuse([...path, field], {
        problem: `means nothing for the type ${type}`,
        fix: 'remove it, or write the other type',
      });
  }
  for (const [one, other] of [
    ['subject_claim', 'subject_claims'],
    ['issuer_aliases', 'issuer_template'],
  ] as const) {
    if (section[one] !== undefined && section[other] !== undefined)
      findings.refuse([...path, one], { problem: `is there beside ${other}`, fix: 'remove one of the two' });
  }
  if (section.tenants !== undefined && written.issuer_template === undefined)
    findings.refuse([...path, 'tenants'], {
      problem: 'is there, and the issuer is that of one tenant',
      fix: 'remove it, or sign people of several tenants in (Entra ID: tenant: organizations)',
    });
  else checkTenants(section.tenants, { path: [...path, 'tenants'], findings });
}

/** None would read as all, and a name would admit nobody: tokens tell ids. */
function checkTenants(tenants: Sieved<UpstreamSection>['tenants'], { path, findings }: Where): void {
  if (tenants === undefined) return;
  const ids = itemsOf(tenants);
  const named = ids.find(({ item }) => !/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/iu.test(item));
  if (ids.length === 0 || named)
    findings.refuse(path, {
      problem: named ? `has ${named.item}, which is not the id of a tenant` : 'is empty',
      fix: 'write ids such as 11111111-2222-4333-8444-555555555555, or leave it out to admit every tenant',
    });
}

/** Fields that only go with a profile. */
export function checkNoProfile(section: Sieved<UpstreamSection>, { path, findings }: Where): void {
  const { type, oidc_config: oidc, oauth2_config: oauth2 } = section;
  // Its word is not known, which has been complained about.
  if (findings.hasRefused([...path, 'profile'])) return;
  const fields = Object.keys(section).filter((field) => !profileless.has(field));
  for (const field of fields)
    findings.refuse([...path, field], {
      problem: 'goes with a profile, and there is none',
      fix:
        oidc === undefined && oauth2 === undefined
          ? `add profile: generic-${type ?? 'oidc'}`
          : `remove it, or write profile: generic-${type ?? 'oidc'} and move the fields of ${type ?? 'oidc'}_config up`,
    });
}

/** ToolHive's own form has no place beside a profile. */
export function checkProfileForm(section: Sieved<UpstreamSection>, { path, findings }: Where): void {
  for (const field of ['oidc_config', 'oauth2_config'] as const) {
    if (section[field] !== undefined)
      findings.refuse([...path, field], {
        problem: 'is there beside a profile',
        fix: 'move its fields up, beside profile, and remove it',
      });
  }
}

const profileless: ReadonlySet<string> = new Set([
  'name',
  'display_name',
  'when',
  'icon',
  'keep_alive',
  'type',
  'oidc_config',
  'oauth2_config',
]);
