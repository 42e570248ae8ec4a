import { beginUpstreamRefresh, endUpstreamRefresh } from './connection-operations.ts';
import { useAssertion } from './assertion-operations.ts';
import { listBlocks, putBlock, removeBlock } from './block-operations.ts';
import { forgetConsent, listConsents, recallConsent } from './consent-operations.ts';
import type { AuthStore, KeyRingRow } from './contract.ts';
import { settleEnded, takeEnded } from './ended-operations.ts';
import {
  endConnection,
  listConnections,
  putConnection,
  readSession,
  redeemCode,
  revokeAccessToken,
  revokeGrant,
  revokeUser,
  rotateRefresh,
} from './grant-operations.ts';
import { listGrants } from './list-grants.ts';
import { listIdle } from './list-idle.ts';
import { advancePending, commitLogin, denyPending, putPending, takePending } from './login-operations.ts';
import type { Rows, StoreCaps } from './records.ts';
import {
  changeRegistration,
  getRegistration,
  keepRegistration,
  listRegistrations,
  putRegistration,
  removeRegistration,
} from './registration-operations.ts';
import { noteStepUp } from './step-up-operations.ts';
import { shareTurns } from './turn-operations.ts';

/** The steps of the contract, without what belongs to a backend itself. */
export type StepName = Exclude<keyof AuthStore, 'traits' | 'health' | 'close' | 'stats'>;

type Step<N extends StepName> = (
  rows: Rows,
  args: Parameters<AuthStore[N]>,
  caps: StoreCaps,
) => Awaited<ReturnType<AuthStore[N]>>;

/** Every step over row access: the one place where a name of the contract meets its rules. */
export const steps: { readonly [N in StepName]: Step<N> } = {
  loadKeyRing: (rows, [name]) => rows.keyRing(name) ?? null,
  saveKeyRing: (rows, [name, row]) => saveKeyRing(rows, name, row),
  putPending: (rows, [pending], caps) => putPending(rows, pending, caps),
  denyPending: (rows, [deny], caps) => denyPending(rows, deny, caps),
  takePending: (rows, [take]) => takePending(rows, take),
  advancePending: (rows, [advance]) => advancePending(rows, advance),
  commitLogin: (rows, [login], caps) => commitLogin(rows, login, caps),
  recallConsent: (rows, [key]) => recallConsent(rows, key),
  listConsents: (rows, [user]) => listConsents(rows, user),
  forgetConsent: (rows, [key]) => forgetConsent(rows, key),
  redeemCode: (rows, [code]) => redeemCode(rows, code),
  rotateRefresh: (rows, [token]) => rotateRefresh(rows, token),
  readSession: (rows, [read]) => readSession(rows, read),
  revokeGrant: (rows, [key]) => revokeGrant(rows, key),
  listGrants: (rows, [list]) => listGrants(rows, list),
  revokeUser: (rows, [key]) => revokeUser(rows, key),
  revokeAccessToken: (rows, [token]) => revokeAccessToken(rows, token),
  listConnections: (rows, [user]) => listConnections(rows, user),
  putConnection: (rows, [put], caps) => putConnection(rows, put, caps),
  endConnection: (rows, [end]) => endConnection(rows, end),
  listIdle: (rows, [list]) => listIdle(rows, list),
  takeEnded: (rows, [take]) => takeEnded(rows, take),
  settleEnded: (rows, [settle]) => settleEnded(rows, settle),
  putBlock: (rows, [block]) => putBlock(rows, block),
  removeBlock: (rows, [key]) => removeBlock(rows, key),
  listBlocks: (rows) => listBlocks(rows),
  useAssertion: (rows, [use]) => useAssertion(rows, use),
  putRegistration: (rows, [registration], caps) => putRegistration(rows, registration, caps),
  getRegistration: (rows, [id]) => getRegistration(rows, id),
  keepRegistration: (rows, [use]) => keepRegistration(rows, use),
  changeRegistration: (rows, [change]) => changeRegistration(rows, change),
  listRegistrations: (rows, [behind]) => listRegistrations(rows, behind),
  removeRegistration: (rows, [id]) => removeRegistration(rows, id),
  noteStepUp: (rows, [note]) => noteStepUp(rows, note),
  shareTurns: (rows, [taken]) => shareTurns(rows, taken),
  saveIdentity: (rows, [{ bucket, userId, identity }]) => {
    // A user whose last grant ended meanwhile is not brought back.
    if (!rows.user(bucket, userId)) return;
    rows.saveUser({ bucket, userId, identity: identity.sealed, identityAt: identity.at });
  },
  beginUpstreamRefresh: (rows, [begin]) => beginUpstreamRefresh(rows, begin),
  endUpstreamRefresh: (rows, [end]) => endUpstreamRefresh(rows, end),
};

/** Compare-and-set. */
function saveKeyRing(rows: Rows, name: string, row: KeyRingRow): 'ok' | 'conflict' {
  if ((rows.keyRing(name)?.version ?? 0) !== row.version) return 'conflict';
  rows.saveKeyRing(name, { value: row.value, version: row.version + 1 });
  return 'ok';
}

/** An `AuthStore`'s steps, each carried by `run`. */
export function stepsBy(
  run: <N extends StepName>(name: N, args: Parameters<AuthStore[N]>) => ReturnType<AuthStore[N]>,
): Pick<AuthStore, StepName> {
  return {
    loadKeyRing: (...args) => run('loadKeyRing', args),
    saveKeyRing: (...args) => run('saveKeyRing', args),
    putPending: (...args) => run('putPending', args),
    denyPending: (...args) => run('denyPending', args),
    takePending: (...args) => run('takePending', args),
    advancePending: (...args) => run('advancePending', args),
    commitLogin: (...args) => run('commitLogin', args),
    recallConsent: (...args) => run('recallConsent', args),
    listConsents: (...args) => run('listConsents', args),
    forgetConsent: (...args) => run('forgetConsent', args),
    redeemCode: (...args) => run('redeemCode', args),
    rotateRefresh: (...args) => run('rotateRefresh', args),
    readSession: (...args) => run('readSession', args),
    revokeGrant: (...args) => run('revokeGrant', args),
    listGrants: (...args) => run('listGrants', args),
    revokeUser: (...args) => run('revokeUser', args),
    revokeAccessToken: (...args) => run('revokeAccessToken', args),
    listConnections: (...args) => run('listConnections', args),
    putConnection: (...args) => run('putConnection', args),
    endConnection: (...args) => run('endConnection', args),
    listIdle: (...args) => run('listIdle', args),
    takeEnded: (...args) => run('takeEnded', args),
    settleEnded: (...args) => run('settleEnded', args),
    putBlock: (...args) => run('putBlock', args),
    removeBlock: (...args) => run('removeBlock', args),
    listBlocks: (...args) => run('listBlocks', args),
    useAssertion: (...args) => run('useAssertion', args),
    putRegistration: (...args) => run('putRegistration', args),
    getRegistration: (...args) => run('getRegistration', args),
    keepRegistration: (...args) => run('keepRegistration', args),
    changeRegistration: (...args) => run('changeRegistration', args),
    listRegistrations: (...args) => run('listRegistrations', args),
    removeRegistration: (...args) => run('removeRegistration', args),
    noteStepUp: (...args) => run('noteStepUp', args),
    shareTurns: (...args) => run('shareTurns', args),
    saveIdentity: (...args) => run('saveIdentity', args),
    beginUpstreamRefresh: (...args) => run('beginUpstreamRefresh', args),
    endUpstreamRefresh: (...args) => run('endUpstreamRefresh', args),
  };
}
