import { closeHierarchy } from '../oauth/scope-hierarchy.ts';
import type { ScopeHierarchy } from '../oauth/scope-hierarchy.ts';
import { identityScopes } from '../oauth/scope.ts';
import type { Findings, Path } from './problems.ts';
import { itemsOf, textsOf } from './resolving.ts';
import type { Resolving } from './resolving.ts';
import type { ScopeSection } from './schema-scopes.ts';
import type { Sieved } from './shape.ts';
import { suggest } from './suggest.ts';

/** The catalogue of scopes. */
export interface Scopes {
  readonly scopesSupported: readonly string[];
  readonly baselineClientScopes: readonly string[];
  readonly scopeDescriptions: Readonly<Record<string, string>>;
  readonly scopeHierarchy: ScopeHierarchy;
  readonly scopesOnDemand: readonly string[];
}

type Sections = readonly (readonly [scope: string, section: Sieved<ScopeSection>])[];

/** Reads the catalogue; an empty list means the default. */
export function resolveScopes(resolving: Resolving): Scopes {
  const { config, findings } = resolving;
  const sections: Sections = Object.entries(config.scopes ?? {}).flatMap(([scope, section]) =>
    section === undefined ? [] : [[scope, section] as const],
  );
  const scopesSupported = supportedFrom(resolving, sections);
  const context = { findings, known: scopesSupported, where: 'scopes_supported' };
  const baseline = itemsOf(config.baseline_client_scopes).map(({ item }) => item);
  checkSubset(baseline, { ...context, path: ['baseline_client_scopes'] });
  const descriptions = textsOf(config.scope_descriptions);
  for (const [scope] of descriptions) checkKnown(scope, { ...context, path: ['scope_descriptions', scope] });
  for (const [scope, { description }] of sections) {
    checkKnown(scope, { ...context, path: ['scopes', scope] });
    if (description !== undefined && descriptions.some(([described]) => described === scope))
      findings.refuse(['scope_descriptions', scope], {
        problem: 'is said a second time in scopes',
        fix: 'remove one of them',
      });
  }
  return {
    scopesSupported,
    baselineClientScopes: [...new Set(baseline)],
    scopeDescriptions: Object.fromEntries([
      ...descriptions,
      ...sections.flatMap(([scope, { description }]) =>
        description === undefined ? [] : [[scope, description] as const],
      ),
    ]),
    scopeHierarchy: hierarchyFrom(sections, context),
    scopesOnDemand: sections.flatMap(([scope, section]) => (section.default === false ? [scope] : [])),
  };
}

function supportedFrom({ config, findings }: Resolving, sections: Sections): readonly string[] {
  const listed = itemsOf(config.scopes_supported);
  for (const { item, index } of listed) checkForm(item, ['scopes_supported', index], findings);
  for (const [scope] of sections) checkForm(scope, ['scopes', scope], findings);
  const names = listed.length > 0 ? listed.map(({ item }) => item) : [...usual, ...sections.map(nameOf)];
  return [...new Set(names)];
}

const usual: readonly string[] = ['openid', 'profile', 'email', 'offline_access'];

function nameOf([scope]: Sections[number]): string {
  return scope;
}

/** RFC 6749 §3.3 */
function checkForm(scope: string, path: Path, findings: Findings): void {
  if (!/^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope))
    findings.refuse(path, {
      problem: 'is not a scope',
      fix: 'write one scope per item, without spaces, quotes and backslashes',
    });
}

interface Catalogue {
  readonly findings: Findings;
  readonly known: readonly string[];
  /** Name of the field that lists the known ones. */
  readonly where: string;
}

function hierarchyFrom(sections: Sections, catalogue: Catalogue): ScopeHierarchy {
  const { findings } = catalogue;
  const direct = sections.map(([scope, { implies }]) => {
    const path: Path = ['scopes', scope, 'implies'];
    const included = itemsOf(implies).map(({ item }) => item);
    checkSubset(included, { ...catalogue, path });
    if (included.length > 0 && [scope, ...included].some((one) => identityScopes.includes(one)))
      findings.refuse(path, {
        problem: `is about one of ${identityScopes.join(', ')}, which say what a client learns and not what it may do`,
        fix: 'remove it; clients ask for these by themselves',
      });
    return [scope, included] as const;
  });
  const closed = closeHierarchy(Object.fromEntries(direct));
  if (closed.r === 'ok') return closed.hierarchy;
  const [first = ''] = closed.scopes;
  findings.refuse(['scopes', first, 'implies'], {
    problem: 'leads back to the scope itself',
    fix: 'let only the wider scope imply the narrower one',
  });
  return {};
}

/** Every item must be a known one; each that is not gets its own problem. */
export function checkSubset(
  items: readonly string[],
  { path, ...catalogue }: Catalogue & { readonly path: Path },
): void {
  for (const [index, item] of items.entries()) checkKnown(item, { ...catalogue, path: [...path, index] });
}

function checkKnown(
  item: string,
  { findings, known, where, path }: Catalogue & { readonly path: Path },
): void {
  if (known.includes(item)) return;
  findings.refuse(path, { problem: `is not in ${where}`, fix: fixFor(item, { known, where }) });
}

function fixFor(
  item: string,
  { known, where }: { readonly known: readonly string[]; readonly where: string },
): string {
  const meant = suggest(item, known);
  // Where a file has `scopes` alone, a list beside it would have to name all of them.
  const place = where === 'scopes_supported' ? 'scopes (or scopes_supported, where that is used)' : where;
  return meant === null
    ? `add it to ${place}, or remove it`
    : `did you mean "${meant}"? Or add it to ${place}`;
}
