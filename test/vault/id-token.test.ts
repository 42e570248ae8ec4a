import { beforeEach, describe, expect, it } from 'vitest';
import { Scene, tokens } from './scene.ts';

let scene: Scene;

beforeEach(() => {
  scene = new Scene();
});

const hour = 3_600_000;

/** An ID token as it is kept: verified before. */
function idToken(endsAt: number): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'RS256' })}.${part({ sub: 'alice', exp: Math.floor(endsAt / 1000) })}.c2ln`;
}

describe('an ID token that somebody needs', () => {
  const signIn = () =>
    scene.signIn(tokens({ idToken: idToken(scene.now + hour), expiresAt: scene.now + 24 * hour }));

  it('is given as it is while it lives', async () => {
    const row = await signIn();
    expect(await scene.vault.freshTokens(row, 'id_token')).toMatchObject({
      tokens: { accessToken: 'access-1', idToken: idToken(scene.now + hour) },
    });
  });

  it('is renewed before its end though the access token lives on; nobody else pays for it', async () => {
    const row = await signIn();
    const fresh = idToken(scene.now + 3 * hour);
    scene.script.refresh = () =>
      Promise.resolve({
        tokens: tokens({ accessToken: 'access-2', refreshToken: 'refresh-2', idToken: fresh }),
        identity: null,
        subjectMismatch: false,
      });
    scene.now += hour - 30_000;
    expect(await scene.vault.freshTokens(row)).toMatchObject({ tokens: { accessToken: 'access-1' } });
    expect(scene.spent).toEqual([]);
    expect(await scene.vault.freshTokens(row, 'id_token')).toMatchObject({ tokens: { idToken: fresh } });
    expect(scene.spent).toEqual(['refresh-1']);
  });

  it('that a refresh does not bring stays until its end, is then left out, and is not asked for again and again', async () => {
    const row = await signIn();
    const first = idToken(scene.now + hour);
    scene.now += hour - 30_000;
    expect(await scene.vault.freshTokens(row, 'id_token')).toMatchObject({ tokens: { idToken: first } });
    const refreshed = await scene.row();
    for (let call = 0; call < 3; call += 1) await scene.vault.freshTokens(refreshed, 'id_token');
    expect(scene.spent).toEqual(['refresh-1']);
    scene.now += hour / 2;
    expect(await scene.vault.freshTokens(refreshed, 'id_token')).toMatchObject({
      tokens: { accessToken: 'access-2', idToken: null },
    });
    expect(scene.spent).toEqual(['refresh-1']);
  });
});
