import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startStack } from '../fixtures/stack.ts';
import { Scene } from './scene.ts';

const day = 86_400_000;
const path = '/client.json';
let scene: Scene;

beforeEach(async () => {
  scene = await Scene.start();
});
afterEach(() => scene.close());

const count = (): number => scene.publisher.count(path);

function down(status = 404): void {
  scene.publisher.on(new URL(scene.publisher.at(path)).host + path, (response) => {
    response.writeHead(status).end();
  });
}

describe('while the document of a client cannot be had', () => {
  it('nobody is signed out: tokens are refreshed by what the grant knows, and its host is not waited for', async () => {
    const id = scene.publisher.publish(path);
    const tokens = await scene.stack.signIn({ clientId: id });
    down();
    scene.stack.advance(3 * day);
    const refreshed = await scene.stack.refresh(id, tokens.refresh_token);
    expect(refreshed.status).toBe(200);
    expect(await refreshed.json()).toMatchObject({ scope: tokens.scope });
  });

  it('nobody is taken for another client by the rules, which know it by its name', async () => {
    const { stack, publisher } = scene;
    const { provider } = stack;
    const collaborators = { documentFetch: publisher.fetch() };
    const named = await startStack(
      { access: [{ expression: 'client.name == "Published app"' }] },
      { provider, collaborators },
    );
    const id = publisher.publish(path);
    const tokens = await named.signIn({ clientId: id });
    down(503);
    const { config } = named.auth;
    await named.auth.reload(async () => ({ ...config, cimd: { ...config.cimd, cacheMaxSize: 10 } }));
    expect((await named.refresh(id, tokens.refresh_token)).status).toBe(200);
    await named.auth.close();
  });

  it('another server that never saw the document refreshes all the same, and asks for it afterwards', async () => {
    const { stack } = scene;
    const id = scene.publisher.publish(path);
    const tokens = await stack.signIn({ clientId: id });
    const before = count();
    await stack.auth.reload(async () => ({
      ...stack.auth.config,
      cimd: { ...stack.auth.config.cimd, cacheMaxSize: 10 },
    }));
    const refreshed = await stack.refresh(id, tokens.refresh_token);
    expect(refreshed.status).toBe(200);
    await expect.poll(count).toBe(before + 1);
  });

  it('a request that anybody can send makes us ask nobody', async () => {
    const { publisher, stack } = scene;
    const id = publisher.at('/victim.json');
    const garbage = {
      client_id: id,
      refresh_token: 'sp_rt_x',
      code: 'sp_ac_x',
      code_verifier: 'x'.repeat(43),
    };
    for (const grant_type of ['refresh_token', 'authorization_code'])
      expect((await stack.token({ ...garbage, grant_type })).status).toBe(400);
    const body = new URLSearchParams({ client_id: id, token: 'x' });
    expect((await stack.call('/oauth/revoke', { method: 'POST', body })).status).toBe(200);
    expect((await stack.call('/oauth/introspect', { method: 'POST', body })).status).toBe(400);
    expect([publisher.asked, publisher.lookups]).toEqual([[], []]);
  });
});
