import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import type { OidcProviderFixture } from '../fixtures/oidc-provider.ts';
import { startOidcProvider } from '../fixtures/oidc-provider.ts';
import { Front, startStack } from '../fixtures/stack.ts';
import type { Stack, StackOptions } from '../fixtures/stack.ts';

type Json = Record<string, unknown>;

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

/** A certified provider that takes registrations, with an initial access token. */
async function startRegistry(): Promise<OidcProviderFixture> {
  const provider = await startOidcProvider({
    clients: [],
    configuration: {
      features: {
        devInteractions: { enabled: false },
        registration: { enabled: true, initialAccessToken: 'may-register' },
        registrationManagement: { enabled: true },
      },
    },
  });
  closing.push(() => provider.close());
  return provider;
}

const discovery = (provider: OidcProviderFixture): Json => ({
  discovery_url: `${provider.issuer}/.well-known/openid-configuration`,
  initial_access_token_env_var: 'REGISTRATION_TOKEN',
});

function openidUpstream(provider: OidcProviderFixture): Json {
  const oidc_config = { issuer_url: provider.issuer, dcr_config: discovery(provider) };
  return { upstreams: [{ name: 'demo', type: 'oidc', oidc_config }] };
}

async function start(config: Json, options: StackOptions): Promise<Stack> {
  const stack = await startStack(config, { env: { REGISTRATION_TOKEN: 'may-register' }, ...options });
  closing.push(() => stack.auth.close());
  return stack;
}

const registrations = ({ requests }: OidcProviderFixture): number =>
  requests.filter((request) => request === 'POST /reg').length;

async function temporaryStore(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-registration-'));
  closing.push(() => rm(directory, { recursive: true }));
  return join(directory, 'store.db');
}

const hmac = createHash('sha512').update('an HMAC secret of tests').digest();
const durable = { hmac_secret_files: ['hmac'] };

async function openStack(provider: OidcProviderFixture, path: string): Promise<Stack> {
  const store = await openSqliteStore({ path });
  return start({ ...openidUpstream(provider), ...durable }, { provider, store, files: { hmac } });
}

describe('registering at a real provider', () => {
  it('signs people in at an OpenID provider that nobody registered us at', async () => {
    const provider = await startRegistry();
    const stack = await start(openidUpstream(provider), { provider });
    const tokens = await stack.signIn();
    expect(tokens.refresh_token).toMatch(/^sp_rt_/u);
    expect(registrations(provider)).toBe(1);
  });

  it('signs people in at an OAuth 2.0 provider whose metadata tell the endpoints', async () => {
    const provider = await startRegistry();
    const oauth2_config = {
      dcr_config: discovery(provider),
      scopes: ['openid'],
      userinfo: { endpoint_url: `${provider.issuer}/me` },
    };
    const stack = await start({ upstreams: [{ name: 'demo', type: 'oauth2', oauth2_config }] }, { provider });
    expect((await stack.signIn()).access_token).not.toBe('');
    expect(registrations(provider)).toBe(1);
  });

  it('registers once for all processes on one store, and not again after a restart', async () => {
    const provider = await startRegistry();
    const path = await temporaryStore();
    const stacks = await Promise.all([openStack(provider, path), openStack(provider, path)]);
    await Promise.all(stacks.map((stack) => stack.signIn()));
    expect(registrations(provider)).toBe(1);
    for (const stack of stacks) await stack.auth.close();
    const restarted = await openStack(provider, path);
    await restarted.signIn();
    expect(registrations(provider)).toBe(1);
  });

  it('keeps the credentials sealed', async () => {
    const provider = await startRegistry();
    const path = await temporaryStore();
    const secrets: string[] = [];
    provider.intercept((request, response) => {
      if (request.url !== '/reg') return false;
      const end = response.end.bind(response);
      response.end = ((body: unknown, ...rest: unknown[]) => {
        const answer = JSON.parse(String(body)) as Json;
        secrets.push(String(answer['client_secret']), String(answer['registration_access_token']));
        return Reflect.apply(end, undefined, [body, ...rest]) as typeof response;
      }) as typeof response.end;
      return false;
    });
    const stack = await openStack(provider, path);
    await stack.signIn();
    await stack.auth.close();
    expect(secrets).toHaveLength(2);
    const kept = Buffer.concat([
      await readFile(path),
      await readFile(`${path}-wal`).catch(() => Buffer.of()),
    ]);
    const lines = JSON.stringify(stack.log);
    for (const secret of [...secrets, 'may-register']) {
      expect(kept.indexOf(secret)).toBe(-1);
      expect(lines).not.toContain(secret);
    }
  });

  it('registers anew when the provider has forgotten us, and the next try signs in', async () => {
    const provider = await startRegistry();
    const stack = await start(openidUpstream(provider), { provider });
    await stack.signIn();
    provider.intercept((request, response) => {
      if (request.url !== '/token' && !request.url?.startsWith('/reg/')) return false;
      // Whoever registered first is unknown from now on.
      if (registrations(provider) > 1) return false;
      response.writeHead(401, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: 'invalid_client' }));
      return true;
    });
    const browser = stack.browser();
    const { client_id } = await stack.register();
    const challenge = createHash('sha256').update('v'.repeat(43)).digest('base64url');
    const back = await stack.signInUpstream(browser, { client_id, code_challenge: challenge });
    const page = await browser.get(back);
    expect(page.status).toBe(503);
    expect(await page.text()).toContain('reload');
    expect(registrations(provider)).toBe(2);
    const again = await browser.get(back);
    const location = again.headers.get('location');
    expect(location).toContain(provider.issuer);
    const finished = await browser.get(await provider.signIn(location ?? '', 'alice'));
    expect(new URL(finished.headers.get('location') ?? '').searchParams.get('code')).toMatch(/^sp_ac_/u);
  });

  it('says why it is not ready while the provider refuses', async () => {
    const provider = await startRegistry();
    const stack = await start(openidUpstream(provider), {
      provider,
      env: { REGISTRATION_TOKEN: 'somebody-elses' },
    });
    const front = new Front(provider, stack.fetch);
    const { client_id } = await front.register();
    const consent = stack.signInUpstream(stack.browser(), { client_id, code_challenge: 'x'.repeat(43) });
    await expect(consent).rejects.toThrow(/consent: 503/u);
    const readiness = await stack.auth.readiness();
    expect(JSON.stringify(readiness)).toMatch(/registration: the provider refused with status 401/u);
    expect(JSON.stringify([readiness, stack.log])).not.toContain('somebody-elses');
  });
});
