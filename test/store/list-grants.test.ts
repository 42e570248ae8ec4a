import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuthStore, GrantSummary, ListGrants } from '../../src/store/contract.ts';
import { activeGrant, backends, connectionOf, day, login, minute, refreshOf } from './backends.ts';
import type { Bench } from './backends.ts';

const all: ListGrants = { after: '', user: null, client: null, upstream: null, state: null };

async function listed(store: AuthStore, wanted: Partial<ListGrants> = {}): Promise<readonly GrantSummary[]> {
  const found: GrantSummary[] = [];
  for (let after: string | null = ''; after !== null;) {
    const page = await store.listGrants({ ...all, ...wanted, after });
    found.push(...page.grants);
    after = page.next;
  }
  return found;
}

describe.each(backends)('grants in the %s store', (_name, open) => {
  let bench: Bench;

  beforeEach(async () => {
    bench = await open({ pending: 5000 });
  });

  afterEach(() => bench.close());

  it('are listed with what an operator needs to recognise them, and with no secret', async () => {
    const grantId = await activeGrant(bench);
    bench.clock.now += minute;
    await bench.store.rotateRefresh(refreshOf(grantId, 1));
    const [grant, ...others] = await listed(bench.store);
    expect(others).toEqual([]);
    expect(grant).toEqual({
      bucket: 'abc',
      grantId,
      userId: 'user-1',
      upstream: 'idp',
      account: 'user-1',
      client: 'client',
      resource: 'https://r.example/mcp',
      data: '{"scopes":[]}',
      state: 'active',
      generation: 2,
      createdAt: bench.clock.now - minute,
      lastUsedAt: bench.clock.now,
      expiresAt: bench.clock.now + 7 * day,
      endsAt: bench.clock.now - minute + 90 * day,
      revokedBecause: '',
    });
  });

  it('tell what became of them', async () => {
    const [code, expired, revoked] = [await login(bench), await activeGrant(bench), await activeGrant(bench)];
    await bench.store.revokeGrant({ bucket: 'abc', grantId: revoked, why: 'revoked_by_operator' });
    const states = async (): Promise<Record<string, string>> =>
      Object.fromEntries((await listed(bench.store)).map(({ grantId, state }) => [grantId, state]));
    expect(await states()).toEqual({ [code]: 'code', [expired]: 'active', [revoked]: 'revoked' });
    bench.clock.now += 11 * minute;
    expect((await states())[code] ?? 'expired').toBe('expired');
    const [tombstone] = await listed(bench.store, { state: 'revoked' });
    expect(tombstone).toMatchObject({ grantId: revoked, revokedBecause: 'revoked_by_operator' });
  });

  it('can be asked for by user, client, upstream and state', async () => {
    const other = connectionOf('user-2');
    const mine = await activeGrant(bench);
    const theirs = await login(bench, { connection: other, grant: { client: 'another' } });
    const ids = async (wanted: Partial<ListGrants>): Promise<readonly string[]> =>
      (await listed(bench.store, wanted)).map(({ grantId }) => grantId);
    expect(await ids({ user: { bucket: 'abc', userId: 'user-1' } })).toEqual([mine]);
    expect(await ids({ user: other })).toEqual([theirs]);
    expect(await ids({ client: 'another' })).toEqual([theirs]);
    expect(await ids({ upstream: 'idp' })).toHaveLength(2);
    expect(await ids({ upstream: 'another' })).toEqual([]);
    expect(await ids({ state: 'active' })).toEqual([mine]);
    expect(await ids({ user: other, client: 'client' })).toEqual([]);
  });

  it('come in pages that look at a bounded number of rows, each grant once', async () => {
    const users = Array.from({ length: 1005 }, (_, index) => connectionOf(`user-${index}`));
    const made = await Promise.all(users.map((connection) => login(bench, { connection })));
    const first = await bench.store.listGrants(all);
    expect(first.grants).toHaveLength(1000);
    const second = await bench.store.listGrants({ ...all, after: first.next ?? '' });
    expect(second.next).toBeNull();
    const found = [...first.grants, ...second.grants].map(({ grantId }) => grantId);
    expect(found.toSorted()).toEqual(made.toSorted());
    const nobody = await bench.store.listGrants({ ...all, client: 'nobody' });
    expect(nobody).toEqual({ grants: [], next: first.next });
  });
});
