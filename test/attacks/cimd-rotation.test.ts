/**
 * A document that says one thing when its user looks and another when tokens are asked for. patchwork-os PR108 (redirect
 * addresses exchanged between authorize and token); CIMD draft-02 §8.2 (who declares keys has to use them).
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AuditEvent } from '../../src/observe/audit/event.ts';
import { issuer, pkce, redirectUri, sealedRequest } from '../fixtures/stack.ts';
import { Scene } from '../cimd/scene.ts';

const events: AuditEvent[] = [];
const jwks = {
  keys: [{ kty: 'EC', crv: 'P-256', x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU', y: 'x' }],
};
const withKey = { token_endpoint_auth_method: 'private_key_jwt', jwks };
const unkept = { headers: { 'cache-control': 'no-store' } };
let scene: Scene;
let path: string;

beforeAll(async () => {
  scene = await Scene.start({}, { collaborators: { audit: (event) => void events.push(event) } });
});
beforeEach(({ task }) => {
  scene.stack.advance(60_000);
  path = `/${task.id}.json`;
  events.length = 0;
});
afterAll(() => scene.close());

/** A login up to the code, with something that happens while the consent page is open. */
async function loginWhile(
  id: string,
  meanwhile: () => void,
): Promise<{ location: URL; verifier: string; browserSaw: string }> {
  const { stack } = scene;
  const { verifier, challenge } = pkce();
  const browser = stack.browser();
  const html = await (
    await browser.get(stack.authorizeUrl({ client_id: id, code_challenge: challenge }))
  ).text();
  meanwhile();
  const form = { request: sealedRequest(html), decision: 'allow' };
  const posted = await browser.post(`${issuer}/oauth/consent`, form);
  const back = await stack.provider.signIn(posted.headers.get('location') ?? '', 'alice');
  const answered = await browser.get(back);
  return { location: new URL(answered.headers.get('location') ?? ''), verifier, browserSaw: html };
}

const redeem = (id: string, location: URL, verifier: string): Promise<Response> =>
  scene.stack.token({
    grant_type: 'authorization_code',
    client_id: id,
    code: location.searchParams.get('code') ?? '',
    code_verifier: verifier,
  });

describe('a document that changes while its user decides', () => {
  it('does not change where the code goes', async () => {
    const { publisher, stack } = scene;
    const id = publisher.publish(path, {}, unkept);
    const { location } = await loginWhile(id, () => {
      publisher.publish(path, { redirect_uris: ['https://evil.example.com/cb'] }, unkept);
      stack.advance(120_000);
    });
    expect(location.href).toContain(redirectUri);
  });

  it('does not make an open client out of one with a key: what it was given ends', async () => {
    const { publisher, stack } = scene;
    const id = publisher.publish(path, withKey, unkept);
    const { location, verifier } = await loginWhile(id, () => {
      publisher.publish(path, {}, unkept);
      stack.advance(120_000);
    });
    // Everybody who looks at the document now sees an open client.
    expect((await scene.page(id)).status).toBe(200);
    const first = await redeem(id, location, verifier);
    expect([first.status, await first.json()]).toEqual([
      400,
      expect.objectContaining({ error: 'invalid_grant' }),
    ]);
    expect(events.filter(({ event }) => event === 'revoked')).toMatchObject([{ why: 'client_unproven' }]);
    expect((await redeem(id, location, verifier)).status).toBe(400);
  });

  it('lets nobody without the key redeem, though the document cannot be had any more', async () => {
    const { publisher, stack } = scene;
    const id = publisher.publish(path, withKey, unkept);
    const { location, verifier } = await loginWhile(id, () => undefined);
    publisher.on(new URL(id).host + path, (response) => void response.writeHead(404).end());
    // Another replica, that has never seen it.
    const { config } = stack.auth;
    await stack.auth.reload(async () => ({ ...config, cimd: { ...config.cimd, cacheMaxSize: 7 } }));
    expect((await redeem(id, location, verifier)).status).toBe(400);
    expect(events.filter(({ event }) => event === 'revoked')).toMatchObject([{ why: 'client_unproven' }]);
    await stack.auth.reload(async () => config);
  });

  it('takes the code of a client with a key for nothing from whoever has no key', async () => {
    const id = scene.publisher.publish(path, withKey);
    const { location, verifier } = await loginWhile(id, () => undefined);
    const refused = await redeem(id, location, verifier);
    expect([refused.status, await refused.json()]).toEqual([
      401,
      expect.objectContaining({ error: 'invalid_client' }),
    ]);
    // Nothing was consumed and nothing ended: the client itself may still come.
    expect(events.filter(({ event }) => event === 'revoked')).toEqual([]);
  });

  it('is told to the operator, by what has changed', async () => {
    const { publisher, stack } = scene;
    const id = publisher.publish(path, {}, unkept);
    await scene.page(id);
    publisher.publish(path, { redirect_uris: [redirectUri, 'https://evil.example.com/cb'] }, unkept);
    stack.advance(120_000);
    await scene.page(id);
    expect(events.filter(({ event }) => event === 'client_document_changed')).toMatchObject([
      { fields: ['redirectUris'], host: `app.example.com:${publisher.port}` },
    ]);
  });
});

describe('a document that is asked for by somebody else first', () => {
  it('is the same for everybody: what one request says about itself is no part of what is kept', async () => {
    const { publisher } = scene;
    const id = publisher.publish(path);
    await scene.page(id, { redirect_uri: 'https://evil.example.com/cb', scope: 'everything' });
    expect(publisher.asked.findLast((one) => one.path === path)?.headers).not.toHaveProperty('cookie');
    const { status, html } = await scene.page(id);
    expect([status, html.includes('evil')]).toEqual([200, false]);
  });

  it('that is not valid leaves no trace of itself', async () => {
    const { publisher, stack } = scene;
    const id = publisher.publish(path, { client_secret: 'x', client_name: 'Evil' });
    expect((await scene.page(id)).status).toBe(400);
    publisher.publish(path, { client_name: 'Good' });
    stack.advance(11_000);
    const { status, html } = await scene.page(id);
    expect([status, html.includes('Evil'), html.includes('Good')]).toEqual([200, false, true]);
  });
});
