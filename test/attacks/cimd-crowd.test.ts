/**
 * Strangers who name many documents, not to reach what is behind them but to change what counts of somebody else's: to push its
 * copy out, to keep us from looking, or to bring back what its owner has withdrawn.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Scene } from '../cimd/scene.ts';

const callback = { redirect_uri: 'http://127.0.0.1:33418/callback' };
const minute = 60_000;
const shortLived = { headers: { 'cache-control': 'max-age=60' } };

let scene: Scene;
beforeEach(async () => {
  scene = await Scene.start({ cimd: { allow_hosts: ['app.example.com'], trust: 'any', cache_max_size: 30 } });
});
afterEach(() => scene.close());

const place = (id: string): string => new URL(id).host + new URL(id).pathname;
const status = async (id: string, parameters: Record<string, string> = callback): Promise<number> =>
  (await scene.page(id, parameters)).status;

function answerWith(id: string, code: number): void {
  scene.publisher.on(place(id), (response) => void response.writeHead(code).end());
}

/** Names other addresses of the host until no more of them are asked for. */
async function nameOthers(count = 40): Promise<void> {
  for (let index = 0; index < count; index += 1) await status(scene.publisher.at(`/x${index}.json`));
}

/** Documents of a stranger that are kept by now, and hang when they are asked for again. */
async function hangingDocuments(count: number): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const name = `h${index}.apps.example.com`;
    const id = scene.publisher.publish('/c.json', {}, { name, ...shortLived });
    scene.stack.advance(250);
    expect(await status(id)).toBe(200);
    ids.push(id);
  }
  for (const id of ids) scene.publisher.on(place(id), () => undefined);
  return ids;
}

describe('a document that its host has withdrawn', () => {
  it('stays withdrawn while its host cannot be reached, and while others keep us from looking', async () => {
    const id = scene.publisher.publish('/client.json', {}, shortLived);
    expect(await status(id)).toBe(200);
    answerWith(id, 404);
    scene.stack.advance(2 * minute);
    expect(await status(id)).toBe(400);
    answerWith(id, 503);
    for (let time = 0; time < 3; time += 1) {
      scene.stack.advance(minute);
      expect(await status(id)).toBe(503);
    }
    await nameOthers();
    expect(await status(id)).toBe(503);
    scene.publisher.publish('/client.json', {}, shortLived);
    scene.stack.advance(minute);
    expect(await status(id)).toBe(200);
  });

  it('does not come back as the copy that came with this version', async () => {
    const id = 'https://claude.ai/oauth/claude-code-client-metadata';
    let code = 404;
    const answering = Object.assign(() => Promise.resolve(new Response('', { status: code })), {
      close: () => Promise.resolve(),
    });
    const own = await Scene.start({}, { collaborators: { documentFetch: () => answering } });
    const visit = async (): Promise<number> =>
      (await own.page(id, { redirect_uri: 'http://localhost:51234/callback' })).status;
    expect(await visit()).toBe(400);
    code = 503;
    own.stack.advance(minute);
    expect(await visit()).toBe(503);
    await own.close();
  });

  it('and a redirect address that is not in it any more is gone, however many others are named', async () => {
    const uris = ['https://taken-over.example/cb', callback.redirect_uri];
    const id = scene.publisher.publish('/client.json', { redirect_uris: uris }, shortLived);
    const old = { redirect_uri: 'https://taken-over.example/cb' };
    expect(await status(id, old)).toBe(200);
    scene.publisher.publish('/client.json', { redirect_uris: [callback.redirect_uri] }, shortLived);
    scene.stack.advance(2 * minute);
    await nameOthers();
    expect(await status(id, old)).toBe(400);
  });
});

describe('a crowd of documents', () => {
  it('pushes out nobody whose host the operator has named', async () => {
    const id = scene.publisher.publish('/client.json', {}, { headers: { 'cache-control': 'max-age=86400' } });
    expect(await status(id)).toBe(200);
    for (let index = 0; index < 40; index += 1) {
      const other = scene.publisher.publish('/c.json', {}, { name: `h${index}.apps.example.com` });
      scene.stack.advance(250);
      expect(await status(other)).toBe(200);
    }
    answerWith(id, 503);
    expect(await status(id)).toBe(200);
    expect(scene.publisher.count('/client.json')).toBe(1);
  });

  it('that hang keep out nobody whose host the operator has named, and no other that we know', async () => {
    const named = scene.publisher.publish('/client.json', {}, shortLived);
    const strange = scene.publisher.publish('/s.json', {}, { name: 'fair.apps.example.com', ...shortLived });
    expect([await status(named), await status(strange)]).toEqual([200, 200]);
    const ids = await hangingDocuments(26);
    scene.stack.advance(2 * minute);
    const hanging = ids.map((id) => status(id));
    expect([await status(named), await status(strange)]).toEqual([200, 200]);
    expect(scene.publisher.count('/client.json')).toBe(2);
    await Promise.all(hanging);
  });
});
