import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/crypto/hash.ts';
import type { AccessToken } from '../../src/resource/access-token.ts';
import { createSessions, grantKeyOf } from '../../src/resource/sessions.ts';
import type { SessionView } from '../../src/store/contract.ts';

const token: AccessToken = {
  subject: 'user',
  clientId: 'client',
  scopes: [],
  audience: 'https://mcp.example.com/mcp',
  tokenId: 'token-1',
  sessionId: '0a1.grant',
  expiresAt: 2000,
  issuedAt: 1000,
};

const alive: SessionView = {
  state: 'active',
  grant: {
    userId: 'user',
    upstream: 'corp',
    account: 'alice',
    resource: token.audience,
    data: '{}',
    createdAt: 0,
    endsAt: 10_000_000,
    identity: { sealed: new Uint8Array(), at: 0 },
  },
  client: sha256('client'),
  expiresAt: 10_000_000,
  generation: 1,
  revokedTokens: [],
  revokedBecause: '',
  connection: null,
};

/** Sessions over one row that tests can change, and the reads that reached it. */
function sessionsOver(first: SessionView | null) {
  const world = { row: first, now: 1_000_000, reads: 0, broken: false };
  const sessions = createSessions({
    clock: () => world.now,
    cacheFor: 5000,
    store: {
      readSession: () => {
        world.reads += 1;
        return world.broken ? Promise.reject(new Error('disk')) : Promise.resolve(world.row);
      },
    },
  });
  return { world, sessions };
}

describe('a session', () => {
  it('is alive with its view', async () => {
    const { sessions } = sessionsOver(alive);
    expect(await sessions.check(token, null)).toEqual({ r: 'alive', session: alive });
  });

  it.each([
    ['nobody knows it', null],
    ['it was revoked', { ...alive, state: 'revoked' }],
    ['its code was never redeemed', { ...alive, state: 'code' }],
    ['this token was revoked', { ...alive, revokedTokens: ['token-0', 'token-1'] }],
    ['it is another client’s', { ...alive, client: sha256('other') }],
    ['it is another user’s', { ...alive, grant: { ...alive.grant, userId: 'other' } }],
    ['it has come to its end', { ...alive, grant: { ...alive.grant, endsAt: 1_000_000 } }],
  ] as const)('is dead when %s', async (_why, row) => {
    const { sessions } = sessionsOver(row);
    expect(await sessions.check(token, null)).toEqual({ r: 'dead' });
  });

  it('is read once for requests within five seconds, and again after', async () => {
    const { world, sessions } = sessionsOver(alive);
    await Promise.all(Array.from({ length: 20 }, () => sessions.check(token, null)));
    world.now += 4999;
    await sessions.check(token, null);
    expect(world.reads).toBe(1);
    world.now += 1;
    world.row = null;
    expect(await sessions.check(token, null)).toEqual({ r: 'dead' });
    expect(world.reads).toBe(2);
  });

  it('is read for each upstream apart', async () => {
    const { world, sessions } = sessionsOver(alive);
    await sessions.check(token, null);
    await sessions.check(token, 'github');
    expect(world.reads).toBe(2);
  });

  it('is read again at once after it was forgotten', async () => {
    const { world, sessions } = sessionsOver(alive);
    await sessions.check(token, null);
    await sessions.check(token, 'github');
    world.row = { ...alive, state: 'revoked' };
    sessions.forget(token.sessionId);
    expect(await sessions.check(token, null)).toEqual({ r: 'dead' });
    expect(await sessions.check(token, 'github')).toEqual({ r: 'dead' });
  });

  it('is read again when the clock was set back', async () => {
    const { world, sessions } = sessionsOver(alive);
    await sessions.check(token, null);
    world.now -= 60_000;
    await sessions.check(token, null);
    expect(world.reads).toBe(2);
  });

  it('is unknown while the store fails, and that is not remembered', async () => {
    const { world, sessions } = sessionsOver(alive);
    world.broken = true;
    await expect(sessions.check(token, null)).rejects.toThrow('disk');
    world.broken = false;
    expect(await sessions.check(token, null)).toMatchObject({ r: 'alive' });
  });

  it('has the name of its grant', () => {
    expect(grantKeyOf('0a1.grant')).toEqual({ bucket: '0a1', grantId: 'grant' });
  });
});
