import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Bench } from './backends.ts';
import { backends, connectionOf, login } from './backends.ts';

describe.each(backends)('%s: idle connections', (_, open) => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await open();
  });
  afterEach(() => bench.close());

  /** Every page; the users whose connections lie idle. */
  async function idle(idleFor: Record<string, number>): Promise<string[]> {
    const users: string[] = [];
    let after: string | null = '';
    while (after !== null) {
      const page = await bench.store.listIdle({ after, idleFor });
      users.push(...page.rows.map(({ key }) => key.userId));
      after = page.next;
    }
    return users.toSorted();
  }

  const { upstream } = connectionOf();

  it('are those of an upstream that were not refreshed for so long', async () => {
    await login(bench, { connection: connectionOf('user-1') });
    bench.clock.now += 1000;
    await login(bench, { connection: connectionOf('user-2') });
    expect(await idle({ [upstream]: 1000 })).toEqual(['user-1']);
    expect(await idle({ [upstream]: 0 })).toEqual(['user-1', 'user-2']);
    expect(await idle({ other: 0 })).toEqual([]);
    expect(await idle({})).toEqual([]);
  });

  it('have a refresh token', async () => {
    await login(bench, { tokens: { refresh: null } });
    expect(await idle({ [upstream]: 0 })).toEqual([]);
  });

  it('are found on whatever page they are', async () => {
    const users = Array.from({ length: 501 }, (_value, index) => `user-${String(index).padStart(3, '0')}`);
    await Promise.all(users.map((user) => login(bench, { connection: connectionOf(user) })));
    expect(await idle({ [upstream]: 0 })).toEqual(users);
    expect((await bench.store.listIdle({ after: '', idleFor: {} })).next).not.toBeNull();
  });
});
