import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type {
  AuthStore,
  CommitLogin,
  ConnectionKey,
  RedeemCode,
  RotateRefresh,
} from '../../src/store/contract.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { StoreCaps } from '../../src/store/records.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';

/** A store under test with a clock that the test moves. */
export interface Bench {
  readonly store: AuthStore;
  readonly clock: { now: number };
  close(): Promise<void>;
}

type Open = (caps?: Partial<StoreCaps>) => Promise<Bench>;

const noon = Date.UTC(2026, 10, 23, 12);

/** Every backend that there is; the suite runs on each. */
export const backends: readonly (readonly [string, Open])[] = [
  [
    'memory',
    (caps = {}) => {
      const clock = { now: noon };
      const store = createMemoryStore({ clock: () => clock.now, caps });
      return Promise.resolve({ store, clock, close: () => store.close() });
    },
  ],
  [
    'sqlite',
    async (caps = {}) => {
      const clock = { now: noon };
      const folder = mkdtempSync(join(tmpdir(), 'sallyport-store-'));
      const store = await openSqliteStore({ path: join(folder, 'store.db'), clock: () => clock.now, caps });
      const close = async (): Promise<void> => {
        await store.close();
        rmSync(folder, { recursive: true });
      };
      return { store, clock, close };
    },
  ],
];

export const minute = 60_000;
export const hour = 60 * minute;
export const day = 24 * hour;

export const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

/** A user's connection; the bucket is the user's own. */
export const connectionOf = (userId = 'user-1', account = userId): ConnectionKey => ({
  bucket: 'abc',
  userId,
  upstream: 'idp',
  account,
});

let serial = 0;

/** Numbers that no other row has. */
export const unique = (prefix: string): string => `${prefix}-${(serial += 1)}`;

/** A login that was consented to, ready for its commit. */
export async function pending(store: AuthStore, transaction: string = unique('t')): Promise<string> {
  await store.putPending({
    transaction,
    sealed: bytes('request'),
    ttl: 10 * minute,
    source: unique('source'),
  });
  await store.takePending({ transaction, leg: 0, attempt: 'take' });
  return transaction;
}

export interface LoginChange {
  readonly connection?: ConnectionKey;
  readonly tokens?: Partial<CommitLogin['tokens']>;
  readonly grant?: Partial<CommitLogin['grant']>;
  readonly identityAt?: number;
}

export function loginOf(transaction: string, at: number, change: LoginChange = {}): CommitLogin {
  return {
    transaction,
    leg: 0,
    attempt: 'commit',
    connection: change.connection ?? connectionOf(),
    tokens: {
      access: bytes('access'),
      refresh: bytes('refresh'),
      upstreamClientId: 'us',
      scopes: ['openid', 'email'],
      ...change.tokens,
    },
    identity: { sealed: bytes('identity'), at: change.identityAt ?? at },
    grant: {
      grantId: unique('g'),
      client: 'client',
      codeSeed: 'code-seed',
      challenge: 'challenge',
      redirectUri: 'redirect',
      resource: 'https://r.example/mcp',
      codeTtl: 10 * minute,
      sessionTtl: 90 * day,
      data: '{"scopes":[]}',
      ...change.grant,
    },
  };
}

/** A committed login. Returns the id of its grant. */
export async function login({ store, clock }: Bench, change: LoginChange = {}): Promise<string> {
  const committed = loginOf(await pending(store), clock.now, change);
  const result = await store.commitLogin(committed);
  if (result.r !== 'ok') throw new Error(`commit: ${result.r}`);
  return committed.grant.grantId;
}

export function codeOf(grantId: string, change: Partial<RedeemCode> = {}): RedeemCode {
  return {
    bucket: 'abc',
    grantId,
    codeSeed: 'code-seed',
    client: 'client',
    challenge: 'challenge',
    redirectUri: 'redirect',
    resource: 'https://r.example/mcp',
    newSeed: 'seed',
    refreshTtl: 7 * day,
    attempt: unique('redeem'),
    ...change,
  };
}

export function refreshOf(
  grantId: string,
  generation: number,
  change: Partial<RotateRefresh> = {},
): RotateRefresh {
  return {
    bucket: 'abc',
    grantId,
    seed: 'seed',
    generation,
    client: 'client',
    resource: null,
    grace: minute,
    refreshTtl: 7 * day,
    identityMaxAge: null,
    heedStepUp: false,
    attempt: unique('rotate'),
    ...change,
  };
}

/** A grant whose code was redeemed. */
export async function activeGrant(bench: Bench, change: LoginChange = {}): Promise<string> {
  const grantId = await login(bench, change);
  const redeemed = await bench.store.redeemCode(codeOf(grantId));
  if (redeemed.r !== 'ok') throw new Error(`redeem: ${redeemed.r}`);
  return grantId;
}
