/**
 * The list of a user's apps: nobody sees or ends somebody else's. What happened elsewhere: missing object-level authorization
 * (CVE-2026-52870), forms that count in any session, and names that speak for themselves.
 */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { bucketOf } from '../../src/upstream/identity.ts';
import type { Browser, Tokens } from '../fixtures/stack.ts';
import { pkce } from '../fixtures/stack.ts';
import type { Providers } from '../connections/scene.ts';
import { Scene, formOf, page, startProviders } from '../connections/scene.ts';
import { skeletonOf, textOf } from '../pages/views.ts';
import { payloadOf } from './doors.ts';

type SignedIn = Tokens & { readonly clientId: string };

let providers: Providers;
let scene: Scene;
let alice: { readonly browser: Browser; readonly app: SignedIn };
let mallory: typeof alice;

beforeAll(async () => {
  providers = await startProviders();
});
beforeEach(async () => {
  scene = await Scene.start({}, { providers });
  [alice, mallory] = [await person('alice'), await person('mallory')];
});
afterEach(() => scene.close());
afterAll(() => providers.close());

async function person(account: string): Promise<typeof alice> {
  const { client_id } = await scene.stack.register({ client_name: `App of ${account}` });
  const app = await scene.stack.signIn({ clientId: client_id, account });
  return { app, browser: await scene.signedIn(account) };
}

const read = async (browser: Browser): Promise<string> => (await browser.get(page)).text();
const works = async ({ clientId, refresh_token }: SignedIn): Promise<boolean> =>
  (await scene.stack.refresh(clientId, refresh_token)).status === 200;
const living = async (app: SignedIn): Promise<number> => {
  const userId = String(payloadOf(app.access_token)['sub']);
  const user = { bucket: bucketOf(userId), userId };
  const list = { after: '', user, client: null, upstream: null, state: 'active' } as const;
  return (await scene.stack.store.listGrants(list)).grants.length;
};

it('shows a user nothing of another', async () => {
  const text = textOf(await read(mallory.browser));
  expect(text).toContain('App of mallory');
  expect(text).not.toContain('App of alice');
  expect(textOf(await read(scene.stack.browser()))).not.toContain('App of');
});

it('ends nothing by a form that was shown to somebody else', async () => {
  const stolen = formOf(await read(alice.browser), 'Sign this app out');
  expect((await mallory.browser.post(page, { request: stolen })).status).toBe(403);
  const stranger = await scene.stack.browser().post(page, { request: stolen });
  expect(stranger.status).toBe(403);
  expect(await works(alice.app)).toBe(true);
});

it('ends nothing for another website, without a session, or by a form that was changed', async () => {
  const request = formOf(await read(alice.browser), 'Sign this app out');
  const elsewhere = await alice.browser.post(page, { request }, { origin: 'https://evil.example' });
  expect(elsewhere.status).toBe(403);
  const framed = await alice.browser.post(page, { request }, { origin: 'null' });
  expect(framed.status).toBe(403);
  const middle = request[40] === 'A' ? 'B' : 'A';
  const other = request.slice(0, 40) + middle + request.slice(41);
  for (const changed of [`${request}x`, request.slice(0, -1), other])
    expect((await alice.browser.post(page, { request: changed })).status).toBe(403);
  await scene.press(alice.browser, 'Sign out of this page');
  expect((await alice.browser.post(page, { request })).status).toBe(403);
  expect(await works(alice.app)).toBe(true);
});

it('ends nothing when it is asked with GET, which any link can', async () => {
  const request = formOf(await read(alice.browser), 'Sign this app out');
  await alice.browser.get(`${page}?${new URLSearchParams({ request }).toString()}`);
  expect(await works(alice.app)).toBe(true);
});

it('ends only what is its user’s own, even if a form named the grant of somebody else', async () => {
  // What a defect elsewhere could lead to: the store is asked whose it is all the same.
  const { store } = scene.stack;
  const revoked: string[] = [];
  const before = store.revokeGrant.bind(store);
  store.revokeGrant = async (asked) => {
    revoked.push(asked.grantId);
    return before(asked);
  };
  await scene.press(mallory.browser, 'Sign this app out');
  const [, own] = String(payloadOf(mallory.app.access_token)['sid']).split('.');
  expect(revoked).toEqual([own]);
  expect(await works(mallory.app)).toBe(false);
  expect(await works(alice.app)).toBe(true);
});

it('ends every app of one user, and none of another', async () => {
  await scene.stack.signIn({ account: 'mallory' });
  await scene.press(mallory.browser, 'Sign all out now');
  expect(await living(mallory.app)).toBe(0);
  expect(await works(alice.app)).toBe(true);
});

it('is ended for good, however a refresh races with it', async () => {
  const request = formOf(await read(alice.browser), 'Sign this app out');
  const { clientId, refresh_token } = alice.app;
  const [refreshed] = await Promise.all([
    scene.stack.refresh(clientId, refresh_token),
    alice.browser.post(page, { request }),
  ]);
  const { refresh_token: next = refresh_token } = (await refreshed.json()) as Partial<Tokens>;
  expect((await scene.stack.refresh(clientId, next)).status).toBe(400);
  expect(await living(alice.app)).toBe(0);
});

/** The page of somebody whose app and browser call themselves something. */
async function pageOf(
  account: string,
  says: { readonly app: string; readonly browser: string },
): Promise<string> {
  const { client_id } = await scene.stack.register({ client_name: says.app });
  const browser = scene.stack.browser();
  const { verifier, challenge } = pkce();
  const back = await scene.stack.signInUpstream(browser, { client_id, code_challenge: challenge }, account);
  const answered = await browser.get(back, { 'user-agent': says.browser });
  const code = new URL(answered.headers.get('location') ?? '').searchParams.get('code') ?? '';
  const form = { grant_type: 'authorization_code', client_id, code, code_verifier: verifier };
  expect((await scene.stack.token(form)).status).toBe(200);
  return read(await scene.signedIn(account));
}

it('stays as it is, whatever an app calls itself and a browser says it is', async () => {
  const plain = await pageOf('carol', { app: 'App', browser: 'Firefox/1 Linux' });
  const html = await pageOf('eve', {
    app: '</strong><script>alert(1)</script>“Sign out” \u202Eevil 👩‍👩‍👧',
    browser: '"><script>alert(2)</script> Firefox/1 Linux',
  });
  expect(skeletonOf(html)).toBe(skeletonOf(plain));
  expect(html).not.toContain('\u202E');
  expect(html).not.toContain('alert(2)');
  expect(textOf(html)).toContain('Signed in with Firefox on Linux');
});

it('is neither framed nor kept, and tells no other site where it was', async () => {
  const { headers } = await alice.browser.get(page);
  expect(headers.get('x-frame-options')).toBe('DENY');
  expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
  expect(headers.get('cache-control')).toBe('no-store');
  expect(headers.get('referrer-policy')).toBe('same-origin');
});
