import { once } from 'node:events';
import { createServer } from 'node:http';
import { readFileSync, writeFileSync } from 'node:fs';
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
    expect(out).toMatch(/^CLIENT +CALLED +KNOWN AS +AT +GRANTS +USERS +FIRST SEEN +LAST USED +BLOCKED$/mu);
    expect(out).not.toContain(clientId);
    expect(out).toContain('a computer');
  });

  it('shows registrations that are kept, also where nobody has signed in, and removes them', async () => {
    const stack = await scene.start({ registration: { mode: 'stored' } });
    const { client_id: unused } = await stack.register({ client_name: 'Nobody yet' });
    const { clientId: used } = await stack.signIn();
    const { out } = await clients(['list']);
    expect(out).toContain(unused);
    expect(out).toContain(used);
    const row = (await listed()).find(({ grants }) => grants === 0);
    expect(JSON.parse((await clients(['show', row?.client ?? '', '--json'])).out)).toMatchObject({
      client_id: unused,
      name: 'Nobody yet',
    });
    const revoked = await clients(['revoke', unused, '--yes']);
    expect(revoked).toMatchObject({ code: 0 });
    expect(revoked.out).toContain('0 ended, and its registration removed');
    expect((await clients(['revoke', used, '--yes'])).out).toContain('1 ended, and its registration removed');
    expect(await stack.store.getRegistration(unused)).toBeNull();
    expect(await stack.store.getRegistration(used)).toBeNull();
    expect((await clients(['revoke', unused, '--yes'])).code).toBe(1);
  });
});

interface Shown {
  readonly source: string;
  readonly trouble: string | null;
  readonly blocked: { readonly by: string; readonly rule: string; readonly reason: string } | null;
  readonly [more: string]: unknown;
}

const shown = async (id: string): Promise<Shown> =>
  JSON.parse((await clients(['show', id, '--json'])).out) as Shown;

describe('sallyport clients show', () => {
  it('reads a registration out of its id, counts its grants, and says whom it looks like', async () => {
    const stack = await scene.start();
    const { client_id } = await stack.register({ client_name: 'Claude Code', software_id: 'acme-1' });
    await stack.signIn({ clientId: client_id });
    expect(await shown(client_id)).toMatchObject({
      client_id,
      source: 'registration',
      trouble: null,
      blocked: null,
      name: 'Claude Code',
      software_id: 'acme-1',
      token_endpoint_auth_method: 'none',
      vouched: false,
      grants: 1,
      users: 1,
    });
    const { out } = await clients(['show', client_id]);
    expect(out).toMatch(/^known as +.*Claude Code.*(?:unverified|another address)/mu);
    expect(out).toMatch(/^grants +1$/mu);
    const [one] = await listed();
    expect(await shown(one?.client ?? '')).toMatchObject({ client_id: null, name: 'Claude Code', grants: 1 });
  });

  it('believes nothing of an id whose signature is not ours', async () => {
    const stack = await scene.start();
    const { client_id } = await stack.register({ client_name: 'Honest' });
    const at = client_id.length - 4;
    const forged = client_id.slice(0, at) + (client_id[at] === 'A' ? 'B' : 'A') + client_id.slice(at + 1);
    for (const id of [forged, client_id.slice(0, -4)]) {
      const told = await shown(id);
      expect(told.trouble).toContain('its signature is not ours');
      expect(told).toMatchObject({ name: null, blocked: null });
      expect(told).not.toHaveProperty('redirect_uris');
    }
    expect((await shown('nobody-we-know')).trouble).toContain('nobody is known by this id');
  });

  it('says by which rule it is blocked', async () => {
    const stack = await scene.start();
    const { client_id } = await stack.register({ redirect_uris: ['https://app.evil.example/cb'] });
    await clients(['block', '--host', '*.evil.example', '--reason', 'phishing', '--yes']);
    expect((await shown(client_id)).blocked).toEqual({
      by: 'command',
      rule: 'host *.evil.example',
      reason: 'phishing',
    });
    await clients(['unblock', '--host', '*.evil.example']);
    await clients(['block', '--client', client_id, '--yes']);
    expect((await shown(client_id)).blocked?.rule).toMatch(/^client [\w-]{16}$/u);
  });

  it.each([
    ['http://app.example.com/client.json', /its address .*https/u],
    ['https://localhost/client.json', /its address /u],
  ])('does not ask where no document may be: %s', async (id, trouble) => {
    await scene.start();
    expect(await shown(id)).toMatchObject({ source: 'document', name: null });
    expect((await shown(id)).trouble).toMatch(trouble);
  });

  it('asks the host of a document, and tells apart what it could not fetch from what is not valid', async () => {
    const host = createServer((request, response) => {
      const id = `http://${request.headers.host ?? ''}${request.url ?? ''}`;
      const document = {
        client_id: request.url === '/other.json' ? 'https://other.example.com/' : id,
        client_name: 'Published app',
        redirect_uris: ['https://app.example.com/cb'],
        token_endpoint_auth_method: 'none',
      };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document));
    });
    host.listen(0, '127.0.0.1');
    await once(host, 'listening');
    const address = host.address();
    const at = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
    await scene.start();
    const written = JSON.parse(readFileSync(scene.config, 'utf8')) as object;
    const changed = { issuer: 'http://localhost:8080', cimd: { allow_loopback: true } };
    writeFileSync(scene.config, JSON.stringify({ ...written, ...changed }));
    expect(await shown(`${at}/client.json`)).toMatchObject({
      source: 'document',
      trouble: null,
      name: 'Published app',
      redirect_uris: ['https://app.example.com/cb'],
    });
    expect((await shown(`${at}/other.json`)).trouble).toContain('its document is not valid');
    host.close();
    host.closeAllConnections();
    await once(host, 'close');
    expect((await shown(`${at}/client.json`)).trouble).toContain('its document could not be fetched');
  });

  it('writes nothing to the terminal that a client chose and a terminal obeys', async () => {
    const stack = await scene.start();
    const evil = 'App\u001b]0;pwned\u0007\u009b31m\u202eetiled';
    const { client_id } = await stack.register({ client_name: evil });
    await stack.signIn({ clientId: client_id });
    // Registered names are cleaned before they are kept; a name of the configuration is as somebody pasted it.
    const written = JSON.parse(readFileSync(scene.config, 'utf8')) as object;
    const pasted = { client_id: 'pasted', client_name: evil, redirect_uris: ['https://app.example.com/cb'] };
    writeFileSync(scene.config, JSON.stringify({ ...written, clients: [pasted] }));
    expect(await shown('pasted')).toMatchObject({ source: 'configuration', trouble: null, name: evil });
    for (const args of [
      ['show', 'pasted'],
      ['list'],
      ['list', '--json'],
      ['show', client_id],
      ['show', client_id, '--json'],
      ['show', evil],
    ]) {
      const { out } = await clients(args);
      expect(out).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
      expect(out.length).toBeGreaterThan(0);
    }
  });
});

describe('sallyport clients revoke', () => {
  it('ends what one client holds, and nothing else', async () => {
    const stack = await scene.start();
    const { clientId, refresh_token } = await stack.signIn();
    const { client_id: other } = await stack.register({ client_name: 'Other app' });
    const kept = await stack.signIn({ clientId: other });
    expect((await clients(['revoke', clientId])).code).toBe(1);
    expect(await clients(['revoke', clientId, '--yes'])).toMatchObject({ code: 0, err: '' });
    expect((await stack.refresh(clientId, refresh_token)).status).toBe(400);
    expect((await stack.refresh(other, kept.refresh_token)).status).toBe(200);
    expect(await clients(['revoke', clientId, '--yes'])).toMatchObject({
      code: 1,
      err: 'it has no living grant\n',
    });
    expect(scene.events()).toContainEqual(
      expect.objectContaining({ event: 'admin_action', action: 'grant_revoked' }),
    );
  });
});

describe('sallyport clients block', () => {
  it('shuts a client out as the list shows it, ends its grants, and lets it in again', async () => {
    const stack = await scene.start();
    const { clientId, refresh_token } = await stack.signIn();
    const [one] = await listed();
    const blocked = await clients(['block', '--client', one?.client ?? '', '--reason', 'phishing', '--yes']);
    expect(blocked).toMatchObject({ code: 0, err: '' });
    expect(blocked.out).toContain('1 grant ended');
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

  it.each(['--client', '--user'])('says when it knows nobody like that: %s', async (whom) => {
    await scene.start();
    const { code, err } = await clients(['block', whom, 'misspelt', '--yes']);
    expect(code).toBe(0);
    expect(err).toContain('see that it is written as the lists show it');
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
