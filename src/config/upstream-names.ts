import type { Findings, Path } from './problems.ts';
import type { UpstreamSection } from './schema-upstreams.ts';
import type { Sieved } from './shape.ts';

interface Named {
  readonly item: Sieved<UpstreamSection>;
  readonly index: number;
}

/**
 * Gives every upstream its name. A single one may go without and is `default`; several need their own, and none of them
 * may be `default`, so that adding a second one never renames the first behind the store's back.
 * @returns names by index
 */
export function checkNames(sections: readonly Named[], findings: Findings): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  const taken = new Set<string>();
  for (const { item, index } of sections) {
    const path: Path = ['upstreams', index, 'name'];
    const name = item.name ?? 'default';
    names.set(index, name);
    if (!/^[a-z\d](?:[a-z\d-]*[a-z\d])?$/.test(name))
      findings.refuse(path, {
        problem: 'is not a name of lower-case letters, digits and inner hyphens',
        fix: 'write a name such as okta or corp-sso',
      });
    else if (taken.has(name))
      findings.refuse(path, {
        problem: 'is the name of another upstream',
        fix: 'give each upstream its own name',
      });
    if (sections.length > 1 && name === 'default')
      findings.refuse(path, {
        problem: item.name === undefined ? 'is missing, and there are several upstreams' : 'is reserved',
        fix: 'give each upstream a name of its own, other than default',
      });
    taken.add(name);
  }
  return names;
}

/** The section of its type must be there, and the other must not. */
export function checkTypes(section: Sieved<UpstreamSection>, path: Path, findings: Findings): void {
  const { type } = section;
  if (type === undefined) {
    // A word that is not known was refused, and taken out, already.
    if (findings.hasRefused([...path, 'type']) || findings.hasRefused([...path, 'profile'])) return;
    findings.refuse([...path, 'type'], {
      problem: 'is missing',
      fix: 'add type: oidc or oauth2, or name a profile (sallyport config profiles lists them)',
    });
    return;
  }
  for (const other of ['oidc', 'oauth2'] as const) {
    const field = `${other}_config` as const;
    if (other === type && section[field] === undefined)
      findings.refuse([...path, field], {
        problem: `is missing, and the type is ${type}`,
        fix: `add ${field} with the provider’s addresses and client_id`,
      });
    if (other !== type && section[field] !== undefined)
      findings.refuse([...path, field], {
        problem: `must not be there when the type is ${type}`,
        fix: `remove it, or write type: ${other}`,
      });
  }
}
