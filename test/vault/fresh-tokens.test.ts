import { beforeEach, describe, expect, it, vi } from 'vitest';
import { SallyportError } from '../../src/types/error.ts';
import type { UpstreamFailure, UpstreamRefresh } from '../../src/upstream/provider.ts';
import { UpstreamError } from '../../src/upstream/provider.ts';
import { Scene, key, tokens } from './scene.ts';

let scene: Scene;

beforeEach(() => {
  scene = new Scene();
});

const minute = 60_000;

function fails(failure: UpstreamFailure): () => Promise<never> {
  return () => Promise.reject(new UpstreamError(failure, 'corp', failure));
}

describe('tokens that need no refresh', () => {
  it.each(['never', 'unknown'] as const)('are given as they are (expiry %s)', async (expiresAt) => {
    const row = await scene.signIn(tokens({ expiresAt, idToken: 'id', scopes: ['a', 'b'] }));
    scene.now += 86_400_000;
    const given = await scene.vault.freshTokens(row);
    expect(given).toEqual({ r: 'ok', tokens: tokens({ expiresAt, idToken: 'id', scopes: ['a', 'b'] }) });
    expect(scene.spent).toEqual([]);
  });

  it('are used until a minute before their end', async () => {
    const row = await scene.signIn(tokens({ expiresAt: scene.now + minute + 1 }));
    expect(await scene.vault.freshTokens(row)).toMatchObject({ tokens: { accessToken: 'access-1' } });
    scene.now += 1;
    expect(await scene.vault.freshTokens(row)).toMatchObject({ tokens: { accessToken: 'access-2' } });
  });

  it('are used to the very end when there is no refresh token, and then are dead', async () => {
    const row = await scene.signIn(tokens({ expiresAt: scene.now + 10, refreshToken: null }));
    expect(await scene.vault.freshTokens(row)).toMatchObject({ r: 'ok' });
    scene.now += 10;
    expect(await scene.vault.freshTokens(row)).toEqual({ r: 'dead' });
    expect((await scene.row()).state).toBe('alive');
  });
});

describe('a refresh', () => {
  it('is kept: the next one spends the new refresh token', async () => {
    const row = await scene.signIn(tokens({ expiresAt: scene.now }));
    await scene.vault.freshTokens(row);
    scene.now += 60 * minute;
    expect(await scene.vault.freshTokens(await scene.row())).toMatchObject({
      tokens: { accessToken: 'access-3' },
    });
    expect(scene.spent).toEqual(['refresh-1', 'refresh-2']);
  });

  it('that brings no refresh token leaves the old one in place', async () => {
    const row = await scene.signIn(tokens({ expiresAt: scene.now }));
    const fresh = tokens({ accessToken: 'new', refreshToken: null, expiresAt: scene.now + minute });
    scene.script.refresh = () => Promise.resolve({ tokens: fresh, identity: null, subjectMismatch: false });
    await scene.vault.freshTokens(row);
    await scene.vault.freshTokens(await scene.row());
    expect(scene.spent).toEqual(['refresh-1', 'refresh-1']);
  });

  it('happens once for fifty requests of three processes', async () => {
    const row = await scene.signIn(tokens({ expiresAt: scene.now }));
    const vaults = [scene.vault, scene.process(), scene.process()];
    const gate = Promise.withResolvers<void>();
    const answer = scene.script.refresh;
    scene.script.refresh = async (token) => {
      await gate.promise;
      return answer(token);
    };
    const asked = Array.from({ length: 50 }, (_, index) => vaults[index % 3]?.freshTokens(row));
    setTimeout(() => gate.resolve(), 50);
    const given = await Promise.all(asked);
    for (const one of given) expect(one).toMatchObject({ r: 'ok', tokens: { accessToken: 'access-2' } });
    expect(scene.spent).toEqual(['refresh-1']);
  });

  it('is not repeated by who still holds the old row', async () => {
    const row = await scene.signIn(tokens({ expiresAt: scene.now }));
    await scene.vault.freshTokens(row);
    expect(await scene.vault.freshTokens(row)).toMatchObject({ tokens: { accessToken: 'access-2' } });
    expect(scene.spent).toHaveLength(1);
  });

  it('stays with its leader for as long as the provider thinks', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const row = await scene.signIn(tokens({ expiresAt: scene.now }));
    const answer = scene.script.refresh;
    const held = Promise.withResolvers<void>();
    scene.script.refresh = (refreshToken) => held.promise.then(() => answer(refreshToken));
    const slow = scene.vault.freshTokens(row);
    for (let moment = 0; moment < 8; moment += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      scene.now += 15_000;
      vi.advanceTimersByTime(15_000);
    }
    await new Promise((resolve) => setImmediate(resolve));
    const other = scene.process().freshTokens(row);
    await new Promise((resolve) => setImmediate(resolve));
    held.resolve();
    expect(await slow).toMatchObject({ r: 'ok', tokens: { accessToken: 'access-2' } });
    expect(await other).toMatchObject({ r: 'ok', tokens: { accessToken: 'access-2' } });
    expect(scene.spent).toEqual(['refresh-1']);
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  it('is taken over when its process vanished', async () => {
    const row = await scene.signIn(tokens({ expiresAt: scene.now }));
    scene.script.refresh = () => new Promise<UpstreamRefresh>(() => {});
    void scene.vault.freshTokens(row);
    await new Promise((resolve) => setImmediate(resolve));
    expect(scene.spent).toHaveLength(1);
    scene.now += minute;
    const other = new Scene().script.refresh;
    scene.script.refresh = other;
    expect(await scene.process().freshTokens(row)).toMatchObject({ r: 'ok' });
  });
});

describe('a provider that fails', () => {
  it.each(['unavailable', 'invalid'] as const)(
    '(%s) costs nothing while the token lives',
    async (failure) => {
      const row = await scene.signIn(tokens({ expiresAt: scene.now + 30_000 }));
      scene.script.refresh = fails(failure);
      expect(await scene.vault.freshTokens(row)).toMatchObject({
        r: 'ok',
        tokens: { accessToken: 'access-1' },
      });
    },
  );

  it.each(['unavailable', 'invalid'] as const)(
    '(%s) means waiting after that, and nothing is lost',
    async (failure) => {
      const row = await scene.signIn(tokens({ expiresAt: scene.now }));
      const answer = scene.script.refresh;
      scene.script.refresh = fails(failure);
      const given = await scene.vault.freshTokens(row);
      expect(given).toMatchObject({ r: 'unavailable' });
      expect(await scene.vault.freshTokens(row)).toMatchObject({ r: 'unavailable' });
      expect(scene.spent).toHaveLength(1);
      scene.now += minute;
      scene.script.refresh = answer;
      expect(await scene.vault.freshTokens(row)).toMatchObject({ r: 'ok' });
      expect(scene.spent).toEqual(['refresh-1', 'refresh-1']);
    },
  );

  it('for good (rejected) is not asked again', async () => {
    const row = await scene.signIn(tokens({ expiresAt: scene.now + 30_000 }));
    scene.script.refresh = fails('rejected');
    expect(await scene.vault.freshTokens(row)).toEqual({ r: 'dead' });
    expect((await scene.row()).state).toBe('dead');
    expect(await scene.vault.freshTokens(await scene.row())).toEqual({ r: 'dead' });
    expect(await scene.vault.freshTokens(row)).toEqual({ r: 'dead' });
    expect(scene.spent).toHaveLength(1);
  });

  it('by answering for another account ends the connection, and its tokens are never used', async () => {
    const row = await scene.signIn(tokens({ expiresAt: scene.now }));
    const stolen = tokens({ accessToken: 'of-bob', expiresAt: scene.now + 60 * minute });
    scene.script.refresh = () => Promise.resolve({ tokens: stolen, identity: null, subjectMismatch: true });
    expect(await scene.vault.freshTokens(row)).toEqual({ r: 'dead' });
    expect((await scene.row()).state).toBe('dead');
  });
});

describe('tokens of another registration at the provider', () => {
  it('are not refreshed with this one', async () => {
    const row = await scene.signIn(tokens({ expiresAt: scene.now }), 'the-old-client');
    expect(await scene.vault.freshTokens(row)).toEqual({ r: 'dead' });
    expect(scene.spent).toEqual([]);
  });
});

describe('what the store keeps', () => {
  it('shows no token', async () => {
    const row = await scene.signIn(tokens({ idToken: 'id-token-1' }));
    const kept = Buffer.concat([row.tokens.access, row.tokens.refresh ?? new Uint8Array()]).toString(
      'latin1',
    );
    for (const secret of ['access-1', 'refresh-1', 'id-token-1']) expect(kept).not.toContain(secret);
  });

  it.each(['userId', 'upstream', 'account'] as const)('does not open under another %s', async (part) => {
    const row = await scene.signIn(tokens());
    const moved = { ...row, key: { ...row.key, [part]: 'other' } };
    await expect(scene.vault.freshTokens(moved)).rejects.toMatchObject({ code: 'seal_broken' });
  });

  it('does not open in another field', async () => {
    const row = await scene.signIn(tokens());
    const { refresh } = row.tokens;
    if (refresh === null) throw new Error('there is a refresh token');
    const swapped = { ...row, tokens: { ...row.tokens, access: refresh } };
    await expect(scene.vault.freshTokens(swapped)).rejects.toMatchObject({ code: 'seal_broken' });
    const evidence = { sealed: row.tokens.access, at: scene.now };
    expect(() => scene.vault.openIdentity(key, evidence)).toThrow(SallyportError);
  });
});
