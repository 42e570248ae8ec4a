import type { ConnectionRow, UserConnection } from '../../store/contract.ts';
import type { Milliseconds } from '../../types/time.ts';
import type { AccountView } from '../../ui/connections.ts';
import type { SealedForm } from '../../ui/connections-parts.ts';
import type { ServerContext } from '../context.ts';
import { idOf } from './confirm.ts';
import type { Order } from './form.ts';
import type { PageSession } from './session.ts';

/** How long the page says that something was just connected. */
const aMoment: Milliseconds = 120_000;

/** What the page shows of one upstream's accounts. */
export function accountsOf(
  context: ServerContext,
  {
    rows,
    session,
    form,
  }: {
    readonly rows: readonly UserConnection[];
    readonly session: PageSession;
    readonly form: (order: Order) => SealedForm;
  },
): { readonly views: readonly AccountView[]; readonly justConnected: boolean } {
  const chosen = chosenOf(rows, session);
  const views = rows.map((row): AccountView => {
    const { upstream, account } = row.key;
    const self = isSelf(row, session);
    return {
      name: self ? session.name : context.vault.accountName(row),
      id: idOf(account),
      works: row.state === 'alive',
      chosen: row === chosen,
      self,
      apps: row.grants,
      scopes: row.tokens.scopes,
      connectedAt: row.connectedAt,
      refreshedAt: row.refreshedAt,
      reconnect: form({ does: 'connect', upstream, account }),
      disconnect: form({ does: 'disconnect', upstream, account }),
    };
  });
  const now = context.clock();
  const fresh = ({ state, connectedAt }: ConnectionRow): boolean =>
    state === 'alive' && now - connectedAt < aMoment;
  return { views, justConnected: rows.some((row) => !isSelf(row, session) && fresh(row)) };
}

/** The one that apps are given, as `AuthStore.readSession` chooses: each user's own, else the living one of latest. */
function chosenOf(rows: readonly UserConnection[], session: PageSession): UserConnection | undefined {
  const own = rows.find((row) => isSelf(row, session));
  if (own) return own;
  const alive = rows.filter(({ state }) => state === 'alive');
  return alive.toSorted((a, b) => b.connectedAt - a.connectedAt)[0];
}

function isSelf({ key }: ConnectionRow, { upstream, account }: PageSession): boolean {
  return key.upstream === upstream && key.account === account;
}
