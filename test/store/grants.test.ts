import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Bench } from './backends.ts';
import { activeGrant, backends, codeOf, day, hour, login, minute, refreshOf } from './backends.ts';

describe.each(backends)('%s: codes', (_, open) => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await open();
  });
  afterEach(() => bench.close());

  it.each([
    ['another client', { client: 'thief' }, 'client'],
    ['another verifier', { challenge: 'other' }, 'challenge'],
    ['another redirect URI', { redirectUri: 'other' }, 'redirect_uri'],
    ['another resource', { resource: 'https://other.example' }, 'resource'],
    ['another seed', { codeSeed: 'other' }, 'code'],
  ])('are not burned by %s', async (_name, change, what) => {
    const grantId = await login(bench);
    expect(await bench.store.redeemCode(codeOf(grantId, change))).toEqual({ r: 'mismatch', what });
    expect((await bench.store.redeemCode(codeOf(grantId))).r).toBe('ok');
    bench.clock.now += hour;
    expect(await bench.store.redeemCode(codeOf(grantId, change))).toEqual({ r: 'mismatch', what });
    expect((await bench.store.rotateRefresh(refreshOf(grantId, 1))).r).toBe('ok');
  });

  it('need neither redirect URI nor resource to be said again', async () => {
    const grantId = await login(bench);
    expect((await bench.store.redeemCode(codeOf(grantId, { redirectUri: null, resource: null }))).r).toBe(
      'ok',
    );
  });

  it('are redeemed once by a hundred racers, and the others do no harm', async () => {
    const grantId = await login(bench);
    const results = await Promise.all(
      Array.from({ length: 100 }, () => bench.store.redeemCode(codeOf(grantId))),
    );
    expect(results.filter((result) => result.r === 'ok')).toHaveLength(1);
    expect(results.filter((result) => result.r === 'replayed')).toHaveLength(99);
    expect((await bench.store.rotateRefresh(refreshOf(grantId, 1))).r).toBe('ok');
  });

  it('answer the same attempt again, if it brings the same seed', async () => {
    const grantId = await login(bench);
    const code = codeOf(grantId, { attempt: 'same' });
    expect((await bench.store.redeemCode(code)).r).toBe('ok');
    expect((await bench.store.redeemCode(code)).r).toBe('ok');
    expect((await bench.store.redeemCode({ ...code, newSeed: 'other' })).r).toBe('replayed');
  });

  it('revoke their grant when they come back after ten seconds', async () => {
    const grantId = await activeGrant(bench);
    bench.clock.now += 10_000;
    expect(await bench.store.redeemCode(codeOf(grantId))).toEqual({ r: 'replayed' });
    bench.clock.now += 1;
    expect(await bench.store.redeemCode(codeOf(grantId))).toEqual({ r: 'revoked', now: true });
    expect(await bench.store.redeemCode(codeOf(grantId))).toEqual({ r: 'revoked', now: false });
    expect(await bench.store.rotateRefresh(refreshOf(grantId, 1))).toEqual({ r: 'revoked', now: false });
  });

  it('expire', async () => {
    const grantId = await login(bench);
    bench.clock.now += 10 * minute;
    const result = await bench.store.redeemCode(codeOf(grantId));
    expect(['expired', 'missing']).toContain(result.r);
  });

  it('are looked for in their own bucket only', async () => {
    const grantId = await login(bench);
    expect(await bench.store.redeemCode(codeOf(grantId, { bucket: 'fff' }))).toEqual({ r: 'missing' });
    expect(await bench.store.redeemCode(codeOf('no-such'))).toEqual({ r: 'missing' });
  });
});

describe.each(backends)('%s: refresh tokens', (_, open) => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await open();
  });
  afterEach(() => bench.close());

  const rotate = (
    grantId: string,
    generation: number,
    change: Partial<ReturnType<typeof refreshOf>> = {},
  ): ReturnType<Bench['store']['rotateRefresh']> =>
    bench.store.rotateRefresh(refreshOf(grantId, generation, change));

  it('rotate, and a superseded one gets the current one within the grace', async () => {
    const grantId = await activeGrant(bench);
    expect(await rotate(grantId, 1)).toMatchObject({ r: 'ok', generation: 2 });
    bench.clock.now += minute;
    expect(await rotate(grantId, 1)).toMatchObject({ r: 'retry', generation: 2 });
    expect(await rotate(grantId, 2)).toMatchObject({ r: 'ok', generation: 3 });
  });

  it('revoke the grant when one comes back after the grace', async () => {
    const grantId = await activeGrant(bench);
    await rotate(grantId, 1);
    bench.clock.now += minute + 1;
    expect(await rotate(grantId, 1)).toEqual({ r: 'revoked', now: true });
    expect(await rotate(grantId, 2)).toEqual({ r: 'revoked', now: false });
  });

  it('that are superseded get nothing and end nothing while a clock that was set back hides their age', async () => {
    const grantId = await activeGrant(bench);
    await rotate(grantId, 1);
    bench.clock.now -= minute;
    expect(await rotate(grantId, 1)).toMatchObject({ r: 'retry', generation: 2 });
    bench.clock.now -= 59 * minute;
    expect(await rotate(grantId, 1)).toEqual({ r: 'mismatch', what: 'token' });
    expect(await rotate(grantId, 2)).toMatchObject({ r: 'ok', generation: 3 });
  });

  it('ask for newer evidence when a clock that was ahead has dated the old one', async () => {
    const grantId = await activeGrant(bench, { identityAt: bench.clock.now + 2 * day });
    expect(await rotate(grantId, 1, { identityMaxAge: day })).toMatchObject({ r: 'stale' });
  });

  it('know no grace when it is 0', async () => {
    const grantId = await activeGrant(bench);
    await rotate(grantId, 1);
    expect(await rotate(grantId, 1, { grace: 0 })).toEqual({ r: 'revoked', now: true });
  });

  it('remember four rotations: the fifth generation back is theft, however soon', async () => {
    const grantId = await activeGrant(bench);
    for (let generation = 1; generation <= 4; generation += 1) await rotate(grantId, generation);
    expect(await rotate(grantId, 1)).toMatchObject({ r: 'retry', generation: 5 });
    await rotate(grantId, 5);
    expect(await rotate(grantId, 1)).toEqual({ r: 'revoked', now: true });
  });

  it('rotate once for a hundred racers, who all get the same generation', async () => {
    const grantId = await activeGrant(bench);
    const results = await Promise.all(Array.from({ length: 100 }, () => rotate(grantId, 1)));
    expect(results.filter((result) => result.r === 'ok')).toHaveLength(1);
    expect(results.filter((result) => result.r === 'retry')).toHaveLength(99);
    expect(new Set(results.map((result) => 'generation' in result && result.generation))).toEqual(
      new Set([2]),
    );
  });

  it('may be one ahead of a store that lost its last write, not two', async () => {
    const grantId = await activeGrant(bench);
    expect(await rotate(grantId, 2)).toMatchObject({ r: 'advanced', generation: 3 });
    expect(await rotate(grantId, 5)).toEqual({ r: 'mismatch', what: 'token' });
    expect(await rotate(grantId, 3)).toMatchObject({ r: 'ok', generation: 4 });
  });

  it.each([
    ['another client', { client: 'thief' }, 'client'],
    ['another resource', { resource: 'https://other.example' }, 'resource'],
    ['another seed', { seed: 'other' }, 'token'],
  ])('are not consumed by %s', async (_name, change, what) => {
    const grantId = await activeGrant(bench);
    expect(await rotate(grantId, 1, change)).toEqual({ r: 'mismatch', what });
    expect(await rotate(grantId, 1)).toMatchObject({ r: 'ok', generation: 2 });
  });

  it('of a code that was never redeemed do not exist', async () => {
    const grantId = await login(bench);
    expect(await rotate(grantId, 0, { seed: '' })).toEqual({ r: 'mismatch', what: 'token' });
  });

  it('answer the same attempt the same way, whatever has aged meanwhile', async () => {
    const grantId = await activeGrant(bench);
    const token = refreshOf(grantId, 1, { attempt: 'same', identityMaxAge: hour });
    expect(await bench.store.rotateRefresh(token)).toMatchObject({ r: 'ok', generation: 2 });
    bench.clock.now += 2 * hour;
    expect(await bench.store.rotateRefresh(token)).toMatchObject({ r: 'ok', generation: 2 });
  });

  it('are not consumed while the identity evidence is too old', async () => {
    const grantId = await activeGrant(bench);
    bench.clock.now += day + 1;
    const stale = await rotate(grantId, 1, { identityMaxAge: day });
    expect(stale).toMatchObject({
      r: 'stale',
      grant: { userId: 'user-1', upstream: 'idp', account: 'user-1' },
    });
    const identity = { sealed: new Uint8Array([1]), at: bench.clock.now };
    await bench.store.saveIdentity({ bucket: 'abc', userId: 'user-1', identity });
    expect(await rotate(grantId, 1, { identityMaxAge: day })).toMatchObject({ r: 'ok', generation: 2 });
  });

  it('slide, and end with the session', async () => {
    const grantId = await activeGrant(bench, { grant: { sessionTtl: 10 * day } });
    bench.clock.now += 6 * day;
    expect(await rotate(grantId, 1)).toMatchObject({ r: 'ok' });
    bench.clock.now += 4 * day;
    expect(['expired', 'missing']).toContain((await rotate(grantId, 2)).r);
  });

  it('expire when they are not used', async () => {
    const grantId = await activeGrant(bench);
    bench.clock.now += 7 * day;
    expect(['expired', 'missing']).toContain((await rotate(grantId, 1)).r);
  });
});

describe.each(backends)('%s: revocation', (_, open) => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await open();
  });
  afterEach(() => bench.close());

  const read = (grantId: string): ReturnType<Bench['store']['readSession']> =>
    bench.store.readSession({ bucket: 'abc', grantId, upstream: null });

  it('ends a grant once, and the last one takes identity and tokens along', async () => {
    const one = await activeGrant(bench);
    const two = await activeGrant(bench);
    expect(await bench.store.revokeGrant({ bucket: 'abc', grantId: one, why: 'revoked_by_client' })).toBe(
      true,
    );
    expect(await bench.store.revokeGrant({ bucket: 'abc', grantId: one, why: 'revoked_by_client' })).toBe(
      false,
    );
    expect((await bench.store.stats()).connections).toBe(1);
    expect(await bench.store.revokeGrant({ bucket: 'abc', grantId: two, why: 'revoked_by_client' })).toBe(
      true,
    );
    expect((await bench.store.stats()).connections).toBe(0);
    expect(await read(two)).toMatchObject({ state: 'revoked', connection: null });
  });

  it('ends all grants of a user', async () => {
    await activeGrant(bench);
    const grantId = await activeGrant(bench);
    expect(await bench.store.revokeUser({ bucket: 'abc', userId: 'user-1' })).toBe(2);
    expect(await bench.store.revokeUser({ bucket: 'abc', userId: 'user-1' })).toBe(0);
    expect(await read(grantId)).toMatchObject({ state: 'revoked' });
  });

  it('asked for by a client needs its own grant and a token of it', async () => {
    const grantId = await activeGrant(bench);
    const revoke = (client: string, seed: string): Promise<boolean> =>
      bench.store.revokeGrant({ bucket: 'abc', grantId, why: 'revoked_by_client', proof: { client, seed } });
    expect(await revoke('thief', 'seed')).toBe(false);
    expect(await revoke('client', 'guess')).toBe(false);
    expect(await read(grantId)).toMatchObject({ state: 'active', revokedBecause: '' });
    expect(await revoke('client', 'code-seed')).toBe(true);
    expect(await read(grantId)).toMatchObject({ state: 'revoked', revokedBecause: 'revoked_by_client' });
  });

  it('says why', async () => {
    const replayed = await activeGrant(bench);
    await bench.store.rotateRefresh(refreshOf(replayed, 1));
    await bench.store.rotateRefresh(refreshOf(replayed, 1, { grace: 0 }));
    expect(await read(replayed)).toMatchObject({ revokedBecause: 'refresh_token_replayed' });
    const redeemed = await activeGrant(bench);
    bench.clock.now += hour;
    await bench.store.redeemCode(codeOf(redeemed));
    expect(await read(redeemed)).toMatchObject({ revokedBecause: 'code_replayed' });
  });

  it('remembers sixteen access tokens; one more ends the grant', async () => {
    const grantId = await activeGrant(bench);
    const revoke = (tokenId: string): Promise<string> =>
      bench.store.revokeAccessToken({ bucket: 'abc', grantId, tokenId });
    for (let count = 0; count < 16; count += 1) expect(await revoke(`j${count}`)).toBe('ok');
    expect(await revoke('j3')).toBe('ok');
    expect((await read(grantId))?.revokedTokens).toHaveLength(16);
    expect(await revoke('j16')).toBe('full');
    expect(await read(grantId)).toMatchObject({ state: 'revoked' });
    expect(await revoke('j17')).toBe('missing');
  });

  it('is final: no evidence brings a user back who has no grant any more', async () => {
    const grantId = await activeGrant(bench);
    await bench.store.revokeGrant({ bucket: 'abc', grantId, why: 'revoked_by_client' });
    const identity = { sealed: new Uint8Array([7]), at: bench.clock.now };
    await bench.store.saveIdentity({ bucket: 'abc', userId: 'user-1', identity });
    expect((await read(grantId))?.grant.identity.sealed).toHaveLength(0);
  });

  it('and expiry leave nothing behind in the end', async () => {
    await activeGrant(bench);
    bench.clock.now += 100 * day;
    for (let call = 0; call < 4000; call += 1) {
      await bench.store.loadKeyRing('x');
      if ((await bench.store.stats()).grants === 0) break;
      bench.clock.now += minute;
    }
    expect(await bench.store.stats()).toMatchObject({ pending: 0, grants: 0, connections: 0 });
  });
});
