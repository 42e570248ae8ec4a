import { LRUCache } from 'lru-cache';
import type { ToolRule } from '../config/config.ts';

/** Which scopes the tools of one endpoint need. */
export interface ToolRules {
  /** Beside those that every request needs. */
  readonly scopesFor: (name: string) => readonly string[];
  /** Names that rules have in full. */
  readonly names: ReadonlySet<string>;
}

/** Names whose scopes are remembered. */
const remembered = 1000;

/**
 * The most specific rule decides: the name itself, else the pattern with the most characters that are not `*`; of several
 * that are alike, all. A name that only differs in case from what a rule matches needs that rule's scopes too, since the
 * server behind may not tell them apart.
 */
export function createToolRules(rules: readonly ToolRule[]): ToolRules {
  const folded = rules.map(({ pattern, scopes }) => ({ pattern: pattern.toLowerCase(), scopes }));
  const names = new Set(rules.filter(({ pattern }) => !pattern.includes('*')).map(({ pattern }) => pattern));
  const known = new LRUCache<string, readonly string[]>({ max: remembered });
  const judge = (name: string): readonly string[] => {
    const exact = decide(rules, name);
    if (names.has(name)) return exact;
    return [...new Set([...exact, ...decide(folded, name.toLowerCase())])];
  };
  return {
    names,
    scopesFor(name) {
      const found = known.get(name);
      if (found) return found;
      const scopes = judge(name);
      known.set(name, scopes);
      return scopes;
    },
  };
}

function decide(rules: readonly ToolRule[], name: string): readonly string[] {
  const matching = rules.filter(({ pattern }) => matchesGlob(pattern, name));
  const most = Math.max(...matching.map(({ pattern }) => weight(pattern)));
  return matching.filter(({ pattern }) => weight(pattern) === most).flatMap(({ scopes }) => scopes);
}

/** A name in full is above every pattern. */
function weight(pattern: string): number {
  return pattern.includes('*') ? pattern.replaceAll('*', '').length : Number.MAX_SAFE_INTEGER;
}

/** `*` stands for any characters, none included; nothing else is special. Takes no longer than both lengths multiplied. */
function matchesGlob(pattern: string, name: string): boolean {
  let [at, rest, star, tried] = [0, 0, -1, 0];
  while (at < name.length) {
    if (pattern[rest] === '*') {
      star = rest;
      tried = at;
      rest += 1;
    } else if (pattern[rest] === name[at]) {
      at += 1;
      rest += 1;
    } else if (star !== -1) {
      tried += 1;
      at = tried;
      rest = star + 1;
    } else return false;
  }
  while (pattern[rest] === '*') rest += 1;
  return rest === pattern.length;
}
