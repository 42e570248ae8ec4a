import type { ProxyConfig, ToolRule } from './config.ts';
import type { Path } from './problems.ts';
import { itemsOf } from './resolving.ts';
import type { Resolving } from './resolving.ts';
import type { ProxySection } from './schema-ours.ts';
import { checkSubset } from './scopes.ts';
import type { Sieved } from './shape.ts';

/** Longest request body by default, in bytes. */
const usualMaxBody = 16_777_216;

/** The same where bodies are read: each is held as a whole, and parsing it takes the event loop's time. */
const usualReadBody = 4_194_304;

interface Place extends Resolving {
  readonly path: Path;
  /** Scopes that exist at this endpoint. */
  readonly known: readonly string[];
  /** Name of the field that lists them. */
  readonly where: string;
}

/** Reads what the tools of an endpoint need. */
export function resolveTools(
  { tools }: Sieved<ProxySection>,
  { path, findings, known, where }: Place,
): ProxyConfig['tools'] {
  if (tools === undefined) return null;
  const rules = Object.entries(tools).map(([pattern, list]): ToolRule => {
    const place = [...path, 'tools', pattern];
    if (!/\S/u.test(pattern) || pattern !== pattern.trim() || pattern.length > 512)
      findings.refuse(place, {
        problem: 'is not the name of a tool',
        fix: 'write a name or a pattern such as delete_*, without spaces around it',
      });
    const scopes = itemsOf(list).map(({ item }) => item);
    checkSubset(scopes, { findings, known, where, path: place });
    return { pattern, scopes };
  });
  if (!rules.some(({ pattern }) => pattern === '*'))
    findings.refuse([...path, 'tools'], {
      problem: 'does not say what all other tools need, also those that the MCP server gets one day',
      fix: 'add a rule for "*": a list of scopes, or [] when they need nothing more',
    });
  return rules;
}

/** Longest body of an endpoint, in bytes. */
export function resolveMaxBody(
  { tools, max_body: written }: Sieved<ProxySection>,
  { path, findings }: Pick<Place, 'path' | 'findings'>,
): number {
  if (tools !== undefined && written !== undefined && written > usualMaxBody)
    findings.refuse([...path, 'max_body'], {
      problem: 'is more than can be read to see which tool is called',
      fix: `write at most ${usualMaxBody}, or remove tools`,
    });
  return written ?? (tools === undefined ? usualMaxBody : usualReadBody);
}
