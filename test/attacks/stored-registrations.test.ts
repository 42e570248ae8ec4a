/** Registrations that are kept: nobody manages somebody else's, gets past a policy by a change, or fills the store. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuthStore } from '../../src/store/contract.ts';
import type { Stack } from '../fixtures/stack.ts';
import { issuer, pkce, redirectUri, startStack } from '../fixtures/stack.ts';

let stack: Stack;
let reads: string[];

const watched = (store: AuthStore): AuthStore =>
  Object.assign(Object.create(store) as AuthStore, {
    getRegistration: (id: string) => {
      reads.push(id);
      return store.getRegistration(id);
    },
  });

async function start(config: Json = {}): Promise<void> {
  reads = [];
  stack = await startStack({ registration: { mode: 'stored' }, ...config }, { wrapStore: watched });
}
beforeEach(() => start());
afterEach(() => stack.close());

type Json = Readonly<Record<string, unknown>>;

interface Registered extends Json {
  readonly client_id: string;
  readonly registration_access_token: string;
}
const register = async (metadata: Json = {}): Promise<Registered> =>
  (await stack.register(metadata)) as unknown as Registered;

const at = (id: string): string => `${issuer}/oauth/registration?client_id=${encodeURIComponent(id)}`;

function manage(
  id: string,
  {
    token,
    method = 'GET',
    body,
    headers = {},
  }: { token: string; method?: string; body?: Json | string; headers?: Record<string, string> },
): Promise<Response> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return stack.fetch(
    new Request(at(id), {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
      ...(body !== undefined && { body: text }),
    }),
  );
}

describe('somebody else’s registration', () => {
  it('opens to no other token, and nobody learns whether it is there', async () => {
    const [mine, theirs] = [await register(), await register()];
    const unknown = `sp_s1_${'A'.repeat(43)}`;
    const flipped = theirs.registration_access_token.replace(/^./u, (one) => (one === 'A' ? 'B' : 'A'));
    const tries: readonly (readonly [string, string])[] = [
      [theirs.client_id, mine.registration_access_token],
      [theirs.client_id, flipped],
      [theirs.client_id, ''],
      [theirs.client_id, theirs.client_id],
      [theirs.client_id, theirs.registration_access_token.slice(0, -1)],
      [unknown, mine.registration_access_token],
      ['', mine.registration_access_token],
    ];
    const answers = await Promise.all(
      tries.flatMap(([id, token]) =>
        ['GET', 'DELETE'].map(async (method) => {
          const answer = await manage(id, { token, method });
          return [answer.status, await answer.text(), answer.headers.get('www-authenticate')];
        }),
      ),
    );
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]?.[0]).toBe(401);
    expect((await manage(theirs.client_id, { token: theirs.registration_access_token })).status).toBe(200);
  });

  it('is not looked up for an id or token that we never made', async () => {
    const { client_id, registration_access_token: token } = await register();
    const forged = `${client_id.slice(0, -1)}${client_id.endsWith('A') ? 'Q' : 'A'}`;
    for (const id of [forged, `sp_s1_${'A'.repeat(43)}`, 'sp_s1_', `${client_id}A`, client_id.slice(0, -2)]) {
      await manage(id, { token });
      await stack.browser().get(stack.authorizeUrl({ client_id: id, code_challenge: pkce().challenge }));
    }
    await manage(client_id, { token: 'A'.repeat(43) });
    expect(reads).toEqual([]);
    await manage(client_id, { token });
    expect(reads).toEqual([client_id]);
  });

  it('is not managed by an access token, or by the secret of its client', async () => {
    await stack.close();
    await start({ allow_confidential_client_registration: true });
    const redirect_uris = ['https://app.example/callback'];
    const app = await register({ redirect_uris, token_endpoint_auth_method: 'client_secret_post' });
    expect((await manage(app.client_id, { token: String(app['client_secret']) })).status).toBe(401);
    const { access_token, clientId } = await stack.signIn();
    expect((await manage(clientId, { token: access_token })).status).toBe(401);
    // A token that manages is no token for anything else.
    const userinfo = await stack.call('/oauth/userinfo', {
      headers: { authorization: `Bearer ${app.registration_access_token}` },
    });
    expect(userinfo.status).toBe(401);
  });

  it('stays closed for a token that is sent in the query, or for two ids', async () => {
    const { client_id, registration_access_token: token } = await register();
    const inQuery = await stack.fetch(new Request(`${at(client_id)}&access_token=${token}`));
    expect(inQuery.status).toBe(401);
    const twice = await stack.fetch(
      new Request(`${at(client_id)}&client_id=${client_id}`, {
        headers: { authorization: `Bearer ${token}` },
      }),
    );
    expect(twice.status).toBe(401);
  });
});

describe('a change', () => {
  it('is judged like a registration, whatever the policy let in before', async () => {
    await stack.close();
    await start({
      registration: {
        mode: 'stored',
        policy: 'allow_list',
        allow_hosts: ['good.example'],
        allow_loopback: true,
      },
    });
    const { client_id, registration_access_token: token } = await register();
    const put = (redirect_uris: unknown): Promise<Response> =>
      manage(client_id, { token, method: 'PUT', body: { client_id, redirect_uris } });
    for (const bad of [
      ['https://evil.example/cb'],
      ['javascript:alert(1)'],
      [],
      'x',
      ['http://good.example/cb'],
    ])
      expect((await put(bad)).status, JSON.stringify(bad)).toBe(400);
    expect((await put(['https://good.example/cb'])).status).toBe(200);
  });

  it('takes no word of what is ours to say, and no body that could be read in two ways', async () => {
    const app = await register();
    const { client_id, registration_access_token: token } = app;
    const plain = { client_id, redirect_uris: [redirectUri] };
    const bodies: readonly (Json | string)[] = [
      { redirect_uris: [redirectUri] },
      { ...plain, client_id: (await register()).client_id },
      { ...plain, client_secret: 'mine' },
      { ...plain, registration_access_token: token },
      { ...plain, client_secret_expires_at: 0 },
      { ...plain, client_id_issued_at: 1 },
      [plain] as unknown as Json,
      `{"client_id":"${client_id}","redirect_uris":["${redirectUri}"],"redirect_uris":["https://evil.example/cb"]}`,
      'null',
      '',
      `{"client_id":"${client_id}","redirect_uris":["https://a.example/${'x'.repeat(1_100_000)}"]}`,
    ];
    for (const body of bodies) {
      const { status } = await manage(client_id, { token, method: 'PUT', body });
      expect([400, 413], JSON.stringify(body).slice(0, 80)).toContain(status);
    }
    const now = (await (await manage(client_id, { token })).json()) as Json;
    expect(now['redirect_uris']).toEqual(['http://127.0.0.1/callback']);
  });

  it('of where codes go ends logins that were under way', async () => {
    const { client_id, registration_access_token: token } = await register();
    const { challenge } = pkce();
    const browser = stack.browser();
    const back = await stack.signInUpstream(browser, { client_id, code_challenge: challenge });
    const body = { client_id, redirect_uris: ['https://evil.example/cb'] };
    expect((await manage(client_id, { token, method: 'PUT', body })).status).toBe(200);
    const answered = await browser.get(back);
    expect([answered.status, answered.headers.get('location')]).toEqual([400, null]);
    expect(await answered.text()).toContain('no longer registered');
  });

  it('and a removal at the same moment leave no registration behind', async () => {
    const { client_id, registration_access_token: token } = await register();
    const body = { client_id, redirect_uris: [redirectUri], client_name: 'Changed' };
    await Promise.all([
      manage(client_id, { token, method: 'PUT', body }),
      manage(client_id, { token, method: 'DELETE' }),
      manage(client_id, { token, method: 'PUT', body }),
    ]);
    expect((await manage(client_id, { token })).status).toBe(401);
  });
});

describe('a registration that was removed', () => {
  it('neither redeems codes nor comes back', async () => {
    const { client_id, registration_access_token: token } = await register();
    const { verifier, challenge } = pkce();
    const location = await stack.login({ client_id, code_challenge: challenge });
    expect((await manage(client_id, { token, method: 'DELETE' })).status).toBe(204);
    const redeemed = await stack.token({
      grant_type: 'authorization_code',
      client_id,
      code: location.searchParams.get('code') ?? '',
      code_verifier: verifier,
    });
    expect(redeemed.status).toBe(401);
    const body = { client_id, redirect_uris: [redirectUri] };
    expect((await manage(client_id, { token, method: 'PUT', body })).status).toBe(401);
  });
});

describe('a flood of registrations', () => {
  it('fills no more than its share, and pushes out nobody who is used or waits elsewhere', async () => {
    await stack.close();
    await start({ registration: { mode: 'stored', max_stored: 100 } });
    const used = await stack.signIn();
    const at2 = (path: string, from: string): Promise<unknown> =>
      Promise.resolve(
        stack.auth.handle({
          method: 'POST',
          path,
          query: '',
          headers: { 'content-type': 'application/json' },
          remoteAddress: from,
          text: () => Promise.resolve(JSON.stringify({ redirect_uris: [redirectUri] })),
        }),
      );
    const waiting = await register();
    for (let index = 0; index < 400; index += 1) await at2('/oauth/register', `203.0.113.${index % 20}`);
    expect((await stack.refresh(used.clientId, used.refresh_token)).status).toBe(200);
    const { client_id, registration_access_token: token } = waiting;
    expect((await manage(client_id, { token })).status).toBe(200);
  });
});

describe('what is kept', () => {
  it('holds neither secret nor token, and counts for nothing when somebody writes into the store', async () => {
    const app = await register({ client_name: 'Kept' });
    const row = await stack.store.getRegistration(app.client_id);
    expect(JSON.stringify(row)).not.toContain(app.registration_access_token);
    const other = await stack.store.getRegistration((await register()).client_id);
    const [forged, before] = [`${row?.value.slice(0, -4) ?? ''}AAAA`, row?.value ?? ''];
    await stack.store.changeRegistration({ id: app.client_id, before, value: forged });
    expect(other).not.toBeNull();
    const shown = await stack.browser().get(stack.authorizeUrl({ client_id: app.client_id }));
    expect(shown.status).toBe(400);
    expect(stack.log.map((line) => JSON.stringify(line)).join('\n')).not.toContain(
      app.registration_access_token,
    );
  });
});
