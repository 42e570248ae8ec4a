import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeProtectedHeader } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { resolveRunConfig } from '../../src/config/resolve.ts';
import type { Config } from '../../src/config/config.ts';
import { generateSigningKeyPem, parseSigningKey } from '../../src/crypto/signing-key.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import type { AuditEvent } from '../../src/observe/audit/event.ts';
import type { Stack, Tokens } from '../fixtures/stack.ts';
import { issuer, resource, startStack, upstreamSecret } from '../fixtures/stack.ts';

const files: Record<string, string | Uint8Array> = {
  '/keys/old.pem': generateSigningKeyPem(),
  '/keys/new.pem': generateSigningKeyPem(),
  '/hmac/old': Buffer.alloc(32, 1),
  '/hmac/new': Buffer.alloc(48, 2),
};
const kidOf = (file: string): string => parseSigningKey(String(files[`/keys/${file}.pem`]), file).kid;
const [oldKid, newKid] = [kidOf('old'), kidOf('new')];

type Json = Record<string, unknown>;
const keys = (signing: string, ...fallbacks: string[]): Json => ({
  signing_key_config: {
    key_dir: '/keys',
    signing_key_file: `${signing}.pem`,
    fallback_key_files: fallbacks.map((name) => `${name}.pem`),
  },
  hmac_secret_files: [signing, ...fallbacks].map((name) => `/hmac/${name}`),
});
const before = keys('old');
const during = keys('new', 'old');
const after = keys('new');
const delay = 10 * 60_000;

let folder: string;
let provider: Stack['provider'];
let owner: Stack;
const stacks: Stack[] = [];
let events: AuditEvent[] = [];

beforeAll(async () => {
  owner = await startStack({});
  provider = owner.provider;
});
afterAll(() => owner.close());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-activation-'));
  events = [];
});
afterEach(async () => {
  for (const stack of stacks.splice(0)) await stack.auth.close();
  rmSync(folder, { recursive: true });
});

async function start(config: Json, clock = { now: 0 }): Promise<Stack> {
  const stack = await startStack(config, {
    files,
    clock,
    provider,
    store: await openSqliteStore({ path: join(folder, 'store.db') }),
    collaborators: { audit: (event) => void events.push(event) },
  });
  stacks.push(stack);
  return stack;
}

/** Asks something, which is when a server looks at the time, and waits for it to act on that. */
async function renewed(stack: Stack): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  stack.auth.onReload(resolve);
  await stack.call('/.well-known/jwks.json');
  await promise;
}

function load(config: Json): Promise<Config> {
  const oidc_config = {
    issuer_url: provider.issuer,
    client_id: 'sallyport',
    client_secret_env_var: 'UPSTREAM_SECRET',
  };
  const whole = {
    issuer,
    allowed_audiences: [resource],
    access: 'anyone',
    upstreams: [{ name: 'demo', type: 'oidc', oidc_config }],
    ...config,
  };
  return resolveRunConfig(whole, {
    env: { UPSTREAM_SECRET: upstreamSecret },
    readFile: async (path) => Buffer.from(files[path] ?? ''),
  });
}

const signerOf = ({ access_token }: Pick<Tokens, 'access_token'>): unknown =>
  decodeProtectedHeader(access_token).kid;

async function published(stack: Stack): Promise<readonly string[]> {
  const response = await stack.call('/.well-known/jwks.json');
  return ((await response.json()) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);
}

async function refreshed(stack: Stack, { clientId, refresh_token }: Tokens & { clientId: string }) {
  const response = await stack.refresh(clientId, refresh_token);
  expect(response.status).toBe(200);
  return { ...((await response.json()) as Tokens), clientId };
}

describe('the keys of a fresh installation', () => {
  it('sign at once', async () => {
    const stack = await start(during);
    expect(signerOf(await stack.signIn())).toBe(newKid);
  });
});

describe('a new signing key', () => {
  it('is published at once and signs only after the delay, through any number of restarts', async () => {
    await (await start(before)).auth.close();
    const clock = { now: 0 };
    const second = await start(during, clock);
    expect(await published(second)).toEqual([newKid, oldKid]);
    let tokens = await second.signIn();
    expect(signerOf(tokens)).toBe(oldKid);
    second.advance(delay / 2);
    await second.auth.close();

    const third = await start(during, clock);
    tokens = await refreshed(third, tokens);
    expect(signerOf(tokens)).toBe(oldKid);
    third.advance(delay / 2);
    await renewed(third);
    tokens = await refreshed(third, tokens);
    expect(signerOf(tokens)).toBe(newKid);
    expect(events.filter(({ event }) => event === 'key_changed')).toMatchObject([
      { ring: 'signing', change: 'activated', key: newKid },
      { ring: 'hmac', change: 'activated', key: null },
    ]);
    await third.auth.close();

    expect(signerOf(await refreshed(await start(during, clock), tokens))).toBe(newKid);
  });

  it('signs at once when it was staged as a fallback for long enough', async () => {
    const clock = { now: 0 };
    await (await start(keys('old', 'new'), clock)).auth.close();
    clock.now += delay;
    expect(signerOf(await (await start(during, clock)).signIn())).toBe(newKid);
  });

  it('signs at once when no older one is left, or when the delay is 0', async () => {
    await (await start(before)).auth.close();
    const second = await start({ ...during, key_activation_delay: 0 });
    expect(signerOf(await second.signIn())).toBe(newKid);
    await second.auth.close();
    const third = await start({
      signing_key_config: { key_dir: '/keys', signing_key_file: 'old.pem' },
      hmac_secret_files: ['/hmac/old'],
    });
    expect(signerOf(await third.signIn())).toBe(oldKid);
  });

  it('that is reloaded is published at once and signs after the delay', async () => {
    const stack = await start(before);
    const changes = await stack.auth.reload(() => load(during));
    expect(changes.join('\n')).toContain(`key ${newKid} is published`);
    expect(await published(stack)).toEqual([newKid, oldKid]);
    const tokens = await stack.signIn();
    expect(signerOf(tokens)).toBe(oldKid);
    stack.advance(delay);
    await renewed(stack);
    expect(signerOf(await refreshed(stack, tokens))).toBe(newKid);
    expect(stack.log.flatMap(({ fields }) => fields['changes'] ?? [])).toContain(
      `signing key changed: kid ${oldKid} → ${newKid}`,
    );
  });

  it('that a clock years ahead has seen first waits for the delay, and not for those years', async () => {
    await (await start(before)).auth.close();
    await (await start(during, { now: 20 * 365 * 86_400_000 })).auth.close();
    const stack = await start(during);
    expect(signerOf(await stack.signIn())).toBe(oldKid);
    stack.advance(delay);
    await renewed(stack);
    expect(signerOf(await stack.signIn())).toBe(newKid);
  });

  it('is new to every replica when one has seen it: their delays end together', async () => {
    const clock = { now: 0 };
    await (await start(before, clock)).auth.close();
    const one = await start(during, clock);
    clock.now += delay;
    const other = await start(during, clock);
    expect(signerOf(await other.signIn())).toBe(newKid);
    await renewed(one);
    expect(signerOf(await one.signIn())).toBe(newKid);
  });
});

describe('a new HMAC secret', () => {
  it('verifies at once and signs after the delay: a replica with the old file takes what the new one issues', async () => {
    const clock = { now: 0 };
    const old = await start(before, clock);
    const renewedOne = await start(during, clock);
    let tokens = await renewedOne.signIn();
    tokens = await refreshed(old, tokens);
    tokens = await refreshed(renewedOne, tokens);
    clock.now += delay;
    await renewed(renewedOne);
    tokens = await refreshed(renewedOne, tokens);
    // Now it signs: whoever has only the old file cannot know this token.
    expect((await old.refresh(tokens.clientId, tokens.refresh_token)).status).toBe(400);
  });
});

describe('a signing key that is taken away', () => {
  it('too early is told by /readyz until its last token has ended', async () => {
    const stack = await start(before);
    await stack.signIn();
    await stack.auth.reload(() => load({ ...after, hmac_secret_files: ['/hmac/old'] }));
    const { ready, warnings } = await stack.auth.readiness();
    expect(ready).toBe(true);
    expect(warnings.join('\n')).toContain(`signing key ${oldKid} was taken away`);
    stack.advance(3_600_000);
    expect((await stack.auth.readiness()).warnings.join('\n')).not.toContain('was taken away');
  });

  it('after its last token is nobody’s business', async () => {
    const stack = await start(before);
    await stack.auth.reload(() => load(during));
    stack.advance(delay);
    await renewed(stack);
    stack.advance(3_600_000);
    await stack.auth.reload(() => load(after));
    expect((await stack.auth.readiness()).warnings.join('\n')).not.toContain('was taken away');
    expect(await published(stack)).toEqual([newKid]);
  });
});
