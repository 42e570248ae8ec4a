/**
 * A refresh token that two people hold. RFC 9700 §4.14.2, OAuth 2.1 §4.3.1 (rotation and replay); better-auth
 * GHSA-392p-2q2v-4372 (forked families). toolhive deleted what was used, so that a thief who came first stayed for ever.
 */
import { afterEach, describe, expect, it } from 'vitest';
import type { Audited, Written } from '../audit/scene.ts';
import { startAudited } from '../audit/scene.ts';
import type { Stack, Tokens } from '../fixtures/stack.ts';
import { outcome } from './login-steps.ts';

const open: Audited[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function start(config: Readonly<Record<string, unknown>> = {}): Promise<Audited> {
  const audited = await startAudited(config);
  open.push(audited);
  return audited;
}

type Family = Tokens & { readonly clientId: string };

const refresh = async (stack: Stack, clientId: string, token: string): Promise<Tokens> => {
  const answer = await stack.refresh(clientId, token);
  expect(await outcome(answer.clone())).toBe('200');
  return (await answer.json()) as Tokens;
};

/** A family after `times` rotations: every token of it, oldest first. */
async function familyOf(stack: Stack, times: number): Promise<{ first: Family; tokens: string[] }> {
  const first = await stack.signIn({ scope: 'openid' });
  const tokens = [first.refresh_token];
  for (let time = 0; time < times; time += 1)
    tokens.push((await refresh(stack, first.clientId, tokens.at(-1) ?? '')).refresh_token);
  return { first, tokens };
}

/** Every way in that a family still has. */
async function alive(
  stack: Stack,
  { clientId }: Family,
  tokens: readonly Partial<Tokens>[],
): Promise<string[]> {
  const ways: string[] = [];
  for (const { access_token, refresh_token } of tokens) {
    const headers = { authorization: `Bearer ${access_token}` };
    const about = await stack.call('/oauth/userinfo', { headers });
    if (about.status === 200) ways.push('access');
    if (refresh_token !== undefined && (await stack.refresh(clientId, refresh_token)).status === 200)
      ways.push('refresh');
  }
  return ways;
}

const thefts = ({ of }: Audited): readonly Partial<Written>[] =>
  of('theft_detected').map(({ what, grant }) => ({ what, grant }));

describe('a thief who comes after the victim', () => {
  it('is found out after the grace: both lose everything, and the operator is told once', async () => {
    const audited = await start();
    const { stack } = audited;
    const first = await stack.signIn({ scope: 'openid' });
    const second = await refresh(stack, first.clientId, first.refresh_token);
    stack.advance(61_000);
    for (let time = 0; time < 3; time += 1)
      expect(await outcome(await stack.refresh(first.clientId, first.refresh_token))).toBe(
        '400 invalid_grant',
      );
    expect(await alive(stack, first, [first, second])).toEqual([]);
    const { grant } = audited.first('token_issued');
    expect(thefts(audited)).toEqual([{ what: 'refresh_token', grant }]);
    expect(audited.of('revoked')).toMatchObject([{ why: 'refresh_token_replayed', by: 'server', grant }]);
    expect(
      stack.log.filter(({ level, message }) => level === 'warn' && message.includes('replayed')),
    ).toHaveLength(1);
  });

  it('within the grace sees what the victim sees, and is found out at the next turn', async () => {
    const audited = await start();
    const { stack } = audited;
    const first = await stack.signIn({ scope: 'openid' });
    const { clientId } = first;
    const victims = await refresh(stack, clientId, first.refresh_token);
    stack.advance(59_000);
    const thiefs = await refresh(stack, clientId, first.refresh_token);
    // One family, not two: both hold the same token, and the operator can see that it was asked for twice.
    expect(thiefs.refresh_token).toBe(victims.refresh_token);
    expect(audited.of('refresh_repeated')).toHaveLength(1);
    expect(thefts(audited)).toEqual([]);
    stack.advance(600_000);
    const next = await refresh(stack, clientId, thiefs.refresh_token);
    stack.advance(600_000);
    expect(await outcome(await stack.refresh(clientId, victims.refresh_token))).toBe('400 invalid_grant');
    expect(await alive(stack, first, [first, victims, thiefs, next])).toEqual([]);
    expect(thefts(audited)).toHaveLength(1);
  });
});

describe('a thief who comes first', () => {
  it('loses all when the victim comes back', async () => {
    const audited = await start();
    const { stack } = audited;
    const first = await stack.signIn({ scope: 'openid' });
    const { clientId } = first;
    let stolen: Tokens = first;
    for (let step = 0; step < 3; step += 1) {
      stolen = await refresh(stack, clientId, stolen.refresh_token);
      stack.advance(600_000);
    }
    expect(await outcome(await stack.refresh(clientId, first.refresh_token))).toBe('400 invalid_grant');
    expect(await alive(stack, first, [first, stolen])).toEqual([]);
    expect(thefts(audited)).toHaveLength(1);
  });

  it('cannot keep the victim quiet by turning the family over quickly', async () => {
    const audited = await start();
    const { stack } = audited;
    const first = await stack.signIn({ scope: 'openid' });
    const { clientId } = first;
    let stolen: Tokens = first;
    for (let step = 0; step < 4; step += 1) stolen = await refresh(stack, clientId, stolen.refresh_token);
    // Four generations behind and within the grace is a slow client; five is somebody else's doing.
    stolen = await refresh(stack, clientId, first.refresh_token);
    stolen = await refresh(stack, clientId, stolen.refresh_token);
    expect(await outcome(await stack.refresh(clientId, first.refresh_token))).toBe('400 invalid_grant');
    expect(await alive(stack, first, [first, stolen])).toEqual([]);
    expect(thefts(audited)).toHaveLength(1);
  });
});

describe('the family', () => {
  it.each([0, 1, 2, 3, 4, 5, 6, 7])(
    'of eight dies at its generation %i, after the grace',
    async (generation) => {
      const { stack } = await start();
      const { first, tokens } = await familyOf(stack, 8);
      stack.advance(61_000);
      const answer = await stack.refresh(first.clientId, tokens[generation] ?? '');
      expect(await outcome(answer)).toBe('400 invalid_grant');
      for (const token of tokens)
        expect(await outcome(await stack.refresh(first.clientId, token))).toBe('400 invalid_grant');
    },
  );

  it('keeps four generations within the grace, and dies at any older one', async () => {
    const { stack } = await start();
    for (const [behind, expected] of [
      [1, '200'],
      [2, '200'],
      [3, '200'],
      [4, '200'],
      [5, '400 invalid_grant'],
      [8, '400 invalid_grant'],
    ] as const) {
      const { first, tokens } = await familyOf(stack, 8);
      const answer = await stack.refresh(first.clientId, tokens.at(-1 - behind) ?? '');
      expect([behind, await outcome(answer)]).toEqual([behind, expected]);
      const last = await stack.refresh(first.clientId, tokens.at(-1) ?? '');
      expect([behind, await outcome(last)]).toEqual([behind, expected]);
    }
  });

  it('never has two ends: whatever of it is used at once leads to one token', async () => {
    const { stack } = await start();
    const { first, tokens } = await familyOf(stack, 3);
    const answers = await Promise.all(
      [...tokens, ...tokens].toReversed().map((token) => stack.refresh(first.clientId, token)),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    const ends = await Promise.all(
      answers.map(async (answer) => ((await answer.json()) as Tokens).refresh_token),
    );
    expect(new Set(ends).size).toBe(1);
  });

  it('dies alone: the user’s other sign-ins live on', async () => {
    const { stack } = await start();
    const first = await stack.signIn({ scope: 'openid' });
    const other = await stack.signIn({ scope: 'openid' });
    await refresh(stack, first.clientId, first.refresh_token);
    stack.advance(61_000);
    await stack.refresh(first.clientId, first.refresh_token);
    expect(await alive(stack, other, [other])).toEqual(['access', 'refresh']);
  });

  it('stays dead: no token of it works after revocation, and none of them tells the operator of a theft', async () => {
    const audited = await start();
    const { stack } = audited;
    const { first, tokens } = await familyOf(stack, 3);
    const body = new URLSearchParams({ client_id: first.clientId, token: tokens.at(-1) ?? '' });
    expect((await stack.call('/oauth/revoke', { method: 'POST', body })).status).toBe(200);
    stack.advance(3_600_000);
    for (const token of tokens)
      expect(await outcome(await stack.refresh(first.clientId, token))).toBe('400 invalid_grant');
    expect(thefts(audited)).toEqual([]);
    expect(audited.of('revoked')).toHaveLength(1);
  });
});

describe('without grace', () => {
  it('the second use of a token ends the family at once', async () => {
    const audited = await start({ refresh_grace: 0 });
    const { stack } = audited;
    const first = await stack.signIn({ scope: 'openid' });
    const second = await refresh(stack, first.clientId, first.refresh_token);
    expect(await outcome(await stack.refresh(first.clientId, first.refresh_token))).toBe('400 invalid_grant');
    expect(await alive(stack, first, [first, second])).toEqual([]);
    expect(thefts(audited)).toHaveLength(1);
  });

  it('of racers one wins, and then nobody', async () => {
    const { stack } = await start({ refresh_grace: '0s' });
    const first = await stack.signIn({ scope: 'openid' });
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => stack.refresh(first.clientId, first.refresh_token)),
    );
    const won = answers.filter(({ status }) => status === 200);
    expect(won).toHaveLength(1);
    const tokens = await Promise.all(won.map(async (answer) => (await answer.json()) as Tokens));
    expect(await alive(stack, first, tokens)).toEqual([]);
  });
});

describe('a thief with another client', () => {
  it('gets nothing and ends nothing, with a fresh token or an old one', async () => {
    const audited = await start();
    const { stack } = audited;
    const first = await stack.signIn({ scope: 'openid' });
    const second = await refresh(stack, first.clientId, first.refresh_token);
    const thief = await stack.register({ client_name: 'Thief' });
    stack.advance(61_000);
    for (const token of [first.refresh_token, second.refresh_token])
      expect(await outcome(await stack.refresh(thief.client_id, token))).toBe('400 invalid_grant');
    expect(await alive(stack, first, [second])).toEqual(['access', 'refresh']);
    expect(thefts(audited)).toEqual([]);
  });

  it('cannot make a token of the next generation out of one that it has', async () => {
    const { stack } = await start();
    const first = await stack.signIn({ scope: 'openid' });
    const bytes = Buffer.from(first.refresh_token.slice(6), 'base64url');
    for (const generation of [0, 2, 3, 4_294_967_295]) {
      const forged = Buffer.from(bytes);
      forged.writeUInt32BE(generation, 18);
      const token = `sp_rt_${forged.toString('base64url')}`;
      expect(await outcome(await stack.refresh(first.clientId, token))).toBe('400 invalid_grant');
    }
    expect(await alive(stack, first, [first])).toEqual(['access', 'refresh']);
  });
});
