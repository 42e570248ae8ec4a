/** Registrations that are kept, and managed by whoever registered (RFC 7591, RFC 7592). */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuditEvent } from '../../src/observe/audit/event.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { Stack } from '../fixtures/stack.ts';
import { issuer, redirectUri, startStack } from '../fixtures/stack.ts';

type Json = Readonly<Record<string, unknown>>;

const hour = 3_600_000;

let stack: Stack;
let events: AuditEvent[];

async function start(config: Json = {}): Promise<void> {
  events = [];
  const collaborators = { audit: (event: AuditEvent) => void events.push(event) };
  stack = await startStack({ registration: { mode: 'stored' }, ...config }, { collaborators });
}
beforeEach(() => start());
afterEach(() => stack.close());

interface Registered extends Json {
  readonly client_id: string;
  readonly registration_client_uri: string;
  readonly registration_access_token: string;
}

// What the endpoint promises; tests look at single members.
const register = async (metadata: Json = {}): Promise<Registered> =>
  (await stack.register(metadata)) as unknown as Registered;

async function manage(
  { registration_client_uri: uri, registration_access_token: token }: Registered,
  method: string,
  metadata?: Json,
): Promise<Response> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  return stack.fetch(
    new Request(uri, { method, headers, ...(metadata && { body: JSON.stringify(metadata) }) }),
  );
}

describe('a registration that is kept', () => {
  it('has an id, an address and a token of its own, and signs people in', async () => {
    const app = await register();
    expect(app.client_id).toMatch(/^sp_s1_[\w-]{43}$/u);
    expect(app.registration_client_uri).toBe(`${issuer}/oauth/registration?client_id=${app.client_id}`);
    const tokens = await stack.signIn({ clientId: app.client_id });
    expect((await stack.refresh(app.client_id, tokens.refresh_token)).status).toBe(200);
  });

  it('is another one each time, so that nobody manages what somebody else registered', async () => {
    const [one, other] = [await register(), await register()];
    expect(one.client_id).not.toBe(other.client_id);
    expect(one.registration_access_token).not.toBe(other.registration_access_token);
  });

  it('is gone after an hour in which nobody used it, and says how to go on', async () => {
    const app = await register();
    stack.advance(hour);
    const shown = await stack.browser().get(stack.authorizeUrl({ client_id: app.client_id }));
    expect(shown.status).toBe(400);
    expect(await shown.text()).toContain('add it again');
    const answer = await stack.token({
      grant_type: 'refresh_token',
      client_id: app.client_id,
      refresh_token: 'x',
    });
    expect([answer.status, await answer.json()]).toMatchObject([401, { error: 'invalid_client' }]);
    expect((await manage(app, 'GET')).status).toBe(401);
    // Registering again is all that a client has to do.
    await stack.signIn();
  });

  it('stays as long from its last use as the configuration says', async () => {
    await stack.close();
    const token_lifespans = { refresh_token_lifespan: '24h' };
    await start({ registration: { mode: 'stored', stored_for: '48h' }, token_lifespans });
    const app = await register();
    let { refresh_token: token } = await stack.signIn({ clientId: app.client_id });
    for (let round = 0; round < 4; round += 1) {
      stack.advance(23 * hour);
      const refreshed = await stack.refresh(app.client_id, token);
      expect(refreshed.status).toBe(200);
      ({ refresh_token: token } = (await refreshed.json()) as { refresh_token: string });
    }
    stack.advance(47 * hour);
    expect((await manage(app, 'GET')).status).toBe(200);
    stack.advance(hour);
    expect((await manage(app, 'GET')).status).toBe(401);
  });

  it('outlives every refresh token of its client, whatever the configuration says', async () => {
    await stack.close();
    const token_lifespans = { refresh_token_lifespan: '720h' };
    await start({ registration: { mode: 'stored', stored_for: '24h' }, token_lifespans });
    const app = await register();
    const { refresh_token } = await stack.signIn({ clientId: app.client_id });
    stack.advance(719 * hour);
    expect((await stack.refresh(app.client_id, refresh_token)).status).toBe(200);
  });

  it('is known to every server of the same store, and after a restart', async () => {
    const store = createMemoryStore({ clock: () => stack.now() });
    const config = { registration: { mode: 'stored' } };
    const files = { '/hmac': Buffer.alloc(32, 7) };
    const one = await startStack({ ...config, hmac_secret_files: ['/hmac'] }, { store, files });
    const { client_id } = await one.register();
    const other = await startStack(
      { ...config, hmac_secret_files: ['/hmac'] },
      { store, files, provider: one.provider },
    );
    const { refresh_token } = await other.signIn({ clientId: client_id });
    expect((await one.refresh(client_id, refresh_token)).status).toBe(200);
    await other.auth.close();
    await one.provider.close();
  });

  it('does not make ids worthless that carry their registration', async () => {
    await stack.close();
    const store = createMemoryStore();
    const files = { '/hmac': Buffer.alloc(32, 7) };
    const hmac = { hmac_secret_files: ['/hmac'] };
    const before = await startStack(hmac, { store, files });
    const { client_id: old } = await before.register();
    stack = await startStack(
      { ...hmac, registration: { mode: 'stored' } },
      { store, files, provider: before.provider },
    );
    expect(old).toMatch(/^sp_c/u);
    await stack.signIn({ clientId: old });
  });
});

describe('whoever registered', () => {
  it('reads what is in force', async () => {
    const app = await register({ client_name: 'Reader', scope: 'openid email' });
    const answer = await manage(app, 'GET');
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(await answer.json()).toMatchObject({
      client_id: app.client_id,
      client_id_issued_at: app['client_id_issued_at'],
      client_name: 'Reader',
      redirect_uris: ['http://127.0.0.1/callback'],
      registration_access_token: app.registration_access_token,
      registration_client_uri: app.registration_client_uri,
    });
  });

  it('changes it as a whole, and what was left out is gone', async () => {
    const app = await register({ client_name: 'Before', software_id: 'soft-1' });
    const redirect_uris = ['https://app.example/callback'];
    const answer = await manage(app, 'PUT', {
      client_id: app.client_id,
      client_name: 'After',
      redirect_uris,
    });
    expect(answer.status).toBe(200);
    const told = (await answer.json()) as Json;
    expect(told).toMatchObject({ client_id: app.client_id, client_name: 'After', redirect_uris });
    expect(told['software_id']).toBeUndefined();
    const asked = { client_id: app.client_id, code_challenge: 'x'.repeat(43) };
    const shown = (uri: string): Promise<Response> =>
      stack.browser().get(stack.authorizeUrl({ ...asked, redirect_uri: uri }));
    expect((await shown('https://app.example/callback')).status).toBe(200);
    expect((await shown(redirectUri)).status).toBe(400);
    expect(events.find(({ event }) => event === 'client_registration_changed')).toMatchObject({
      what: 'changed',
    });
  });

  it('gets another secret with a change, and the one before is none any more', async () => {
    await stack.close();
    await start({ allow_confidential_client_registration: true });
    const redirect_uris = ['https://app.example/callback'];
    const metadata = { redirect_uris, token_endpoint_auth_method: 'client_secret_post' };
    const app = await register(metadata);
    const answer = await manage(app, 'PUT', {
      ...metadata,
      client_id: app.client_id,
      client_secret: app['client_secret'],
    });
    expect(answer.status).toBe(200);
    const { client_secret: secret } = (await answer.json()) as { client_secret: string };
    const prove = async (client_secret: string): Promise<unknown> => {
      const form = {
        grant_type: 'refresh_token',
        refresh_token: 'x',
        client_id: app.client_id,
        client_secret,
      };
      return ((await (await stack.token(form)).json()) as Json)['error'];
    };
    expect(await prove(secret)).toBe('invalid_grant');
    expect(await prove(String(app['client_secret']))).toBe('invalid_client');
    const stale = { ...metadata, client_id: app.client_id, client_secret: app['client_secret'] };
    expect((await manage(app, 'PUT', stale)).status).toBe(400);
  });

  it('removes it, and with it what users allowed', async () => {
    const app = await register();
    const { refresh_token } = await stack.signIn({ clientId: app.client_id });
    const others = await stack.signIn();
    expect((await manage(app, 'DELETE')).status).toBe(204);
    const refreshed = await stack.refresh(app.client_id, refresh_token);
    expect([refreshed.status, await refreshed.json()]).toMatchObject([401, { error: 'invalid_client' }]);
    expect((await manage(app, 'DELETE')).status).toBe(401);
    expect((await stack.refresh(others.clientId, others.refresh_token)).status).toBe(200);
    const ended = events.filter(({ event }) => event === 'revoked');
    expect(ended).toMatchObject([{ by: 'client', what: 'grant', why: 'revoked_by_client' }]);
    expect(events.some((one) => one.event === 'client_registration_changed' && one.what === 'removed')).toBe(
      true,
    );
  });
});

describe('the configuration', () => {
  it.each([
    [{ stored_for: '720h' }, 'registration.stored_for: does nothing while registrations are not kept'],
    [{ max_stored: 500 }, 'registration.max_stored: does nothing while registrations are not kept'],
    [{ mode: 'stored', stored_for: '1h' }, 'registration.stored_for: is shorter than 24h'],
    [{ mode: 'stored', policy: 'off' }, 'registration.mode: does nothing while registration is off'],
  ])('refuses %j', async (registration, problem) => {
    await expect(startStack({ registration })).rejects.toThrow(problem);
  });

  it('serves no address for managing where nothing is kept', async () => {
    await stack.close();
    await start({ registration: {} });
    const { registration_client_uri: uri, client_id } = await register();
    expect(uri).toBeUndefined();
    const answer = await stack.call(`/oauth/registration?client_id=${client_id}`);
    expect(answer.status).toBe(404);
  });
});
