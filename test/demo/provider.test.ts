import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as oidc from 'openid-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CookieJar } from '../../examples/demo/cookie-jar.ts';
import type { LoopbackServer } from '../../examples/demo/loopback-server.ts';
import type { Departure, Page } from '../../examples/demo/player.ts';
import { Player, hasLeft } from '../../examples/demo/player.ts';
import { startProvider } from '../../examples/demo/provider.ts';
import { textOf } from '../pages/views.ts';

const redirectUri = 'http://localhost:8080/oauth/callback';
const client = { id: 'sallyport', secret: 'a-secret-of-the-demo', redirectUri };
const verifier = 'v'.repeat(43);

let directory: string;
let provider: LoopbackServer;
let relyingParty: oidc.Configuration;
let jar: CookieJar;

async function start(port = 0): Promise<void> {
  provider = await startProvider({ port, directory, client });
  relyingParty = await oidc.discovery(
    new URL(provider.url),
    client.id,
    client.secret,
    oidc.ClientSecretBasic(client.secret),
    { execute: [oidc.allowInsecureRequests] },
  );
}

function player(): Player {
  return new Player({ belongsToApp: (url) => url.href.startsWith(redirectUri), jar });
}

async function authorize(extra: Record<string, string> = {}): Promise<Page | Departure> {
  const url = oidc.buildAuthorizationUrl(relyingParty, {
    redirect_uri: redirectUri,
    scope: 'openid profile email offline_access',
    state: 'state',
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...extra,
  });
  return player().open(url);
}

/** Opens the sign-in, clicks on somebody when asked, and returns where the person ends. */
async function signIn(person: string, extra: Record<string, string> = {}): Promise<URL> {
  let place = await authorize(extra);
  if (!hasLeft(place)) place = await player().press(place, person);
  if (!hasLeft(place)) throw new Error(textOf(place.html));
  return place.leftFor;
}

function redeem(callback: URL): ReturnType<typeof oidc.authorizationCodeGrant> {
  return oidc.authorizationCodeGrant(relyingParty, callback, {
    pkceCodeVerifier: verifier,
    expectedState: 'state',
  });
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sallyport-demo-'));
  jar = new CookieJar();
  await start();
});

afterEach(async () => {
  await provider.close();
  await rm(directory, { recursive: true });
});

describe('the demo identity provider', () => {
  it('shows its people and signs one in with a click', async () => {
    const page = await authorize();
    if (hasLeft(page)) throw new Error('nobody was asked');
    expect(textOf(page.html)).toContain('Alice Archer alice@example.com B Bob Baker bob@example.com');
    const tokens = await redeem(await signIn('bob'));
    expect(tokens.claims()).toMatchObject({
      sub: 'bob',
      name: 'Bob Baker',
      email: 'bob@example.com',
      email_verified: true,
    });
  });

  it('gives a refresh token without prompt=consent, and the refresh works', async () => {
    const tokens = await redeem(await signIn('alice'));
    const fresh = await oidc.refreshTokenGrant(relyingParty, tokens.refresh_token ?? '');
    expect(fresh.access_token).not.toBe(tokens.access_token);
    expect(await oidc.fetchUserInfo(relyingParty, fresh.access_token, 'alice')).toMatchObject({
      name: 'Alice Archer',
    });
  });

  it('does not ask again whoever is signed in, not even with prompt=consent', async () => {
    await signIn('alice');
    expect(hasLeft(await authorize())).toBe(true);
    expect(hasLeft(await authorize({ prompt: 'consent' }))).toBe(true);
  });

  it.each(['login', 'select_account'])(
    'asks again with prompt=%s, and takes another account',
    async (prompt) => {
      await redeem(await signIn('alice'));
      expect(hasLeft(await authorize({ prompt }))).toBe(false);
      const tokens = await redeem(await signIn('bob', { prompt }));
      expect(tokens.claims()?.sub).toBe('bob');
    },
  );

  it('answers prompt=none with login_required while nobody is signed in', async () => {
    const place = await authorize({ prompt: 'none' });
    expect(hasLeft(place) && place.leftFor.searchParams.get('error')).toBe('login_required');
  });

  it('tells the app when somebody cancels', async () => {
    const callback = await signIn('');
    expect(callback.searchParams.get('error')).toBe('access_denied');
    expect(callback.searchParams.get('state')).toBe('state');
  });

  it('lets nobody in whom it does not know', async () => {
    const page = await authorize();
    if (hasLeft(page)) throw new Error('nobody was asked');
    const forged = { ...page, html: page.html.replace('value="alice"', 'value="mallory"') };
    const place = await player().press(forged, 'mallory');
    expect(hasLeft(place) && place.leftFor.searchParams.get('error')).toBe('access_denied');
  });

  it('insists on PKCE and on the registered address', async () => {
    const without = new URL(
      oidc.buildAuthorizationUrl(relyingParty, { redirect_uri: redirectUri, scope: 'openid' }),
    );
    const place = await player().open(without);
    expect(hasLeft(place) && place.leftFor.searchParams.get('error')).toBe('invalid_request');
    const elsewhere = await authorize({ redirect_uri: 'http://localhost:9999/cb' });
    if (hasLeft(elsewhere)) throw new Error('went there');
    expect(elsewhere.status).toBe(400);
    expect(textOf(elsewhere.html)).toContain('That did not work');
  });

  it('explains itself to a browser that did not start the sign-in', async () => {
    const page = await authorize();
    if (hasLeft(page)) throw new Error('nobody was asked');
    jar = new CookieJar();
    const place = await player().open(page.url);
    expect(place).toMatchObject({ status: 400 });
    expect(hasLeft(place) ? '' : textOf(place.html)).toContain('belongs to another browser');
  });

  it('keeps sign-ins, refresh tokens and keys over a restart', async () => {
    const tokens = await redeem(await signIn('alice'));
    const port = Number(new URL(provider.url).port);
    await provider.close();
    await start(port);
    const fresh = await oidc.refreshTokenGrant(relyingParty, tokens.refresh_token ?? '');
    expect(await oidc.fetchUserInfo(relyingParty, fresh.access_token, 'alice')).toMatchObject({
      sub: 'alice',
    });
    expect(hasLeft(await authorize())).toBe(true);
    expect((await redeem(await signIn('nobody needs to click'))).claims()?.sub).toBe('alice');
  });

  it('keeps its files from everybody else', async () => {
    await signIn('alice');
    const entries = await readdir(directory, { recursive: true, withFileTypes: true });
    for (const entry of entries) {
      const { mode } = await stat(join(entry.parentPath, entry.name));
      expect(mode & 0o077).toBe(0);
    }
    expect(entries.length).toBeGreaterThan(2);
  });

  it('signs out from its front page, and connected apps stay connected', async () => {
    const tokens = await redeem(await signIn('alice'));
    const home = await player().open(provider.url);
    expect(hasLeft(home) ? '' : home.html).toContain('href="/session/end"');
    const question = await player().open(`${provider.url}/session/end`);
    if (hasLeft(question)) throw new Error('left');
    const done = await player().press(question, 'yes');
    expect(hasLeft(done) ? '' : textOf(done.html)).toContain('You are signed out');
    expect(hasLeft(await authorize())).toBe(false);
    const fresh = await oidc.refreshTokenGrant(relyingParty, tokens.refresh_token ?? '');
    expect(fresh.refresh_token).toBeDefined();
  });

  it('serves its pages under a policy that allows no script', async () => {
    const page = await authorize();
    if (hasLeft(page)) throw new Error('nobody was asked');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(page.headers.get('cache-control')).toBe('no-store');
  });
});
