import { mkdtempSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { MemoryConsents } from '../../src/store/memory-consents.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import { connectionOf, day, hour, loginOf, pending } from './backends.ts';

describe('consents whose time is over', () => {
  it('leave the memory, a few users at a time', () => {
    const consents = new MemoryConsents();
    const recordOf = (user: number, expiresAt: number) => ({
      bucket: 'abc',
      userId: `user-${user}`,
      client: 'client',
      data: '',
      createdAt: 0,
      usedAt: 0,
      expiresAt,
    });
    for (let user = 0; user < 100; user += 1) {
      consents.save({ ...recordOf(user, 10), consentId: 'old' });
      consents.save({ ...recordOf(user, user === 50 ? 1000 : 10), consentId: 'other' });
    }
    const left = (): number =>
      Array.from({ length: 100 }, (_, user) => consents.of('abc', `user-${user}`).length).reduce(
        (a, b) => a + b,
      );
    consents.sweep(9);
    expect(left()).toBe(200);
    consents.sweep(10);
    expect(left()).toBeGreaterThan(100);
    for (let round = 0; round < 20; round += 1) consents.sweep(10);
    expect(left()).toBe(1);
    expect(consents.of('abc', 'user-50')).toMatchObject([{ consentId: 'other' }]);
  });

  it('leave the database', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-consents-'));
    const path = join(folder, 'store.db');
    let now = Date.UTC(2026, 10, 23);
    const store = await openSqliteStore({ path, clock: () => now });
    const remember = { consentId: 'a', client: 'client', data: '', ttl: hour };
    for (const consentId of ['a', 'b']) {
      const transaction = await pending(store);
      const ttl = consentId === 'a' ? hour : 2 * day;
      await store.commitLogin({ ...loginOf(transaction, now), remember: { ...remember, consentId, ttl } });
    }
    const database = new DatabaseSync(path, { readOnly: true });
    const kept = (): readonly unknown[] =>
      database
        .prepare('SELECT consentId FROM consents')
        .all()
        .map((row) => row['consentId']);
    expect(kept()).toEqual(['a', 'b']);
    now += day;
    await store.listConsents(connectionOf());
    await vi.waitFor(() => expect(kept()).toEqual(['b']));
    database.close();
    await store.close();
    rmSync(folder, { recursive: true });
  });
});
