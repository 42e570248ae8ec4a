import type { Findings, Path } from './problems.ts';
import { itemsOf, textsOf } from './resolving.ts';
import type { Resolving } from './resolving.ts';
import { suggest } from './suggest.ts';

/** The catalogue of scopes. */
export interface Scopes {
  readonly scopesSupported: readonly string[];
  readonly baselineClientScopes: readonly string[];
  readonly scopeDescriptions: Readonly<Record<string, string>>;
}

const defaultScopes = ['openid', 'profile', 'email', 'offline_access'];

/** Reads the catalogue; an empty list means the default. */
export function resolveScopes({ config, findings }: Resolving): Scopes {
  const listed = itemsOf(config.scopes_supported);
  for (const { item, index } of listed) {
    // RFC 6749 §3.3
    if (!/^[\x21\x23-\x5b\x5d-\x7e]+$/.test(item))
      findings.refuse(['scopes_supported', index], {
        problem: 'is not a scope',
        fix: 'write one scope per item, without spaces, quotes and backslashes',
      });
  }
  const scopesSupported = listed.length > 0 ? [...new Set(listed.map(({ item }) => item))] : defaultScopes;
  const context = { findings, known: scopesSupported, where: 'scopes_supported' };
  const baseline = itemsOf(config.baseline_client_scopes).map(({ item }) => item);
  checkSubset(baseline, { ...context, path: ['baseline_client_scopes'] });
  const descriptions = textsOf(config.scope_descriptions);
  for (const [scope] of descriptions) {
    if (!scopesSupported.includes(scope))
      findings.refuse(['scope_descriptions', scope], {
        problem: 'is not in scopes_supported',
        fix: fixFor(scope, context),
      });
  }
  return {
    scopesSupported,
    baselineClientScopes: [...new Set(baseline)],
    scopeDescriptions: Object.fromEntries(descriptions),
  };
}

/** Every item must be a known one; each that is not gets its own problem. */
export function checkSubset(
  items: readonly string[],
  context: {
    readonly path: Path;
    readonly findings: Findings;
    readonly known: readonly string[];
    /** Name of the field that lists the known ones. */
    readonly where: string;
  },
): void {
  for (const [index, item] of items.entries()) {
    if (!context.known.includes(item))
      context.findings.refuse([...context.path, index], {
        problem: `is not in ${context.where}`,
        fix: fixFor(item, context),
      });
  }
}

function fixFor(
  item: string,
  { known, where }: { readonly known: readonly string[]; readonly where: string },
): string {
  const meant = suggest(item, known);
  return meant === null
    ? `add it to ${where}, or remove it`
    : `did you mean "${meant}"? Or add it to ${where}`;
}
