import { existsSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runGrantsCommand } from '../../src/cli/grants.ts';
import { redirectUri } from '../fixtures/stack.ts';
import { run, Scene } from './scene.ts';
import type { Around, Outcome } from './scene.ts';

let scene: Scene;

beforeEach(() => {
  scene = new Scene();
});

afterEach(() => scene.close());

const grants = (args: readonly string[], around?: Around): Promise<Outcome> =>
  run(runGrantsCommand, [...args, '-c', scene.config], around);

interface Listed {
  readonly sid: string;
  readonly user: string;
  readonly client: string;
  readonly state: string;
}

const listed = async (...args: readonly string[]): Promise<readonly Listed[]> =>
  JSON.parse((await grants(['list', '--json', ...args])).out) as readonly Listed[];

describe('sallyport grants list', () => {
  it('shows who is signed in with what, and nothing that could be used', async () => {
    const stack = await scene.start();
    const { clientId, access_token, refresh_token } = await stack.signIn();
    const { code, out, err } = await grants(['list']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^SID +STATE +USER +UPSTREAM +ACCOUNT +CLIENT +CALLED +KNOWN AS/u);
    expect(out).toMatch(/^[0-9a-f]{3}\.[\w-]{22} +active +[\w-]+ +demo +alice +[\w-]{16} +Test app +– +20/mu);
    for (const secret of [clientId, access_token, refresh_token]) expect(out).not.toContain(secret);
  });

  it('filters by user, client and state, and says when there is more', async () => {
    const stack = await scene.start();
    const alice = await stack.signIn();
    await stack.signIn({ account: 'bob' });
    const [one, other] = await listed();
    expect(await listed('--user', one?.user ?? '')).toEqual([one]);
    expect(await listed('--client', alice.clientId)).toHaveLength(2);
    expect(await listed('--client', one?.client ?? '')).toEqual([one, other]);
    expect(await listed('--state', 'revoked')).toEqual([]);
    const short = await grants(['list', '--limit', '1']);
    expect(short.out.trim().split('\n')).toHaveLength(2);
    expect(short.err).toBe('there are more: --limit 10 shows more of them\n');
  });

  it('finds somebody by the e-mail address that the provider told, which is sealed', async () => {
    const stack = await scene.start();
    await stack.signIn({ account: 'bob' });
    const { sid } = (await listed())[0] ?? { sid: '' };
    const { identity } = JSON.parse((await grants(['show', sid, '--json'])).out) as {
      identity: { email: string };
    };
    await stack.signIn();
    expect(await listed()).toHaveLength(2);
    expect((await listed('--email', identity.email.toUpperCase())).map((one) => one.sid)).toEqual([sid]);
    expect(await listed('--email', 'nobody@example.com')).toEqual([]);
    scene.write({ storage: { type: 'sqlite', sqlite: { path: scene.database } } });
    const locked = await run(runGrantsCommand, ['list', '--email', 'x', '-c', scene.config]);
    expect(locked.code).toBe(1);
    expect(locked.err).toContain('hmac_secret_files');
  });

  it('says so when there is nothing, no database, or none that it could read', async () => {
    expect(existsSync(scene.database)).toBe(false);
    expect(await grants(['list'])).toMatchObject({
      code: 1,
      err: `sallyport: there is no database at ${scene.database}: start the gateway once\n`,
    });
    expect(existsSync(scene.database)).toBe(false);
    await scene.start();
    expect(await grants(['list'])).toMatchObject({ code: 0, out: 'no grants\n' });
    scene.write({ storage: { type: 'memory' } });
    expect((await grants(['list'])).err).toContain('only the running gateway can reach it');
  });

  it.each([
    ['an unknown state', ['list', '--state', 'dead'], '--state is one of code, active, expired, revoked'],
    ['a limit that is none', ['list', '--limit', '0'], '--limit is a number from 1 on'],
    ['a word too many', ['list', 'me'], '"me" is not understood'],
    ['an unknown option', ['list', '--mine'], "Unknown option '--mine'"],
    ['an unknown action', ['lost'], 'there is no "lost" here'],
    ['a sid that is none', ['show', 'abc'], '"abc" is not a sid'],
    ['no sid', ['show'], 'say which grant: its sid'],
    [
      'nothing to revoke',
      ['revoke'],
      'say which grants to end: one of --grant, --user, --client, --upstream',
    ],
    ['two to revoke', ['revoke', '--user', 'a', '--client', 'b'], 'one of --grant, --user, --client'],
  ])('answers %s with the usage', async (_what, args, problem) => {
    const { code, out, err } = await grants(args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(problem);
    expect(err).toContain('usage: sallyport grants list');
  });

  it('cannot be made to write to the terminal what a client called itself', async () => {
    const stack = await scene.start();
    const { client_id: clientId } = await stack.register({ client_name: 'Nice \u{202e}ppa' });
    await stack.signIn({ clientId });
    expect((await grants(['list'])).out).toMatch(/Nice .?ppa/u);
    expect((await grants(['list'])).out).not.toMatch(/\p{Cf}/u);
  });
});

describe('what a provider calls somebody', () => {
  const evil = 'al\u{9b}31m\u{202e}\u{e0041}ice';

  it.each([
    ['a list', ['list']],
    ['a list as JSON', ['list', '--json']],
  ])('is harmless for a terminal in %s', async (_what, args) => {
    const stack = await scene.start();
    await stack.signIn({ account: evil });
    const { out } = await grants(args);
    expect(out).toContain('31m');
    expect(out.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });

  it('is told whole to programs', async () => {
    const stack = await scene.start();
    await stack.signIn({ account: evil });
    expect(await listed()).toEqual([expect.objectContaining({ account: evil })]);
  });
});

describe('sallyport grants show', () => {
  it('tells the name and scopes, when the secrets open what is sealed', async () => {
    const stack = await scene.start();
    await stack.signIn({ scope: 'openid profile' });
    const [{ sid } = { sid: '' }] = await listed();
    const { code, out } = await grants(['show', sid]);
    expect(code).toBe(0);
    expect(out).toMatch(/^state +active$/mu);
    expect(out).toMatch(/^scopes +openid profile$/mu);
    expect(out).toMatch(/^codes went to +an app on a computer$/mu);
    expect(out).toMatch(/^known as +–$/mu);
    expect(out).toMatch(/^browser +–$/mu);
    expect(out).toMatch(/^asked, not granted +–$/mu);
    const json = JSON.parse((await grants(['show', sid, '--json'])).out) as Record<string, unknown>;
    expect(json).toMatchObject({ sid, account: 'alice', identity: { email: expect.any(String) } });
  });

  it('knows which grants there are not', async () => {
    await scene.start();
    const { code, err } = await grants(['show', `abc.${'A'.repeat(22)}`]);
    expect({ code, err }).toEqual({ code: 1, err: `sallyport: there is no grant abc.${'A'.repeat(22)}\n` });
  });
});

describe('sallyport grants revoke', () => {
  it('ends a grant: the client is out, and the audit file says who did it', async () => {
    const stack = await scene.start();
    const { clientId, refresh_token } = await stack.signIn();
    const [{ sid, user } = { sid: '', user: '' }] = await listed();
    expect(await grants(['revoke', '--grant', sid, '--yes'])).toEqual({
      code: 0,
      out: '1 ended; a running gateway notices within five seconds\n',
      err: '',
    });
    const refused = await stack.refresh(clientId, refresh_token);
    expect([refused.status, await refused.json()]).toEqual([
      400,
      expect.objectContaining({ error: 'invalid_grant' }),
    ]);
    expect(await listed()).toEqual([
      expect.objectContaining({ sid, state: 'revoked', ended_because: 'revoked_by_operator' }),
    ]);
    expect(scene.events()).toEqual([
      expect.objectContaining({ event: 'admin_action', action: 'grant_revoked', grant: sid, user }),
      expect.objectContaining({ event: 'revoked', by: 'operator', why: 'revoked_by_operator', grant: sid }),
    ]);
  });

  it('ends an access token’s use at a running server when what it saw is five seconds old', async () => {
    const stack = await scene.start();
    const { access_token } = await stack.signIn({ scope: 'openid' });
    const ask = async (): Promise<number> =>
      (await stack.call('/oauth/userinfo', { headers: { authorization: `Bearer ${access_token}` } })).status;
    expect(await ask()).toBe(200);
    const [{ user } = { user: '' }] = await listed();
    await grants(['revoke', '--user', user, '--yes']);
    stack.advance(5001);
    expect(await ask()).toBe(401);
  });

  it('ends all of a client, and of nobody else', async () => {
    const stack = await scene.start();
    const other = await stack.register({ client_name: 'Other' });
    await stack.signIn();
    await stack.signIn({ account: 'bob' });
    await stack.signIn({ clientId: other.client_id });
    const { out } = await grants(['revoke', '--client', other.client_id, '--yes']);
    expect(out).toMatch(/^1 ended/u);
    expect((await listed('--state', 'active')).length).toBe(2);
  });

  it('ends all of an identity provider, whether or not it is configured any more', async () => {
    const stack = await scene.start();
    const { clientId, refresh_token } = await stack.signIn();
    await stack.signIn({ account: 'bob' });
    expect((await grants(['revoke', '--upstream', 'another', '--yes'])).code).toBe(1);
    expect((await stack.refresh(clientId, refresh_token)).status).toBe(200);
    expect((await grants(['revoke', '--upstream', 'demo', '--yes'])).out).toMatch(/^2 ended/u);
    expect(await listed('--state', 'active')).toEqual([]);
  });

  it('ends all of a configured client whose id is as long as what lists show', async () => {
    const clientId = 'claude-connector';
    const clients = [{ client_id: clientId, redirect_uris: [redirectUri] }];
    const stack = await scene.start({ clients });
    await stack.signIn({ clientId });
    await stack.signIn();
    expect((await grants(['revoke', '--client', clientId, '--yes'])).out).toMatch(/^1 ended/u);
  });

  it('asks first, and does nothing without an answer', async () => {
    const stack = await scene.start();
    await stack.signIn();
    const [{ user } = { user: '' }] = await listed();
    expect(await grants(['revoke', '--user', user])).toMatchObject({
      code: 1,
      err: 'nobody is here to ask: add --yes\n',
    });
    expect((await grants(['revoke', '--user', user], { answer: false })).code).toBe(1);
    expect(await listed('--state', 'active')).toHaveLength(1);
    expect((await grants(['revoke', '--user', user], { answer: true })).code).toBe(0);
    expect((await grants(['revoke', '--user', user, '--yes'])).err).toBe('no living grant is like that\n');
  });
});

describe('sallyport grants block', () => {
  it('ends all grants of the user of a grant, shuts the user out, and lets the user in again', async () => {
    const stack = await scene.start();
    const alice = await stack.signIn();
    const [{ sid, user } = { sid: '', user: '' }] = await listed();
    const again = await stack.signIn({ clientId: alice.clientId });
    const bob = await stack.signIn({ clientId: alice.clientId, account: 'bob' });
    expect(await grants(['block', '--grant', sid])).toMatchObject({ code: 1 });
    const blocked = await grants(['block', '--grant', sid, '--reason', 'left', '--yes']);
    expect(blocked).toMatchObject({ code: 0, err: '' });
    expect(blocked.out).toContain('2 grants ended');
    for (const { refresh_token } of [alice, again])
      expect((await stack.refresh(alice.clientId, refresh_token)).status).toBe(400);
    expect((await stack.refresh(alice.clientId, bob.refresh_token)).status).toBe(200);
    expect(await stack.store.listBlocks()).toMatchObject([{ kind: 'user', value: user, reason: 'left' }]);
    expect((await grants(['unblock', '--user', user])).code).toBe(0);
    expect(await stack.store.listBlocks()).toEqual([]);
  });

  it.each([
    ['nobody', ['block', '--yes'], 2, 'say whom'],
    ['two', ['block', '--user', 'a', '--grant', 'b', '--yes'], 2, 'say whom'],
    [
      'a grant that is not there',
      ['block', '--grant', `abc.${'x'.repeat(22)}`, '--yes'],
      1,
      'there is no grant',
    ],
  ])('asks whom: %s', async (_, args, code, text) => {
    await scene.start();
    const outcome = await grants(args);
    expect(outcome.code).toBe(code);
    expect(outcome.err).toContain(text);
  });
});
