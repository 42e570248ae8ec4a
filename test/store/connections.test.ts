import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BeginUpstreamRefresh, BeginUpstreamRefreshResult } from '../../src/store/contract.ts';
import type { Bench } from './backends.ts';
import {
  activeGrant,
  backends,
  bytes,
  connectionOf,
  day,
  hour,
  login,
  loginOf,
  minute,
  pending,
  refreshOf,
  unique,
} from './backends.ts';

describe.each(backends)('%s: connections', (_, open) => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await open();
  });
  afterEach(() => bench.close());

  const connection = async (grantId: string) =>
    (await bench.store.readSession({ bucket: 'abc', grantId, upstream: null }))?.connection ?? null;
  const text = (sealed: Uint8Array | null | undefined): string | null =>
    sealed ? Buffer.from(sealed).toString() : null;
  const again = async (change: Parameters<typeof loginOf>[2]) =>
    bench.store.commitLogin(loginOf(await pending(bench.store), bench.clock.now, change));
  const begin = (change: Partial<BeginUpstreamRefresh> = {}): Promise<BeginUpstreamRefreshResult> =>
    bench.store.beginUpstreamRefresh({
      ...connectionOf(),
      version: 1,
      owner: unique('o'),
      lease: minute,
      ...change,
    });

  it('an absent refresh token never overwrites a present one', async () => {
    await login(bench);
    const grantId = await login(bench, { tokens: { access: bytes('new'), refresh: null } });
    const row = await connection(grantId);
    expect(text(row?.tokens.access)).toBe('new');
    expect(text(row?.tokens.refresh)).toBe('refresh');
    expect(row?.version).toBe(2);
  });

  it('a refresh token of another registration of ours is not kept', async () => {
    await login(bench);
    const grantId = await login(bench, { tokens: { upstreamClientId: 'other', refresh: null } });
    expect((await connection(grantId))?.tokens.refresh).toBeNull();
  });

  it('fewer scopes never replace more silently', async () => {
    const grantId = await login(bench);
    expect(await again({ tokens: { access: bytes('narrow'), scopes: ['openid'] } })).toEqual({
      r: 'ok',
      connection: 'kept',
    });
    expect(text((await connection(grantId))?.tokens.access)).toBe('access');
    expect(await again({ tokens: { scopes: ['openid', 'email', 'profile'] } })).toEqual({
      r: 'ok',
      connection: 'stored',
    });
  });

  it('accounts of one upstream are kept apart', async () => {
    await login(bench, { connection: connectionOf('user-1', 'a') });
    await login(bench, { connection: connectionOf('user-1', 'b') });
    expect((await bench.store.stats()).connections).toBe(2);
  });

  it('of a user without living grants count for nothing at the next login', async () => {
    await login(bench);
    bench.clock.now += day;
    expect(await again({ tokens: { scopes: ['openid'] } })).toEqual({ r: 'ok', connection: 'stored' });
  });

  it('one of fifty processes leads a refresh', async () => {
    await login(bench);
    const results = await Promise.all(Array.from({ length: 50 }, () => begin()));
    expect(results.filter((result) => result.r === 'leader')).toHaveLength(1);
    expect(results.filter((result) => result.r === 'busy')).toHaveLength(49);
  });

  it('a leader ends with new tokens, and who waited gets them', async () => {
    const grantId = await login(bench);
    const led = await begin({ owner: 'me' });
    if (led.r !== 'leader') throw new Error(led.r);
    const tokens = { access: bytes('fresh'), refresh: null, upstreamClientId: 'us', scopes: ['openid'] };
    const identity = { sealed: bytes('newer'), at: bench.clock.now };
    const end = {
      ...connectionOf(),
      owner: 'me',
      fence: led.fence,
      outcome: { kind: 'tokens', tokens, identity },
    } as const;
    expect(await bench.store.endUpstreamRefresh(end)).toBe('ok');
    expect(await bench.store.endUpstreamRefresh(end)).toBe('ok');
    const waited = await begin();
    expect(waited).toMatchObject({ r: 'fresh', row: { version: 2 } });
    const row = await connection(grantId);
    expect(text(row?.tokens.refresh)).toBe('refresh');
    const session = await bench.store.readSession({ bucket: 'abc', grantId, upstream: null });
    expect(text(session?.grant.identity.sealed)).toBe('newer');
  });

  it('a leader that asks again is still the leader, under the same fence', async () => {
    await login(bench);
    const first = await begin({ owner: 'me' });
    expect(await begin({ owner: 'me' })).toEqual(first);
  });

  it('a login without a refresh token leaves the running refresh its word: the old token may be spent', async () => {
    await login(bench);
    const led = await begin({ owner: 'me' });
    if (led.r !== 'leader') throw new Error(led.r);
    const grantId = await login(bench, { tokens: { access: bytes('login'), refresh: null } });
    expect(await begin({ version: 2 })).toMatchObject({ r: 'busy' });
    const tokens = { ...led.row.tokens, access: bytes('rotated'), refresh: bytes('successor') };
    const end = { ...connectionOf(), owner: 'me', fence: led.fence };
    const outcome = { kind: 'tokens', tokens, identity: null } as const;
    expect(await bench.store.endUpstreamRefresh({ ...end, outcome })).toBe('ok');
    const row = await connection(grantId);
    expect(text(row?.tokens.refresh)).toBe('successor');
    expect(row?.version).toBe(3);
  });

  it.each(['tokens', 'dead'] as const)(
    'a login that brings its own refresh token outdoes the running refresh that ends with %s',
    async (kind) => {
      await login(bench);
      const led = await begin({ owner: 'me' });
      if (led.r !== 'leader') throw new Error(led.r);
      const grantId = await login(bench, { tokens: { refresh: bytes('of the login') } });
      const tokens = { ...led.row.tokens, refresh: bytes('late') };
      const outcome = kind === 'tokens' ? { kind, tokens, identity: null } : { kind, version: 1 };
      const end = { ...connectionOf(), owner: 'me', fence: led.fence, outcome };
      expect(await bench.store.endUpstreamRefresh(end)).toBe('lost');
      const row = await connection(grantId);
      expect(row?.state).toBe('alive');
      expect(text(row?.tokens.refresh)).toBe('of the login');
      const next = await begin({ version: 2 });
      expect(next).toMatchObject({ r: 'leader', takenOver: false, fence: led.fence + 1 });
    },
  );

  it('a login without a refresh token outlives a refusal of the old one', async () => {
    await login(bench);
    const led = await begin({ owner: 'me' });
    if (led.r !== 'leader') throw new Error(led.r);
    const grantId = await activeGrant(bench, { tokens: { access: bytes('login'), refresh: null } });
    const outcome = { kind: 'dead', version: led.row.version } as const;
    const end = { ...connectionOf(), owner: 'me', fence: led.fence, outcome };
    expect(await bench.store.endUpstreamRefresh(end)).toBe('ok');
    const row = await connection(grantId);
    expect(row).toMatchObject({ state: 'alive', tokens: { refresh: null } });
    expect(text(row?.tokens.access)).toBe('login');
    expect(await bench.store.rotateRefresh(refreshOf(grantId, 1))).toMatchObject({ r: 'ok' });
  });

  it('a lease holds against a process whose clock is a little behind, or that waited for its turn', async () => {
    await login(bench);
    await begin({ owner: 'leader' });
    for (const behind of [1, 5, 5000]) {
      bench.clock.now -= behind;
      expect(await begin({ owner: 'another' })).toMatchObject({ r: 'busy' });
      bench.clock.now += behind;
    }
  });

  it('neither a lease nor a wait lasts longer because the clock was set back', async () => {
    await login(bench);
    await begin({ owner: 'gone' });
    bench.clock.now -= hour;
    const next = await begin({ owner: 'next' });
    if (next.r !== 'leader') throw new Error(next.r);
    const outcome = { kind: 'failed', backoff: 5000 } as const;
    await bench.store.endUpstreamRefresh({ ...connectionOf(), owner: 'next', fence: next.fence, outcome });
    bench.clock.now -= hour;
    expect(await begin({ owner: 'third' })).toMatchObject({ r: 'leader' });
  });

  it('a login with fewer scopes does not disturb the running refresh', async () => {
    await login(bench);
    const led = await begin({ owner: 'me' });
    if (led.r !== 'leader') throw new Error(led.r);
    expect(await again({ tokens: { scopes: ['openid'] } })).toMatchObject({ connection: 'kept' });
    const outcome = { kind: 'failed', backoff: 1 } as const;
    const end = { ...connectionOf(), owner: 'me', fence: led.fence, outcome };
    expect(await bench.store.endUpstreamRefresh(end)).toBe('ok');
  });

  it('a refresh that ends after the user’s last grant brings nothing back', async () => {
    const grantId = await login(bench);
    const led = await begin({ owner: 'me' });
    if (led.r !== 'leader') throw new Error(led.r);
    await bench.store.revokeGrant({ bucket: 'abc', grantId, why: 'revoked_by_client' });
    const identity = { sealed: bytes('newer'), at: bench.clock.now };
    const outcome = { kind: 'tokens', tokens: led.row.tokens, identity } as const;
    const end = { ...connectionOf(), owner: 'me', fence: led.fence, outcome };
    expect(await bench.store.endUpstreamRefresh(end)).toBe('lost');
    expect((await bench.store.stats()).connections).toBe(0);
  });

  it('a leader that vanished is followed, and its late word counts for nothing', async () => {
    await login(bench);
    const gone = await begin({ owner: 'gone' });
    if (gone.r !== 'leader') throw new Error(gone.r);
    bench.clock.now += minute;
    const next = await begin({ owner: 'next' });
    expect(next).toMatchObject({ r: 'leader', takenOver: true, fence: gone.fence + 1 });
    const outcome = { kind: 'dead', version: 1 } as const;
    expect(
      await bench.store.endUpstreamRefresh({ ...connectionOf(), owner: 'gone', fence: gone.fence, outcome }),
    ).toBe('lost');
  });

  it('an upstream that failed is left alone for a while', async () => {
    await login(bench);
    const led = await begin({ owner: 'me' });
    if (led.r !== 'leader') throw new Error(led.r);
    const outcome = { kind: 'failed', backoff: 5000 } as const;
    await bench.store.endUpstreamRefresh({ ...connectionOf(), owner: 'me', fence: led.fence, outcome });
    expect(await begin()).toEqual({ r: 'backoff', until: bench.clock.now + 5000 });
    bench.clock.now += 5000;
    expect(await begin()).toMatchObject({ r: 'leader', takenOver: false });
  });

  it('a dead one refuses refreshes of ours, until the next login', async () => {
    const grantId = await activeGrant(bench);
    const led = await begin({ owner: 'me' });
    if (led.r !== 'leader') throw new Error(led.r);
    const outcome = { kind: 'dead', version: 1 } as const;
    await bench.store.endUpstreamRefresh({ ...connectionOf(), owner: 'me', fence: led.fence, outcome });
    expect(await begin()).toEqual({ r: 'dead' });
    expect(await bench.store.rotateRefresh(refreshOf(grantId, 1))).toMatchObject({ r: 'dead' });
    await login(bench, { tokens: { refresh: null } });
    const row = await connection(grantId);
    expect(row).toMatchObject({ state: 'alive', tokens: { refresh: null } });
    expect(await bench.store.rotateRefresh(refreshOf(grantId, 1))).toMatchObject({ r: 'ok' });
  });

  it('are a hundred for a user: the oldest goes, and never the one that a grant was signed in with', async () => {
    const grantId = await login(bench);
    const { bucket, userId } = connectionOf();
    const tokens = { access: bytes('a'), refresh: null, upstreamClientId: 'us', scopes: [] };
    for (let index = 0; index < 101; index += 1) {
      bench.clock.now += 1;
      const account = `account-${index}`;
      const added = { connection: { ...connectionOf(), upstream: 'other', account }, tokens };
      expect(await bench.store.putConnection(added)).toBe('stored');
    }
    const rows = (await bench.store.listConnections({ bucket, userId })) ?? [];
    const accounts = new Set(rows.map(({ key }) => key.account));
    expect(rows).toHaveLength(100);
    expect(
      [connectionOf().account, 'account-0', 'account-1', 'account-2', 'account-100'].map((one) =>
        accounts.has(one),
      ),
    ).toEqual([true, false, false, true, true]);
    expect(await connection(grantId)).not.toBeNull();
    // Their providers are told that they are over.
    expect((await bench.store.stats()).ended).toBe(2);
  });

  it('are as many for a user as the caps say; a store with a lower cap than before makes up for it', async () => {
    const small = await open({ connectionsPerUser: 2 });
    await login(small);
    const tokens = { access: bytes('a'), refresh: null, upstreamClientId: 'us', scopes: [] };
    for (const account of ['one', 'two', 'three']) {
      small.clock.now += 1;
      await small.store.putConnection({
        connection: { ...connectionOf(), upstream: 'other', account },
        tokens,
      });
    }
    const rows = (await small.store.listConnections(connectionOf())) ?? [];
    expect(rows.map(({ key }) => key.account).toSorted()).toEqual(['three', connectionOf().account]);
    await small.close();
  });

  it('unknown ones cannot be refreshed', async () => {
    expect(await begin()).toEqual({ r: 'missing' });
  });
});

describe.each(backends)('%s: key rings and the store itself', (_, open) => {
  it('a ring is saved only over the version that was loaded', async () => {
    const bench = await open();
    expect(await bench.store.loadKeyRing('vault')).toBeNull();
    const racers = await Promise.all(
      Array.from({ length: 20 }, (_unused, index) =>
        bench.store.saveKeyRing('vault', { value: bytes(`${index}`), version: 0 }),
      ),
    );
    expect(racers.filter((result) => result === 'ok')).toHaveLength(1);
    const row = await bench.store.loadKeyRing('vault');
    expect(row?.version).toBe(1);
    expect(await bench.store.saveKeyRing('vault', { value: bytes('next'), version: 1 })).toBe('ok');
    await bench.close();
  });

  it('closes once and refuses everything afterwards', async () => {
    const bench = await open();
    await bench.store.health();
    await bench.store.close();
    await bench.store.close();
    await expect(bench.store.health()).rejects.toMatchObject({ code: 'closed' });
    await expect(bench.store.loadKeyRing('x')).rejects.toMatchObject({ code: 'closed' });
    await bench.close();
  });

  it('takes times with fractions', async () => {
    const bench = await open();
    const put = bench.store.putPending({ transaction: 't', sealed: bytes('x'), ttl: 1000.5, source: 's' });
    expect(await put).toEqual({ r: 'ok', leg: 0 });
    await bench.close();
  });
});
