import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SessionView } from '../../src/store/contract.ts';
import type { Bench } from './backends.ts';
import {
  activeGrant,
  backends,
  bytes,
  codeOf,
  connectionOf,
  day,
  hour,
  login,
  minute,
  refreshOf,
} from './backends.ts';

describe.each(backends)('%s: sessions', (_, open) => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await open();
  });
  afterEach(() => bench.close());

  const read = (grantId: string, upstream: string | null = null): Promise<SessionView | null> =>
    bench.store.readSession({ bucket: 'abc', grantId, upstream });
  const revoke = (grantId: string): Promise<boolean> =>
    bench.store.revokeGrant({ bucket: 'abc', grantId, why: 'revoked_by_client' });

  it('tell what the login left, before the code is redeemed', async () => {
    const startedAt = bench.clock.now;
    const grantId = await login(bench, { grant: { data: '{"scopes":["a"]}', sessionTtl: 3 * day } });
    expect(await read(grantId)).toMatchObject({
      state: 'code',
      client: 'client',
      generation: 0,
      revokedTokens: [],
      expiresAt: startedAt + 10 * minute,
      grant: {
        userId: 'user-1',
        upstream: 'idp',
        account: 'user-1',
        resource: 'https://r.example/mcp',
        data: '{"scopes":["a"]}',
        createdAt: startedAt,
        endsAt: startedAt + 3 * day,
        identity: { at: startedAt },
      },
      connection: {
        key: connectionOf(),
        version: 1,
        state: 'alive',
        backoffUntil: 0,
        tokens: { upstreamClientId: 'us', scopes: ['openid', 'email'] },
      },
    });
  });

  it('hand back the very bytes that were stored', async () => {
    const every = Uint8Array.from({ length: 256 }, (_unused, index) => index);
    const grantId = await login(bench, { tokens: { access: every, refresh: new Uint8Array(0) } });
    const tokens = (await read(grantId))?.connection?.tokens;
    expect(Buffer.from(tokens?.access ?? '').equals(every)).toBe(true);
    expect(tokens?.refresh).not.toBeNull();
    expect(tokens?.refresh).toHaveLength(0);
  });

  it('keep text of any script, quotes and line ends as it is', async () => {
    const data = JSON.stringify({ name: 'Ærøskøbing “日本” 🎉 \u0000 \' " \n' });
    const connection = connectionOf('ユーザー', 'a’; DROP TABLE grants; --');
    const grantId = await login(bench, { connection, grant: { data } });
    expect(await read(grantId)).toMatchObject({ grant: { data }, connection: { key: connection } });
  });

  it('follow the grant: redeemed, rotated, revoked', async () => {
    const grantId = await login(bench);
    await bench.store.redeemCode(codeOf(grantId));
    expect(await read(grantId)).toMatchObject({ state: 'active', generation: 1 });
    bench.clock.now += hour;
    await bench.store.rotateRefresh(refreshOf(grantId, 1));
    expect(await read(grantId)).toMatchObject({ generation: 2, expiresAt: bench.clock.now + 7 * day });
    await revoke(grantId);
    expect(await read(grantId)).toMatchObject({ state: 'revoked', generation: 2 });
  });

  it('end when the grant does, to the millisecond', async () => {
    const grantId = await activeGrant(bench);
    bench.clock.now += 7 * day - 1;
    expect(await read(grantId)).not.toBeNull();
    bench.clock.now += 1;
    expect(await read(grantId)).toBeNull();
    expect(await revoke(grantId)).toBe(false);
  });

  it('bring the connection of the upstream that the user signed in with, and of no other', async () => {
    const grantId = await activeGrant(bench);
    expect((await read(grantId, 'idp'))?.connection).not.toBeNull();
    expect(await read(grantId, 'other')).toMatchObject({ state: 'active', connection: null });
  });

  it('bring another upstream’s account that was connected last', async () => {
    const grantId = await activeGrant(bench);
    const put = (account: string, userId = 'user-1') =>
      bench.store.putConnection({
        connection: { ...connectionOf(userId, account), upstream: 'other' },
        tokens: { access: bytes(account), refresh: null, upstreamClientId: 'us', scopes: ['repo'] },
      });
    const chosen = async () => (await read(grantId, 'other'))?.connection;
    expect(await put('z')).toBe('stored');
    bench.clock.now += minute;
    expect(await put('a')).toBe('stored');
    expect((await chosen())?.key).toEqual({ ...connectionOf('user-1', 'a'), upstream: 'other' });
    bench.clock.now += minute;
    expect(await put('z')).toBe('stored');
    expect((await chosen())?.key.account).toBe('z');
    expect((await read(grantId, 'idp'))?.connection?.key.upstream).toBe('idp');
  });

  it('bring a living account of another upstream rather than a dead one that is newer, and a dead one rather than none', async () => {
    const grantId = await activeGrant(bench);
    const keyOf = (account: string) => ({ ...connectionOf('user-1', account), upstream: 'other' });
    const put = (account: string) =>
      bench.store.putConnection({
        connection: keyOf(account),
        tokens: { access: bytes(account), refresh: bytes('r'), upstreamClientId: 'us', scopes: [] },
      });
    const kill = async (account: string) => {
      const led = await bench.store.beginUpstreamRefresh({
        ...keyOf(account),
        version: 1,
        owner: 'me',
        lease: minute,
      });
      if (led.r !== 'leader') throw new Error(led.r);
      await bench.store.endUpstreamRefresh({
        ...keyOf(account),
        owner: 'me',
        fence: led.fence,
        outcome: { kind: 'dead', version: 1 },
      });
    };
    const chosen = async () => (await read(grantId, 'other'))?.connection;
    await put('older');
    bench.clock.now += minute;
    await put('newer');
    await kill('newer');
    expect(await chosen()).toMatchObject({ state: 'alive', key: { account: 'older' } });
    await kill('older');
    expect(await chosen()).toMatchObject({ state: 'dead', key: { account: 'newer' } });
  });

  it('bring nobody else’s account of another upstream', async () => {
    const grantId = await activeGrant(bench);
    await activeGrant(bench, { connection: connectionOf('user-2') });
    const tokens = { access: bytes('of 2'), refresh: null, upstreamClientId: 'us', scopes: [] };
    const connection = { ...connectionOf('user-2', 'a'), upstream: 'other' };
    expect(await bench.store.putConnection({ connection, tokens })).toBe('stored');
    expect((await read(grantId, 'other'))?.connection).toBeNull();
  });

  it('bring the connection of their own account', async () => {
    const one = await activeGrant(bench, { connection: connectionOf('user-1', 'a') });
    const two = await activeGrant(bench, {
      connection: connectionOf('user-1', 'b'),
      tokens: { access: bytes('of b') },
    });
    expect((await read(one))?.connection?.key.account).toBe('a');
    expect((await read(two))?.connection?.key.account).toBe('b');
    expect(Buffer.from((await read(one))?.connection?.tokens.access ?? '').toString()).toBe('access');
  });

  it('share what the user’s latest login told', async () => {
    const first = await activeGrant(bench);
    bench.clock.now += hour;
    await login(bench, { identityAt: bench.clock.now - 5 });
    expect((await read(first))?.grant.identity.at).toBe(bench.clock.now - 5);
  });

  it('are found in their own bucket only, by every step', async () => {
    const grantId = await activeGrant(bench);
    const elsewhere = { bucket: 'fff', grantId };
    expect(await bench.store.readSession({ ...elsewhere, upstream: null })).toBeNull();
    expect(await bench.store.revokeGrant({ ...elsewhere, why: 'revoked_by_client' })).toBe(false);
    expect(await bench.store.revokeAccessToken({ ...elsewhere, tokenId: 'j' })).toBe('missing');
    expect(await bench.store.rotateRefresh(refreshOf(grantId, 1, { bucket: 'fff' }))).toEqual({
      r: 'missing',
    });
    expect(await read(grantId)).toMatchObject({ state: 'active', generation: 1, revokedTokens: [] });
  });

  it('are not changed by what a caller does to an answer', async () => {
    const grantId = await activeGrant(bench);
    await bench.store.revokeAccessToken({ bucket: 'abc', grantId, tokenId: 'j' });
    const before = await read(grantId);
    await bench.store.rotateRefresh(refreshOf(grantId, 1));
    await bench.store.revokeAccessToken({ bucket: 'abc', grantId, tokenId: 'k' });
    expect(before).toMatchObject({ generation: 1, revokedTokens: ['j'] });
  });

  it('revoke a code that nobody redeemed', async () => {
    const grantId = await login(bench);
    expect(await revoke(grantId)).toBe(true);
    expect(await bench.store.redeemCode(codeOf(grantId))).toEqual({ r: 'revoked', now: false });
    expect(await bench.store.redeemCode(codeOf(grantId, { client: 'thief' }))).toMatchObject({
      r: 'mismatch',
    });
  });

  it('let one of fifty end a grant, and say so to that one', async () => {
    const grantId = await activeGrant(bench);
    const results = await Promise.all(Array.from({ length: 50 }, () => revoke(grantId)));
    expect(results.filter(Boolean)).toHaveLength(1);
  });

  it('survive as a tombstone as long as the grant would have lived, and no longer', async () => {
    const grantId = await activeGrant(bench);
    await revoke(grantId);
    bench.clock.now += 7 * day - 1;
    expect(await bench.store.rotateRefresh(refreshOf(grantId, 1))).toEqual({ r: 'revoked', now: false });
    bench.clock.now += 1;
    expect(await read(grantId)).toBeNull();
  });

  it('of a stolen token take the connection along when nothing else is left', async () => {
    const grantId = await activeGrant(bench);
    await bench.store.rotateRefresh(refreshOf(grantId, 1));
    bench.clock.now += hour;
    expect(await bench.store.rotateRefresh(refreshOf(grantId, 1))).toEqual({ r: 'revoked', now: true });
    expect((await bench.store.stats()).connections).toBe(0);
  });
});
