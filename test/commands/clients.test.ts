import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runClientsCommand } from '../../src/cli/clients.ts';
import { pkce } from '../fixtures/stack.ts';
import type { Stack } from '../fixtures/stack.ts';
import { run, Scene } from './scene.ts';
import type { Around, Outcome } from './scene.ts';

let scene: Scene;

beforeEach(() => {
  scene = new Scene();
});

afterEach(() => scene.close());

const clients = (args: readonly string[], around?: Around): Promise<Outcome> =>
  run(runClientsCommand, [...args, '-c', scene.config], around);

interface Listed {
  readonly client: string;
  readonly name: string;
  readonly grants: number;
  readonly users: number;
  readonly blocked: boolean;
}

const listed = async (): Promise<readonly Listed[]> =>
  JSON.parse((await clients(['list', '--json'])).out) as readonly Listed[];

async function page(stack: Stack, clientId: string): Promise<number> {
  const url = stack.authorizeUrl({ client_id: clientId, code_challenge: pkce().challenge });
  return (await stack.browser().get(url)).status;
}

/** Nobody waits for a look at the store: it is there when the next one asks, and the store answers in a thread of its own. */
async function noticed(stack: Stack): Promise<void> {
  stack.advance(5000);
  const { client_id } = await stack.register({ client_name: 'Anybody' });
  await page(stack, client_id);
  await stack.store.listBlocks();
}

describe('sallyport clients show', () => {
  const shown = async (id: string): Promise<Record<string, unknown>> =>
    JSON.parse((await clients(['show', id, '--json'])).out) as Record<string, unknown>;

  it('tells what an id says, who uses it, and whether it is let in', async () => {
    const stack = await scene.start();
    const { client_id: id } = await stack.register({
      client_name: 'Claude \u001b[31m',
      software_id: 'soft-1',
    });
    await stack.signIn({ clientId: id });
    const facts = await shown(id);
    expect(facts).toMatchObject({
      client_id: id,
      source: 'registration',
      redirect_uris: ['http://127.0.0.1/callback'],
      token_endpoint_auth_method: 'none',
      software_id: 'soft-1',
      refused_because: null,
      blocked: false,
      grants: 1,
      users: 1,
    });
    const { client_id: likely } = await stack.register({ client_name: 'Claude' });
    expect((await shown(likely))['known_as']).toContain('Claude');
    const { out, code } = await clients(['show', id]);
    expect(code).toBe(0);
    expect(out).not.toContain('\u001b');
    expect(out).toMatch(/^software id +soft-1$/mu);
    await clients(['block', '--software-id', 'soft-1', '--reason', 'phishing', '--yes']);
    expect(await shown(id)).toMatchObject({
      blocked: true,
      blocked_by: 'software',
      blocked_because: 'phishing',
    });
  });

  it('tells of a document whose it is, and of an id that nobody made that it is none', async () => {
    await scene.start();
    expect(await shown('https://app.example/client.json')).toMatchObject({
      source: 'document',
      host: 'app.example',
    });
    for (const id of ['sp_c1_AAAA', `sp_s1_${'A'.repeat(43)}`, 'nobody']) {
      const { code, out } = await clients(['show', id]);
      expect([code, out]).toEqual([1, expect.stringMatching(/^source +unknown$/mu)]);
    }
  });
});

describe('sallyport clients list', () => {
  it('shows each client once, however many use it', async () => {
    const stack = await scene.start();
    const { clientId } = await stack.signIn();
    await stack.signIn({ clientId, account: 'bob' });
    const { client_id: other } = await stack.register({ client_name: 'Other app' });
    await stack.signIn({ clientId: other });
    const found = await listed();
    expect(found.map(({ name, grants, users, blocked }) => ({ name, grants, users, blocked }))).toEqual(
      expect.arrayContaining([
        { name: 'Test app', grants: 2, users: 2, blocked: false },
        { name: 'Other app', grants: 1, users: 1, blocked: false },
      ]),
    );
    const { out } = await clients(['list']);
    expect(out).toMatch(/^CLIENT +CALLED +GRANTS +USERS +FIRST SEEN +LAST USED +BLOCKED$/mu);
    expect(out).not.toContain(clientId);
  });
});

describe('sallyport clients block', () => {
  it('shuts a client out as the list shows it, ends its grants, and lets it in again', async () => {
    const stack = await scene.start();
    const { clientId, refresh_token } = await stack.signIn();
    const [one] = await listed();
    const blocked = await clients(['block', '--client', one?.client ?? '', '--reason', 'phishing', '--yes']);
    expect(blocked).toMatchObject({ code: 0, err: '' });
    expect(blocked.out).toContain('1 grants ended');
    await noticed(stack);
    expect(await page(stack, clientId)).toBe(403);
    expect((await stack.refresh(clientId, refresh_token)).status).toBe(401);
    expect((await listed())[0]).toMatchObject({ grants: 0, blocked: true });
    expect((await clients(['blocked'])).out).toMatch(/^client +[\w-]{16} +command .* for good +phishing$/mu);
    expect((await clients(['unblock', '--client', clientId])).code).toBe(0);
    await noticed(stack);
    expect(await page(stack, clientId)).toBe(200);
    expect((await clients(['unblock', '--client', clientId])).code).toBe(1);
  });

  it('shuts out a host, for a time', async () => {
    const stack = await scene.start();
    const { client_id } = await stack.register({ redirect_uris: ['https://app.evil.example/cb'] });
    const url = stack.authorizeUrl({
      client_id,
      redirect_uri: 'https://app.evil.example/cb',
      code_challenge: pkce().challenge,
    });
    expect((await clients(['block', '--host', '*.evil.example', '--for', '1h', '--yes'])).code).toBe(0);
    await noticed(stack);
    expect((await stack.browser().get(url)).status).toBe(403);
    const [block] = JSON.parse((await clients(['blocked', '--json'])).out) as {
      kind: string;
      until: string;
    }[];
    expect(block).toMatchObject({ kind: 'host', value: '*.evil.example', by: 'command' });
    expect(Date.parse(block?.until ?? '')).toBeGreaterThan(Date.now());
  });

  it.each([
    [['block', '--yes']],
    [['block', '--client', 'a', '--user', 'b', '--yes']],
    [['block', '--host', 'https://evil.example/x', '--yes']],
    [['unblock']],
    [['block', '--client', 'a', 'b']],
  ])('is asked for whom it is: %j', async (args) => {
    await scene.start();
    const { code, err } = await clients(args);
    expect(code).toBe(2);
    expect(err).toContain('usage: sallyport clients');
  });

  it('does nothing when nobody is there to agree', async () => {
    const stack = await scene.start();
    const { clientId } = await stack.signIn();
    const { code, err } = await clients(['block', '--client', clientId]);
    expect({ code, err }).toEqual({ code: 1, err: 'nobody is here to ask: add --yes\n' });
    await noticed(stack);
    expect(await page(stack, clientId)).toBe(200);
  });
});
