import type { AccessDecision, AccessQuestion } from '../upstream/access/decision.ts';
import type { ServerContext } from './context.ts';

/**
 * Whether somebody may be let in: not shut out, and by the rules.
 * @param who the question is made only where there are rules that answer it
 */
export function decideAccess(
  { access, blocks }: Pick<ServerContext, 'access' | 'blocks'>,
  who: { readonly userId: string; readonly question: () => AccessQuestion },
): AccessDecision {
  if (blocks.ofUser(who.userId)) return { allowed: false, reason: 'the user is shut out', rules: [] };
  return access.hasRules ? access.decide(who.question()) : { allowed: true, rules: [] };
}
