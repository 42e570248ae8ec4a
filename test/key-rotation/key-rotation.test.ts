import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateSigningKeyPem } from '../../src/crypto/signing-key.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import type { Stack, Tokens } from '../fixtures/stack.ts';
import { startStack } from '../fixtures/stack.ts';

const files = {
  '/keys/old.pem': generateSigningKeyPem(),
  '/keys/new.pem': generateSigningKeyPem(),
  '/hmac/old': Buffer.alloc(32, 1),
  '/hmac/new': Buffer.alloc(48, 2),
};

const before = {
  signing_key_config: { key_dir: '/keys', signing_key_file: 'old.pem' },
  hmac_secret_files: ['/hmac/old'],
};
const during = {
  signing_key_config: { key_dir: '/keys', signing_key_file: 'new.pem', fallback_key_files: ['old.pem'] },
  hmac_secret_files: ['/hmac/new', '/hmac/old'],
};
const after = {
  signing_key_config: { key_dir: '/keys', signing_key_file: 'new.pem' },
  hmac_secret_files: ['/hmac/new'],
};

/** The new key and the new secret sign. */
async function untilActive(stack: Stack): Promise<void> {
  stack.advance(10 * 60_000);
  const { promise, resolve } = Promise.withResolvers<void>();
  stack.auth.onReload(resolve);
  await stack.call('/.well-known/jwks.json');
  await promise;
}

const tokensOf = async (response: Response): Promise<Tokens> => (await response.json()) as Tokens;

describe('rotating signing keys and HMAC secrets over one database', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-rotation-'));
  let provider: Stack['provider'] | undefined;
  let first: Stack;

  const start = async (config: Record<string, unknown>): Promise<Stack> =>
    startStack(config, {
      files,
      store: await openSqliteStore({ path: join(folder, 'store.db') }),
      ...(provider && { provider }),
    });
  const userinfo = async (stack: Stack, token: string): Promise<number> =>
    (await stack.call('/oauth/userinfo', { headers: { authorization: `Bearer ${token}` } })).status;
  const kids = async (stack: Stack): Promise<unknown[]> => {
    const { keys } = (await (await stack.call('/.well-known/jwks.json')).json()) as {
      keys: { kid: string }[];
    };
    return keys.map((key) => key.kid);
  };

  beforeAll(async () => {
    first = await start(before);
    provider = first.provider;
  });
  afterAll(async () => {
    await provider?.close();
    rmSync(folder, { recursive: true });
  });

  it('keeps sign-ins, registrations and access tokens through the overlap, and the vault after it', async () => {
    const [oldKid] = await kids(first);
    const signedIn = await first.signIn({ scope: 'openid email' });
    await first.auth.close();

    const second = await start(during);
    expect(await kids(second)).toHaveLength(2);
    expect((await kids(second))[1]).toBe(oldKid);
    expect(await userinfo(second, signedIn.access_token)).toBe(200);
    await untilActive(second);
    const moved = await tokensOf(await second.refresh(signedIn.clientId, signedIn.refresh_token));
    await second.auth.close();

    const third = await start(after);
    expect(await kids(third)).not.toContain(oldKid);
    expect(await userinfo(third, signedIn.access_token)).toBe(401);
    const last = await tokensOf(await third.refresh(signedIn.clientId, moved.refresh_token));
    expect(await userinfo(third, last.access_token)).toBe(200);
    const token = await third.auth.tokens.verify(last.access_token, third.auth.config.resources[0] ?? '');
    if (!token) throw new Error('a token that verifies was expected');
    const check = await third.auth.sessions.check(token, null);
    const connection = check.r === 'alive' ? check.session.connection : null;
    if (!connection) throw new Error('a connection was expected');
    expect((await third.auth.vault.freshTokens(connection)).r).toBe('ok');
    await third.auth.close();
  });

  it('refuses to start when no configured secret opens the vault, and says what to do', async () => {
    await expect(
      startStack(
        { hmac_secret_files: ['/hmac/other'] },
        {
          files: { '/hmac/other': Buffer.alloc(32, 9) },
          store: await openSqliteStore({ path: join(folder, 'store.db') }),
          ...(provider && { provider }),
        },
      ),
    ).rejects.toMatchObject({
      code: 'key_ring_locked',
      message: expect.stringContaining('hmac_secret_files'),
    });
  });
});
