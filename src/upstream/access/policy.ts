import { githubApi, isEntra, isGoogle } from '../../config/access-issuers.ts';
import { readExpression } from '../../config/access-expression.ts';
import type { Expression } from '../../config/access-expression.ts';
import type { AccessRule, Config, UpstreamConfig } from '../../config/config.ts';
import { SallyportError } from '../../types/error.ts';
import type { AccessDecision, AccessQuestion, RuleOutcome } from './decision.ts';
import { keyOutcomes } from './keys.ts';

/** What is believed of an upstream, beside what it tells. */
export interface UpstreamTrust {
  /** Its `hd` means a Google Workspace domain. */
  readonly google: boolean;
  /** Its `tid` means a tenant of Entra ID. */
  readonly entra: boolean;
  /** Its memberships were asked of GitHub. */
  readonly github: boolean;
}

/** A rule that is ready to be asked. */
export interface PreparedRule {
  readonly label: string;
  readonly rule: AccessRule;
  readonly expression: Expression | null;
}

/** The access rules of one configuration. */
export interface AccessPolicy {
  /** False: everybody may sign in, and nobody has to be asked about. */
  readonly hasRules: boolean;
  /** Stops at the first rule that holds. */
  readonly decide: (question: AccessQuestion) => AccessDecision;
  /** Looks at every rule, whatever comes of it: for somebody who wants to understand. */
  readonly explain: (question: AccessQuestion) => AccessDecision;
}

/**
 * Prepares the access rules: all keys of a rule must hold, one rule is enough. An identity that was made up from a token
 * matches no rule, and neither does a rule without keys: doubt is a no.
 * @throws {SallyportError} `config_invalid` for an expression that cannot be read, which a checked configuration has none of
 */
export async function createAccessPolicy({
  access,
  upstreams,
}: Pick<Config, 'access' | 'upstreams'>): Promise<AccessPolicy> {
  if (typeof access === 'string') {
    const open = (): AccessDecision => ({ allowed: true, rules: [] });
    return { hasRules: false, decide: open, explain: open };
  }
  const rules = await Promise.all(access.map((rule, index) => prepare(rule, index)));
  const trust = new Map(upstreams.map((upstream) => [upstream.name, trustIn(upstream)]));
  const ask = (question: AccessQuestion, all: boolean): AccessDecision => {
    if (question.identity.synthetic)
      return {
        allowed: false,
        reason: 'the upstream tells no identity, so no access rule can match',
        rules: [],
      };
    const outcomes: RuleOutcome[] = [];
    for (const rule of rules) {
      const outcome = outcomeOf(rule, question, trust.get(question.identity.upstream) ?? noTrust);
      outcomes.push(outcome);
      if (outcome.held && !all) break;
    }
    return outcomes.some(({ held }) => held)
      ? { allowed: true, rules: outcomes }
      : { allowed: false, reason: 'no access rule matches', rules: outcomes };
  };
  return {
    hasRules: true,
    decide: (question) => ask(question, false),
    explain: (question) => ask(question, true),
  };
}

const noTrust: UpstreamTrust = { google: false, entra: false, github: false };

function trustIn(upstream: UpstreamConfig): UpstreamTrust {
  return { google: isGoogle(upstream), entra: isEntra(upstream), github: githubApi(upstream) !== null };
}

async function prepare(rule: AccessRule, index: number): Promise<PreparedRule> {
  const label = rule.name ?? `rule ${index + 1}`;
  if (rule.expression === undefined) return { label, rule, expression: null };
  const read = await readExpression(rule.expression);
  if (read.r === 'ok') return { label, rule, expression: read.expression };
  throw new SallyportError('config_invalid', `access[${index}].expression: ${read.problem}`);
}

function outcomeOf(prepared: PreparedRule, question: AccessQuestion, trust: UpstreamTrust): RuleOutcome {
  const keys = keyOutcomes(prepared, question, trust);
  const { label: rule } = prepared;
  return { rule, held: keys.length > 0 && keys.every(({ held }) => held), keys };
}
