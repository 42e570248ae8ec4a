import type { Profile, Variable } from '../profiles/profile.ts';
import type { ProviderSettings } from '../profiles/settings.ts';
import type { Findings, Path } from './problems.ts';
import type { UpstreamSection } from './schema-upstreams.ts';
import type { Sieved } from './shape.ts';
import { isPlainObject } from './tidy.ts';

/** Where an effective value is from. */
export type Origin =
  | { readonly from: 'file' }
  /** `because`: the variant that says so. */
  | { readonly from: 'profile'; readonly because: string | null };

/** A profile with its variables filled in and the file's own words over it. */
export interface Layered {
  readonly settings: Sieved<ProviderSettings>;
  /** By place, such as `userinfo.endpoint_url`. */
  readonly origins: ReadonlyMap<string, Origin>;
}

interface Leaf {
  readonly path: readonly string[];
  readonly value: unknown;
  readonly origin: Origin;
}

type Leaves = ReadonlyMap<string, Leaf>;

/** Of two settings for the same thing, the one that is said later counts. */
const exclusive: Readonly<Record<string, string>> = {
  subject_claim: 'subject_claims',
  subject_claims: 'subject_claim',
  issuer_aliases: 'issuer_template',
  issuer_template: 'issuer_aliases',
};

/** Which settings an upstream's section may override: all. */
const settingNames: readonly string[] = Object.keys({
  type: 0,
  issuer_url: 0,
  authorization_endpoint: 0,
  token_endpoint: 0,
  scopes: 0,
  scope_parameter: 0,
  scope_separator: 0,
  additional_authorization_params: 0,
  token_params: 0,
  refresh_params: 0,
  resource: 0,
  refresh_scope: 0,
  pkce: 0,
  token_endpoint_auth_method: 0,
  client_assertion_audience: 0,
  missing_expires_in: 0,
  token_type: 0,
  token_response_mapping: 0,
  identity_from_token: 0,
  userinfo: 0,
  github_api_url: 0,
  issuer_aliases: 0,
  issuer_template: 0,
  tenants: 0,
  subject_claim: 0,
  subject_claims: 0,
  email_verified_when_absent: 0,
  email_verified_as_text: 0,
  revocation: 0,
} satisfies Record<keyof ProviderSettings, 0>);

/**
 * Puts the file over the variants of a profile over the profile itself: single values and lists are replaced, maps and
 * sections are united name by name. Then fills the variables into what is left of the profile, and complains about those
 * that are missing there.
 */
export function layerProfile(
  profile: Profile,
  section: Sieved<UpstreamSection>,
  place: { readonly path: Path; readonly findings: Findings },
): Layered {
  const values = variableValues(profile, section, place);
  const variants = (profile.variants ?? []).filter(({ when }) =>
    Object.entries(when).every(([name, wanted]) => {
      const value = values.get(name);
      return wanted === 'given' ? given(section, name) !== undefined : wanted.includes(value ?? '');
    }),
  );
  let leaves: Leaves = leavesOf(profile.settings, { from: 'profile', because: null });
  for (const { settings, about } of variants)
    leaves = over(leaves, leavesOf(settings, { from: 'profile', because: about }));
  const own = Object.fromEntries(Object.entries(section).filter(([name]) => settingNames.includes(name)));
  leaves = over(leaves, leavesOf(own, { from: 'file' }));
  const all = fill(leaves, { profile, values, ...place });
  const origins = new Map([...all].map(([name, { origin }]) => [name, origin]));
  return { settings: sectionOf(all.values()), origins };
}

function over(lower: Leaves, upper: Leaves): Leaves {
  const taken = new Set([...upper.values()].map(({ path: [name = ''] }) => exclusive[name]));
  // An empty text takes a parameter away: RFC 6749 §3.1 reads one that is sent as left out.
  const gone = new Set([...upper].filter(([, { value }]) => value === '').map(([name]) => name));
  return new Map(
    [...lower, ...upper].filter(([name, leaf]) => {
      const below = upper.get(name) !== leaf;
      return !gone.has(name) && !(below && taken.has(leaf.path[0]));
    }),
  );
}

function leavesOf(value: object, origin: Origin): Map<string, Leaf> {
  return new Map(leavesBelow(value, origin, []));
}

function* leavesBelow(
  value: object,
  origin: Origin,
  path: readonly string[],
): Generator<readonly [string, Leaf]> {
  for (const [name, below] of Object.entries(value) as [string, unknown][]) {
    const place = [...path, name];
    if (isPlainObject(below)) yield* leavesBelow(below, origin, place);
    else if (below !== undefined) yield [place.join('.'), { path: place, value: below, origin }];
  }
}

function sectionOf(leaves: Iterable<Leaf>): Sieved<ProviderSettings> {
  const root: Record<string, unknown> = {};
  for (const { path, value } of leaves) {
    let place = root;
    for (const step of path.slice(0, -1)) {
      const below = Object.hasOwn(place, step) ? place[step] : undefined;
      const next = isPlainObject(below) ? below : {};
      Object.defineProperty(place, step, { value: next, enumerable: true, configurable: true });
      place = next;
    }
    const last = path.at(-1) ?? '';
    Object.defineProperty(place, last, { value, enumerable: true, configurable: true });
  }
  // Each leaf came from a value of that type, at the same place.
  return root;
}

/** What the file says of a variable. */
function given(section: Sieved<UpstreamSection>, name: string): string | undefined {
  const value: unknown = Object.hasOwn(section, name) ? Reflect.get(section, name) : undefined;
  return typeof value === 'string' ? value : undefined;
}

function variableValues(
  { variables }: Profile,
  section: Sieved<UpstreamSection>,
  { path, findings }: { readonly path: Path; readonly findings: Findings },
): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  if (section.client_id !== undefined) values.set('client_id', section.client_id);
  for (const [name, variable] of Object.entries(variables)) {
    const value = given(section, name) ?? variable.usual;
    if (value === undefined) continue;
    values.set(name, value);
    if (!new RegExp(`^(?:${variable.pattern})$`, 'u').test(value))
      findings.refuse([...path, name], {
        problem: 'is not of the form that this profile needs',
        fix: `write something like ${JSON.stringify(variable.example)} (${variable.about})`,
      });
  }
  return values;
}

interface Filling {
  readonly profile: Profile;
  readonly values: ReadonlyMap<string, string>;
  readonly path: Path;
  readonly findings: Findings;
}

/** Leaves with an optional variable that nobody gave are left out; the file's own words are taken as they are. */
function fill(leaves: Leaves, filling: Filling): Leaves {
  return new Map(
    [...leaves].flatMap(([name, leaf]) => {
      if (leaf.origin.from === 'file') return [[name, leaf] as const];
      const value = Array.isArray(leaf.value)
        ? leaf.value.map((item) => fillText(item, name, filling))
        : fillText(leaf.value, name, filling);
      const lacks = value === null || (Array.isArray(value) && value.includes(null));
      return lacks ? [] : [[name, { ...leaf, value }] as const];
    }),
  );
}

/** `null`: a variable is not there. */
function fillText(value: unknown, setting: string, { profile, values, path, findings }: Filling): unknown {
  if (typeof value !== 'string') return value;
  const variables: Readonly<Record<string, Variable>> = profile.variables;
  const names = [...value.matchAll(/\{(\w+)\}/gu)].map(([, name = '']) => name);
  const missing = names.filter((name) => Object.hasOwn(variables, name) && !values.has(name));
  for (const name of missing) {
    const variable = variables[name];
    if (!variable || variable.optional) continue;
    findings.refuse([...path, name], {
      problem: `is missing, and the profile ${profile.name} makes ${setting} of it`,
      fix: `add ${name}: ${JSON.stringify(variable.example)} (${variable.about})`,
    });
  }
  if (missing.length > 0) return null;
  // Braces that are no variable stay: `{tenantid}` is the provider's own.
  return value.replaceAll(/\{(\w+)\}/gu, (whole, name: string) => values.get(name) ?? whole);
}
