import { beforeEach, describe, expect, it } from 'vitest';
import type { UpstreamFailure } from '../../src/upstream/provider.ts';
import { UpstreamError } from '../../src/upstream/provider.ts';
import { Scene, key, tokens } from './scene.ts';

let scene: Scene;

beforeEach(() => {
  scene = new Scene();
});

const minute = 60_000;

const fails = (failure: UpstreamFailure) => () => Promise.reject(new UpstreamError(failure, 'corp', failure));

async function end(): Promise<void> {
  await scene.signIn(tokens());
  await scene.store.endConnection({ ...key, why: 'user_revoked' });
}

describe('an upstream', () => {
  it('is told of a connection that ended, with the tokens of the last refresh', async () => {
    const row = await scene.signIn(tokens({ expiresAt: scene.now }));
    await scene.vault.freshTokens(row);
    await scene.store.endConnection({ ...key, why: 'user_revoked' });
    await scene.vault.tellUpstreams();
    expect(scene.revoked).toEqual([
      { accessToken: 'access-2', refreshToken: 'refresh-2', clientId: 'sallyport' },
    ]);
    await scene.vault.tellUpstreams();
    expect(scene.revoked).toHaveLength(1);
  });

  it.each(['unavailable', 'misconfigured'] as const)(
    'that is %s is told again, later and later',
    async (failure) => {
      await end();
      scene.script.revoke = fails(failure);
      await scene.vault.tellUpstreams();
      await scene.vault.tellUpstreams();
      expect(scene.revoked).toHaveLength(1);
      scene.now += minute + 1;
      await scene.vault.tellUpstreams();
      expect(scene.revoked).toHaveLength(2);
      scene.now += minute + 1;
      await scene.vault.tellUpstreams();
      expect(scene.revoked).toHaveLength(2);
      scene.script.revoke = () => Promise.resolve('revoked');
      scene.now += 5 * minute;
      await scene.vault.tellUpstreams();
      expect(scene.revoked).toHaveLength(3);
      expect((await scene.store.stats()).ended).toBe(0);
    },
  );

  it('that says no for good is told once', async () => {
    await end();
    scene.script.revoke = fails('invalid');
    await scene.vault.tellUpstreams();
    scene.now += 1000 * minute;
    await scene.vault.tellUpstreams();
    expect(scene.revoked).toHaveLength(1);
    expect((await scene.store.stats()).ended).toBe(0);
  });

  it('is told by one process, however many look', async () => {
    await end();
    const vaults = [scene.vault, scene.process(), scene.process()];
    await Promise.all(vaults.map((vault) => vault.tellUpstreams()));
    expect(scene.revoked).toHaveLength(1);
  });

  it('hears nothing about an account that is connected again: it might end the new connection too', async () => {
    await end();
    await scene.signIn(tokens({ refreshToken: 'refresh-new' }));
    await scene.vault.tellUpstreams();
    expect(scene.revoked).toEqual([]);
  });

  it('hears nothing about tokens that were given to another client of ours', async () => {
    await scene.signIn(tokens(), 'our former client');
    await scene.store.endConnection({ ...key, why: 'user_revoked' });
    await scene.vault.tellUpstreams();
    expect(scene.revoked).toEqual([]);
    expect((await scene.store.stats()).ended).toBe(0);
  });

  it('is told after a store that failed has come back', async () => {
    await end();
    const broken = {
      ...scene.store,
      takeEnded: () => Promise.reject(new Error('the disk is gone')),
    };
    await scene.process(broken).tellUpstreams();
    await scene.vault.tellUpstreams();
    expect(scene.revoked).toHaveLength(1);
  });
});
