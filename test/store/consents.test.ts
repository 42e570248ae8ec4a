import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CommitLoginResult } from '../../src/store/contract.ts';
import type { RememberConsent, RememberedConsent } from '../../src/store/consent-contract.ts';
import type { Bench } from './backends.ts';
import { backends, connectionOf, day, hour, loginOf, pending, unique } from './backends.ts';

const { bucket } = connectionOf();
const alice = { bucket, userId: 'alice' };
const bob = { bucket, userId: 'bob' };

describe.each(backends)('%s: remembered consents', (_, open) => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await open();
  });
  afterEach(() => bench.close());

  const consentTo = (consentId: string, more: Partial<RememberConsent> = {}): RememberConsent => ({
    consentId,
    client: 'client-1',
    data: `agreed to ${consentId}`,
    ttl: day,
    ...more,
  });

  async function login(
    who: typeof alice,
    more: { readonly consented?: string; readonly remember?: RememberConsent } = {},
  ): Promise<{ readonly result: CommitLoginResult; readonly grantId: string }> {
    const transaction = await pending(bench.store);
    const committed = loginOf(transaction, bench.clock.now);
    const grantId = unique('grant');
    const result = await bench.store.commitLogin({
      ...committed,
      connection: connectionOf(who.userId),
      grant: { ...committed.grant, grantId, client: 'client-1' },
      ...more,
    });
    return { result, grantId };
  }

  const recall = (consentId: string, who = alice): Promise<RememberedConsent | null> =>
    bench.store.recallConsent({ ...who, consentId });
  const names = async (who = alice): Promise<readonly string[]> =>
    (await bench.store.listConsents(who)).map(({ consentId }) => consentId);

  it('are kept with the login that they were given in, for its user alone', async () => {
    await login(alice, { remember: consentTo('a') });
    const now = bench.clock.now;
    expect(await recall('a')).toEqual({
      ...alice,
      consentId: 'a',
      client: 'client-1',
      data: 'agreed to a',
      createdAt: now,
      usedAt: now,
      expiresAt: now + day,
    });
    expect(await recall('a', bob)).toBeNull();
    expect(await recall('b')).toBeNull();
    expect(await names(bob)).toEqual([]);
  });

  it('are not kept by a login that was denied, or that ended before', async () => {
    const transaction = await pending(bench.store);
    const committed = { ...loginOf(transaction, bench.clock.now), remember: consentTo('a') };
    await bench.store.denyPending({ transaction, ttl: hour, source: 'a' });
    expect(await bench.store.commitLogin(committed)).toEqual({ r: 'denied' });
    expect(await bench.store.listConsents(committed.connection)).toEqual([]);
  });

  it('are replaced by what is agreed to later', async () => {
    await login(alice, { remember: consentTo('a') });
    await login(alice, { remember: consentTo('a', { data: 'less' }) });
    expect(await recall('a')).toMatchObject({ data: 'less' });
    expect(await names()).toEqual(['a']);
  });

  it('carry a login of their user, which is noted, and no login of anybody else', async () => {
    await login(alice, { remember: consentTo('a') });
    bench.clock.now += hour;
    expect((await login(alice, { consented: 'a' })).result).toMatchObject({ r: 'ok' });
    expect(await recall('a')).toMatchObject({
      usedAt: bench.clock.now,
      expiresAt: bench.clock.now - hour + day,
    });
    const before = await bench.store.stats();
    expect((await login(bob, { consented: 'a' })).result).toEqual({ r: 'unconsented' });
    expect((await login(alice, { consented: 'b' })).result).toEqual({ r: 'unconsented' });
    const { pending: rows, ...stored } = await bench.store.stats();
    expect({ ...stored, pending: rows - 2 }).toEqual(before);
  });

  it('that are no more leave the login as it is: it can end once its user was asked', async () => {
    const transaction = await pending(bench.store);
    const committed = loginOf(transaction, bench.clock.now);
    expect(await bench.store.commitLogin({ ...committed, consented: 'a' })).toEqual({ r: 'unconsented' });
    const sealed = new Uint8Array([1]);
    const next = { transaction, leg: 0, attempt: committed.attempt, sealed, ttl: hour };
    expect(await bench.store.advancePending(next)).toEqual({ r: 'ok', leg: 16 });
    const attempt = 'click';
    expect(await bench.store.takePending({ transaction, leg: 16, attempt })).toMatchObject({ r: 'ok' });
    expect(await bench.store.commitLogin({ ...committed, leg: 16, attempt })).toMatchObject({ r: 'ok' });
  });

  it('count until their time is over, and are gone then', async () => {
    await login(alice, { remember: consentTo('a', { ttl: hour }) });
    bench.clock.now += hour;
    expect(await recall('a')).toBeNull();
    expect(await names()).toEqual([]);
    expect((await login(alice, { consented: 'a' })).result).toEqual({ r: 'unconsented' });
    expect(await bench.store.forgetConsent({ ...alice, consentId: 'a' })).toBe(false);
  });

  it('can be forgotten, one by one', async () => {
    await login(alice, { remember: consentTo('a') });
    await login(alice, { remember: consentTo('b') });
    expect(await bench.store.forgetConsent({ ...bob, consentId: 'a' })).toBe(false);
    expect(await bench.store.forgetConsent({ ...alice, consentId: 'a' })).toBe(true);
    expect(await bench.store.forgetConsent({ ...alice, consentId: 'a' })).toBe(false);
    expect(await names()).toEqual(['b']);
  });

  it('of a client end when one of its grants is ended; those of other clients stay', async () => {
    const { grantId } = await login(alice, { remember: consentTo('a') });
    await login(alice, { remember: consentTo('other', { client: 'client-2' }) });
    await login(bob, { remember: consentTo('a') });
    await bench.store.revokeGrant({ bucket, grantId, why: 'revoked_by_client' });
    expect(await names()).toEqual(['other']);
    expect(await names(bob)).toEqual(['a']);
  });

  it('outlive a grant that the upstream ended, which is nobody’s change of mind', async () => {
    for (const why of ['upstream_ended', 'upstream_silent'] as const) {
      const { grantId } = await login(alice, { remember: consentTo('a') });
      await bench.store.revokeGrant({ bucket, grantId, why });
      expect(await names()).toEqual(['a']);
    }
  });

  it('outlive a grant whose time is over', async () => {
    await login(alice, { remember: consentTo('a', { ttl: 400 * day }) });
    bench.clock.now += 200 * day;
    await login(bob);
    expect(await names()).toEqual(['a']);
    expect((await login(alice, { consented: 'a' })).result).toMatchObject({ r: 'ok' });
  });

  it('all end with their user, also when no grant is left', async () => {
    await login(alice, { remember: consentTo('a') });
    await login(alice, { remember: consentTo('b', { client: 'client-2' }) });
    await bench.store.revokeUser(alice);
    expect(await names()).toEqual([]);
    await login(alice, { remember: consentTo('a', { ttl: 400 * day }) });
    bench.clock.now += 200 * day;
    expect(await bench.store.revokeUser(alice)).toBe(0);
    expect(await names()).toEqual([]);
  });

  it('are at most fifty of one user: the one that was not used for longest goes first', async () => {
    for (let count = 0; count < 50; count += 1) {
      await login(alice, { remember: consentTo(`c${count}`) });
      bench.clock.now += 1000;
    }
    await login(alice, { consented: 'c0' });
    await login(bob, { remember: consentTo('b') });
    bench.clock.now += 1000;
    await login(alice, { remember: consentTo('c50') });
    const kept = await names();
    expect(kept).toHaveLength(50);
    expect(kept).toContain('c0');
    expect(kept).not.toContain('c1');
    expect(await names(bob)).toEqual(['b']);
  });

  it('are as many of one user as the caps say', async () => {
    await bench.close();
    bench = await open({ rememberedAnswersPerUser: 2 });
    for (const one of ['a', 'b', 'c']) {
      await login(alice, { remember: consentTo(one) });
      bench.clock.now += 1000;
    }
    expect(await names()).toEqual(['c', 'b']);
  });

  it('that are forgotten while logins rest on them carry none that comes after', async () => {
    await login(alice, { remember: consentTo('a') });
    const forgetting = bench.store.forgetConsent({ ...alice, consentId: 'a' });
    const logins = await Promise.all(Array.from({ length: 10 }, () => login(alice, { consented: 'a' })));
    expect(await forgetting).toBe(true);
    expect(new Set(logins.map(({ result }) => result.r))).toEqual(new Set(['unconsented']));
  });
});
