/**
 * The key that makes ids of clients has leaked: whoever has it makes ids and secrets of any client, with any redirect URI. It is
 * revoked alone, and nothing else ends.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { createClientRegistry } from '../../src/clients/registry.ts';
import type { AuditEvent } from '../../src/observe/audit/event.ts';
import { openKeyRings } from '../../src/keys/rings.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import type { AuthStore } from '../../src/store/contract.ts';
import { Secret } from '../../src/types/secret.ts';
import { confidentialOptions, openRegistration } from '../client-registration/registry.ts';
import { startOidcProvider } from '../fixtures/oidc-provider.ts';
import type { Stack } from '../fixtures/stack.ts';
import { issuer, pkce, redirectUri, startStack, upstreamSecret } from '../fixtures/stack.ts';

const provider = await startOidcProvider({
  clients: [
    { client_id: 'sallyport', client_secret: upstreamSecret, redirect_uris: [`${issuer}/oauth/callback`] },
  ],
});
const evil = 'https://evil.example/callback';
const files = { '/hmac-1': randomBytes(32), '/hmac-2': randomBytes(32) };

const closers: (() => Promise<unknown> | void)[] = [];
afterAll(() => provider.close());
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function durable(): Promise<AuthStore> {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-ids-'));
  const store = await openSqliteStore({ path: join(directory, 'store.db') });
  closers.push(
    () => store.close(),
    () => rmSync(directory, { recursive: true }),
  );
  return store;
}

async function start(
  store: AuthStore | null,
  registration: object = {},
  audit: (event: AuditEvent) => void = () => {},
): Promise<Stack> {
  const config = {
    hmac_secret_files: ['/hmac-1'],
    registration,
    allow_confidential_client_registration: true,
    clients: [{ client_id: 'fixed', redirect_uris: [redirectUri] }],
  };
  const stack = await startStack(config, {
    provider,
    files,
    collaborators: { audit },
    ...(store && { store }),
  });
  closers.unshift(() => stack.auth.close());
  return stack;
}

/** The configuration with other keys. */
function under(
  stack: Stack,
  change: { readonly idKey?: number; readonly revokedIdKeys?: readonly number[] },
  hmac?: readonly Uint8Array[],
): Promise<unknown> {
  const { config } = stack.auth;
  const registration = { ...config.registration, ...change };
  const hmacSecrets = hmac?.map((secret) => new Secret<Uint8Array>(secret)) ?? config.hmacSecrets;
  return stack.auth.reload(() => Promise.resolve({ ...config, registration, hmacSecrets }));
}

/** Makes ids and secrets as we do, for whoever has the keys. */
async function forger(
  store: AuthStore,
  secret: Uint8Array,
  signs: number,
): Promise<{ readonly id: string; readonly open: string; readonly secret: string }> {
  const opened = await openKeyRings({
    hmacSecrets: [new Secret<Uint8Array>(secret)],
    store,
    clientKeys: { signs, revoked: [] },
  });
  const { clientIds: idKeys, clientSecrets: secretKeys } = opened.rings;
  const registry = createClientRegistry(
    confidentialOptions({
      idKeys: idKeys.slice(0, 1),
      secretKeys: secretKeys.slice(0, 1),
      registration: { ...openRegistration, allowConfidential: true },
    }),
  );
  const method = { token_endpoint_auth_method: 'client_secret_post' };
  const made = registry.register({ redirect_uris: [evil], ...method });
  const open = registry.register({ redirect_uris: [evil], client_name: 'Claude' });
  return { id: made.client_id, open: open.client_id, secret: String(made['client_secret']) };
}

async function statusOf(stack: Stack, clientId: string, redirect: string): Promise<number> {
  const url = stack.authorizeUrl({
    client_id: clientId,
    redirect_uri: redirect,
    code_challenge: pkce().challenge,
  });
  const response = await stack.browser().get(url);
  expect(response.headers.get('location')).toBeNull();
  return response.status;
}

describe('a key of client ids that has leaked', () => {
  it('makes ids until it is revoked, and none from that moment on', async () => {
    const store = await durable();
    const told: string[] = [];
    const stack = await start(store, {}, (event) => {
      if (event.event === 'key_changed' && event.ring === 'clients')
        told.push(`${event.change} ${event.key}`);
    });
    const forged = await forger(store, files['/hmac-1'], 1);
    expect(await statusOf(stack, forged.open, evil)).toBe(200);
    expect(await statusOf(stack, forged.id, evil)).toBe(200);

    await under(stack, { idKey: 2 });
    expect(await statusOf(stack, forged.open, evil)).toBe(200);
    await under(stack, { idKey: 2, revokedIdKeys: [1] });
    expect(told).toEqual(['loaded 2', 'activated 2', 'retired 1']);
    for (const id of [forged.open, forged.id]) expect(await statusOf(stack, id, evil)).toBe(400);
    const asked = { grant_type: 'refresh_token', refresh_token: 'sp_rt_x' };
    const proven = await stack.token({ ...asked, client_id: forged.id, client_secret: forged.secret });
    expect(await proven.json()).toMatchObject({ error: 'invalid_client' });
  });

  it('ends with nothing else: other clients, their tokens and what is sealed stay', async () => {
    const store = await durable();
    const stack = await start(store);
    const [fixed, old] = [await stack.signIn({ clientId: 'fixed' }), await stack.signIn()];
    await under(stack, { idKey: 2 });
    const renewed = await stack.signIn();
    expect(renewed.clientId).not.toBe(old.clientId);
    await under(stack, { idKey: 2, revokedIdKeys: [1] });
    const ended = await stack.refresh(old.clientId, old.refresh_token);
    expect([ended.status, await ended.json()]).toMatchObject([401, { error: 'invalid_client' }]);
    expect((await stack.refresh('fixed', fixed.refresh_token)).status).toBe(200);
    expect((await stack.refresh(renewed.clientId, renewed.refresh_token)).status).toBe(200);
    // Registering again is all that its clients have to do.
    expect((await stack.register()).client_id).toBe(renewed.clientId);
    // A mistake can be taken back: nothing was consumed.
    await under(stack, { idKey: 2, revokedIdKeys: [] });
    expect((await stack.refresh(old.clientId, old.refresh_token)).status).toBe(200);
  });

  it('stays revoked after a restart, and the ids of the other stay good', async () => {
    const store = await durable();
    const first = await start(store, { id_key: 2 });
    const { client_id: id } = await first.register();
    const forged = await forger(store, files['/hmac-1'], 1);
    expect(await statusOf(first, forged.open, evil)).toBe(200);
    const second = await start(store, { id_key: 3, revoked_id_keys: [1] });
    expect(await statusOf(second, id, redirectUri)).toBe(200);
    expect(await statusOf(second, forged.open, evil)).toBe(400);
    expect((await second.register()).client_id).not.toBe(id);
  });

  it('says nothing about the next: each is made by chance', async () => {
    const store = await durable();
    const secrets = [new Secret<Uint8Array>(files['/hmac-1'])];
    const clientKeys = { signs: 3, revoked: [] };
    const { rings } = await openKeyRings({ hmacSecrets: secrets, store, clientKeys });
    const texts = [...rings.clientIds, ...rings.clientSecrets].map(({ key }) => key.export().toString('hex'));
    expect(new Set(texts).size).toBe(6);
    const other = await openKeyRings({ hmacSecrets: secrets, store: await durable(), clientKeys });
    for (const { key } of [...other.rings.clientIds, ...other.rings.clientSecrets])
      expect(texts).not.toContain(key.export().toString('hex'));
  });
});

describe('an HMAC secret that has leaked, over a store that forgets', () => {
  it('makes ids until it is taken out and the number goes up; then neither by the old number nor by the new', async () => {
    const stack = await start(null);
    const old = await forger(stack.store, files['/hmac-1'], 1);
    const next = await forger(stack.store, files['/hmac-1'], 2);
    expect(await statusOf(stack, old.open, evil)).toBe(200);
    await under(stack, { idKey: 2, revokedIdKeys: [1] }, [files['/hmac-2']]);
    for (const id of [old.open, old.id, next.open, next.id])
      expect(await statusOf(stack, id, evil)).toBe(400);
    const { client_id: id } = await stack.register();
    expect(await statusOf(stack, id, redirectUri)).toBe(200);
  });
});
