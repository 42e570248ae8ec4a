import { beforeEach, describe, expect, it } from 'vitest';
import { UpstreamError } from '../../src/upstream/provider.ts';
import { Scene, tokens } from './scene.ts';

let scene: Scene;

beforeEach(() => {
  scene = new Scene();
});

const hour = 3_600_000;
const day = 24 * hour;

describe('a connection that lies idle', () => {
  it('is refreshed when its time has come, and then not before it comes again', async () => {
    await scene.signIn(tokens({ expiresAt: scene.now + hour }));
    scene.now += day - 1;
    await scene.vault.keepAlive();
    expect(scene.spent).toEqual([]);
    scene.now += 1;
    await scene.vault.keepAlive();
    await scene.vault.keepAlive();
    expect(scene.spent).toEqual(['refresh-1']);
    scene.now += day;
    await scene.vault.keepAlive();
    expect(scene.spent).toEqual(['refresh-1', 'refresh-2']);
  });

  it('is left alone while somebody uses it', async () => {
    const row = await scene.signIn(tokens({ expiresAt: scene.now + hour }));
    scene.now += day - 1;
    await scene.vault.freshTokens(row);
    scene.now += 1;
    await scene.vault.keepAlive();
    expect(scene.spent).toEqual(['refresh-1']);
  });

  it('is refreshed once, however many processes look', async () => {
    await scene.signIn(tokens());
    scene.now += day;
    const vaults = [scene.vault, scene.process(), scene.process()];
    await Promise.all(vaults.map((vault) => vault.keepAlive()));
    expect(scene.spent).toEqual(['refresh-1']);
  });

  it('without a refresh token is left to its end', async () => {
    await scene.signIn(tokens({ refreshToken: null }));
    scene.now += day;
    await scene.vault.keepAlive();
    expect(scene.spent).toEqual([]);
    expect((await scene.row()).state).toBe('alive');
  });

  it('that its upstream has ended is known to be dead before anybody needs it', async () => {
    await scene.signIn(tokens());
    scene.now += day;
    scene.script.refresh = () => Promise.reject(new UpstreamError('rejected', 'corp', 'invalid_grant'));
    await scene.vault.keepAlive();
    expect((await scene.row()).state).toBe('dead');
  });

  it('stays when its upstream is down, or the store', async () => {
    await scene.signIn(tokens());
    scene.now += day;
    scene.script.refresh = () => Promise.reject(new UpstreamError('unavailable', 'corp', '503'));
    await scene.vault.keepAlive();
    expect((await scene.row()).state).toBe('alive');
    const broken = { ...scene.store, listIdle: () => Promise.reject(new Error('the disk is gone')) };
    await scene.process(broken).keepAlive();
  });
});
