import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { issuer, pkce, redirectUri, sealedRequest, startStack } from '../fixtures/stack.ts';
import { Scene } from './scene.ts';

const minute = 60_000;
let scene: Scene;
let path: string;

beforeAll(async () => {
  scene = await Scene.start();
});
beforeEach(({ task }) => {
  scene.stack.advance(minute);
  path = `/${task.id}.json`;
});
afterAll(() => scene.close());

describe('a login goes on with what its user was shown', () => {
  it('though the document says something else by the time of the consent, the callback and the token', async () => {
    const { publisher, stack } = scene;
    const id = publisher.publish(
      path,
      { client_name: 'Shown app' },
      { headers: { 'cache-control': 'no-store' } },
    );
    const { verifier, challenge } = pkce();
    const browser = stack.browser();
    const shown = await browser.get(stack.authorizeUrl({ client_id: id, code_challenge: challenge }));
    const html = await shown.text();
    expect(html).toContain('Shown app');

    const evil = { client_name: 'Evil app', redirect_uris: ['https://evil.example.com/cb'] };
    publisher.publish(path, evil);
    stack.advance(2 * minute);
    expect((await scene.page(id, { redirect_uri: 'https://evil.example.com/cb' })).html).toContain(
      'Evil app',
    );

    const posted = await browser.post(`${issuer}/oauth/consent`, {
      request: sealedRequest(html),
      decision: 'allow',
    });
    const back = await stack.provider.signIn(posted.headers.get('location') ?? '', 'alice');
    const answered = await browser.get(back);
    const location = new URL(answered.headers.get('location') ?? '');
    expect(location.href).toContain(redirectUri);
    const code = location.searchParams.get('code') ?? '';
    const grant = { grant_type: 'authorization_code', client_id: id, code, code_verifier: verifier };
    expect((await stack.token({ ...grant, redirect_uri: 'https://evil.example.com/cb' })).status).toBe(400);
    expect((await stack.token({ ...grant, redirect_uri: redirectUri })).status).toBe(200);
  });

  it('though its host is down from the consent page on', async () => {
    const { publisher, stack } = scene;
    const id = publisher.publish(path, {}, { headers: { 'cache-control': 'no-store' } });
    const { verifier, challenge } = pkce();
    const browser = stack.browser();
    const html = await (
      await browser.get(stack.authorizeUrl({ client_id: id, code_challenge: challenge }))
    ).text();
    const before = publisher.count(path);
    publisher.on(new URL(id).host + path, (response) => void response.writeHead(404).end());
    stack.advance(2 * minute);
    const posted = await browser.post(`${issuer}/oauth/consent`, {
      request: sealedRequest(html),
      decision: 'allow',
    });
    const back = await stack.provider.signIn(posted.headers.get('location') ?? '', 'alice');
    const location = new URL((await browser.get(back)).headers.get('location') ?? '');
    const code = location.searchParams.get('code') ?? '';
    const grant = { grant_type: 'authorization_code', client_id: id, code, code_verifier: verifier };
    expect((await stack.token(grant)).status).toBe(200);
    expect(publisher.count(path)).toBeLessThanOrEqual(before + 1);
  });

  it('but not though the operator has blocked its host meanwhile', async () => {
    const { publisher, stack } = scene;
    const id = publisher.publish(path, {}, { name: 'blocked.example.com' });
    const { challenge } = pkce();
    const browser = stack.browser();
    const html = await (
      await browser.get(stack.authorizeUrl({ client_id: id, code_challenge: challenge }))
    ).text();
    const { config } = stack.auth;
    const denyHosts = ['blocked.example.com'];
    await stack.auth.reload(async () => ({ ...config, cimd: { ...config.cimd, denyHosts } }));
    const posted = await browser.post(`${issuer}/oauth/consent`, {
      request: sealedRequest(html),
      decision: 'allow',
    });
    expect(posted.status).toBe(403);
    expect(await posted.text()).toContain('blocked.example.com');
    await stack.auth.reload(async () => config);
  });

  it('though the consent page is on another origin, where it is handed over with name and picture', async () => {
    const { publisher } = scene;
    const { provider } = scene.stack;
    const id = publisher.publish(path, { client_name: 'Handed app', logo_uri: publisher.at('/logo.png') });
    const stack = await startStack(
      { authorization_endpoint_base_url: 'https://login.example.com' },
      { provider, collaborators: { documentFetch: publisher.fetch() } },
    );
    const browser = stack.browser();
    const asked = new URL(stack.authorizeUrl({ client_id: id, code_challenge: pkce().challenge }));
    const handed = await browser.get(`https://login.example.com${asked.pathname}${asked.search}`);
    publisher.publish(path, { client_name: 'Evil app' });
    const html = await (await browser.get(handed.headers.get('location') ?? '')).text();
    expect([html.includes('Handed app'), html.includes('client-logo'), html.includes('Evil')]).toEqual([
      true,
      true,
      false,
    ]);
    await stack.auth.close();
  });
});
