import { beforeEach, describe, expect, it } from 'vitest';
import type { UpstreamFailure } from '../../src/upstream/provider.ts';
import { UpstreamError } from '../../src/upstream/provider.ts';
import type { RenewedIdentity } from '../../src/vault/renew-identity.ts';
import { Scene, identity, key, tokens } from './scene.ts';

let scene: Scene;

beforeEach(() => {
  scene = new Scene();
});

const day = 86_400_000;

function fails(failure: UpstreamFailure): () => Promise<never> {
  return () => Promise.reject(new UpstreamError(failure, 'corp', failure));
}

/** A day later, somebody asks. */
async function renew(): Promise<RenewedIdentity> {
  scene.now += day;
  const { grant, connection } = await scene.session();
  return scene.vault.renewIdentity({ ...key, evidence: grant.identity }, connection);
}

/** What the store holds about the user, and how old it is. */
async function kept(): Promise<{ readonly name: string | null; readonly age: number }> {
  const { grant } = await scene.session();
  const { name } = scene.vault.openIdentity(key, grant.identity);
  return { name, age: scene.now - grant.identity.at };
}

function refreshTells(name: string): void {
  scene.script.refresh = () =>
    Promise.resolve({
      tokens: tokens({ accessToken: 'access-2', refreshToken: 'refresh-2' }),
      identity: identity({ name }),
      subjectMismatch: false,
    });
}

describe('evidence about a user', () => {
  it('comes from the refreshed ID token', async () => {
    await scene.signIn(tokens());
    refreshTells('Alice Archer');
    expect(await renew()).toMatchObject({ r: 'ok', identity: { name: 'Alice Archer' } });
    expect(await kept()).toEqual({ name: 'Alice Archer', age: 0 });
    expect(scene.spent).toEqual(['refresh-1']);
  });

  it('is asked for with the new access token when the refresh tells none', async () => {
    await scene.signIn(tokens());
    scene.script.userinfo = (accessToken) => Promise.resolve(identity({ name: `by ${accessToken}` }));
    expect(await renew()).toMatchObject({ r: 'ok', identity: { name: 'by access-2' } });
    expect(await kept()).toEqual({ name: 'by access-2', age: 0 });
  });

  it.each([
    { what: 'there is no userinfo', userinfo: () => Promise.resolve(null) },
    { what: 'userinfo is down', userinfo: fails('unavailable') },
    { what: 'userinfo talks nonsense', userinfo: fails('invalid') },
    { what: 'userinfo refuses', userinfo: fails('rejected') },
  ])('is the old claims made new by a refresh when $what', async ({ userinfo }) => {
    await scene.signIn(tokens());
    scene.script.userinfo = userinfo;
    expect(await renew()).toMatchObject({ r: 'ok', identity: { name: 'Alice' } });
    expect(await kept()).toEqual({ name: 'Alice', age: 0 });
  });

  it('is refused when userinfo talks about somebody else; the new tokens are kept', async () => {
    await scene.signIn(tokens());
    scene.script.userinfo = () => Promise.resolve('other');
    expect(await renew()).toEqual({ r: 'dead' });
    expect(await kept()).toEqual({ name: 'Alice', age: day });
    expect(await scene.vault.freshTokens(await scene.row())).toMatchObject({
      tokens: { refreshToken: 'refresh-2' },
    });
  });

  it('is renewed once for many that ask together', async () => {
    await scene.signIn(tokens());
    refreshTells('Alice Archer');
    scene.now += day;
    const { grant, connection } = await scene.session();
    const owner = { ...key, evidence: grant.identity };
    const all = await Promise.all(
      Array.from({ length: 20 }, () => scene.vault.renewIdentity(owner, connection)),
    );
    expect(new Set(all.map(({ r }) => r))).toEqual(new Set(['ok']));
    expect(scene.spent).toEqual(['refresh-1']);
    expect(await kept()).toEqual({ name: 'Alice Archer', age: 0 });
  });
});

describe('without a refresh token', () => {
  it('the access token asks, while it lives', async () => {
    await scene.signIn(tokens({ refreshToken: null }));
    scene.script.userinfo = (accessToken) => Promise.resolve(identity({ name: `by ${accessToken}` }));
    expect(await renew()).toMatchObject({ r: 'ok', identity: { name: 'by access-1' } });
    expect(await kept()).toEqual({ name: 'by access-1', age: 0 });
  });

  it('nothing can be asked once it has ended', async () => {
    await scene.signIn(tokens({ refreshToken: null, expiresAt: scene.now + 1000 }));
    scene.script.userinfo = () => Promise.resolve(identity());
    expect(await renew()).toEqual({ r: 'impossible' });
    expect((await kept()).age).toBe(day);
  });

  it('nothing can be asked where there is no userinfo', async () => {
    await scene.signIn(tokens({ refreshToken: null }));
    expect(await renew()).toEqual({ r: 'impossible' });
  });

  it.each([
    ['unavailable', 'unavailable'],
    ['invalid', 'unavailable'],
    ['rejected', 'dead'],
    ['denied', 'dead'],
  ] as const)('userinfo that answers "%s" means "%s"', async (failure, r) => {
    await scene.signIn(tokens({ refreshToken: null }));
    scene.script.userinfo = fails(failure);
    expect(await renew()).toMatchObject({ r });
    expect((await kept()).age).toBe(day);
  });
});

describe('a provider', () => {
  it('that is down leaves everything as it was', async () => {
    await scene.signIn(tokens());
    scene.script.refresh = fails('unavailable');
    expect(await renew()).toMatchObject({ r: 'unavailable' });
    expect(await kept()).toEqual({ name: 'Alice', age: day });
    expect((await scene.row()).state).toBe('alive');
  });

  it('that ends the connection no longer vouches for anybody', async () => {
    await scene.signIn(tokens());
    scene.script.refresh = fails('rejected');
    expect(await renew()).toEqual({ r: 'dead' });
    expect(await renew()).toEqual({ r: 'dead' });
    expect(scene.spent).toHaveLength(1);
  });

  it('that is not configured any more cannot be asked', async () => {
    await scene.signIn(tokens());
    const { grant, connection } = await scene.session();
    const owner = { ...key, upstream: 'gone', evidence: grant.identity };
    expect(await scene.vault.renewIdentity(owner, connection)).toEqual({ r: 'impossible' });
  });

  it('of a user without a connection cannot be asked', async () => {
    await scene.signIn(tokens());
    const { grant } = await scene.session();
    expect(await scene.vault.renewIdentity({ ...key, evidence: grant.identity }, null)).toEqual({
      r: 'impossible',
    });
  });
});
