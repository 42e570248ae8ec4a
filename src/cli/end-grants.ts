import { userInfo } from 'node:os';
import type { Config } from '../config/config.ts';
import { randomToken } from '../crypto/random.ts';
import type { Auditor } from '../observe/audit/auditor.ts';
import {
  correlationLabel,
  grantLabel,
  outsideLabel,
  sourceLabel,
  userLabel,
} from '../observe/audit/labels.ts';
import type { AuthStore, GrantSummary, ListGrants } from '../store/contract.ts';
import { withAudit } from './audit.ts';
import type { Given } from './command.ts';
import type { CommandIo } from './command-io.ts';

/** Every grant there is. */
export const everyGrant: ListGrants = { after: '', user: null, client: null, upstream: null, state: null };

/** Grants that are like that, page by page. */
export async function* grantsOf(
  store: AuthStore,
  wanted: ListGrants,
  matches: (grant: GrantSummary) => boolean,
): AsyncGenerator<GrantSummary> {
  for (let after: string | null = ''; after !== null;) {
    const page = await store.listGrants({ ...wanted, after });
    yield* page.grants.filter(matches);
    after = page.next;
  }
}

/** Whether a grant can still be used. */
export function isLiving({ state }: GrantSummary): boolean {
  return state === 'active' || state === 'code';
}

/** Ends grants one by one, and tells the audit. @returns how many ended */
export async function endGrants(
  found: readonly GrantSummary[],
  { store, config, io }: { readonly store: AuthStore; readonly config: Config; readonly io: CommandIo },
): Promise<number> {
  const ended: GrantSummary[] = [];
  for (const one of found) {
    if (await store.revokeGrant({ ...one, why: 'revoked_by_operator' })) ended.push(one);
  }
  await withAudit(config, io, (audit) => tellRevocations(audit, ended));
  return ended.length;
}

/** Asks the operator, who may have said yes before. */
export async function agreed({ options }: Given, io: CommandIo, question: string): Promise<boolean> {
  if (options['yes'] === true) return true;
  const answer = await io.confirm(question);
  if (answer === null) io.stderr('nobody is here to ask: add --yes\n');
  return answer === true;
}

/** One act of one operator, whatever it ended. */
function tellRevocations(audit: Auditor, ended: readonly GrantSummary[]): void {
  const correlationId = correlationLabel(randomToken(9));
  const source = sourceLabel(undefined);
  const actor = outsideLabel(userInfo().username);
  for (const grant of ended) {
    const about = { grant: grantLabel(grant), user: userLabel(grant.userId), client: null };
    const acted = { correlationId, source, actor, reason: null };
    audit.record('admin_action', () => ({ ...acted, ...about, action: 'grant_revoked' }));
    const cause = { by: 'operator', what: 'grant', why: 'revoked_by_operator' } as const;
    audit.record('revoked', () => ({ correlationId, source, ...cause, ...about }));
  }
}
