import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ServerResponse } from 'node:http';
import { documentOf } from './publisher.ts';
import { Scene } from './scene.ts';

const minute = 60_000;
const day = 86_400_000;

let scene: Scene;
let path: string;
let id: string;

beforeAll(async () => {
  scene = await Scene.start();
});
beforeEach(({ task }) => {
  scene.stack.advance(minute);
  path = `/${task.id}.json`;
  id = scene.publisher.at(path);
});
afterAll(() => scene.close());

/** What its host answers from now on. */
function serve(headers: Record<string, string>, members: Record<string, unknown> = {}): void {
  scene.publisher.on(path, (response) => {
    response.writeHead(200, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(documentOf(id, members)));
  });
}

function fail(status = 503): void {
  scene.publisher.on(path, (response) => void response.writeHead(status).end());
}

const asked = (): number => scene.publisher.count(path);

describe('how long a document is used unasked', () => {
  const http = (at: number): string => new Date(at).toUTCString();
  const spells: readonly (readonly [string, () => Record<string, string>, number])[] = [
    ['five minutes when its host does not say', () => ({}), 5 * minute],
    ['as long as it says', () => ({ 'cache-control': 'max-age=1200' }), 20 * minute],
    [
      'as long as it says to shared caches',
      () => ({ 'cache-control': 'max-age=1, s-maxage=1200' }),
      20 * minute,
    ],
    [
      'less by the time that it was kept elsewhere',
      () => ({ 'cache-control': 'max-age=1200', age: '600' }),
      10 * minute,
    ],
    [
      'until it expires',
      () => ({ date: http(1_800_000_000_000), expires: http(1_800_000_600_000) }),
      10 * minute,
    ],
    ['a minute at least, when it has expired', () => ({ expires: '0' }), minute],
    ['a minute at least, when nobody is to keep it', () => ({ 'cache-control': 'no-store' }), minute],
    [
      'a minute at least, when everybody is to ask',
      () => ({ 'cache-control': 'no-cache, max-age=9999' }),
      minute,
    ],
    ['a day at most', () => ({ 'cache-control': 'max-age=99999999' }), day],
    [
      'as if nothing had been said, when it is nonsense',
      () => ({ 'cache-control': 'max-age=soon' }),
      5 * minute,
    ],
  ];

  it.each(spells)('%s', async (_name, headers, spell) => {
    serve(headers());
    await scene.page(id);
    scene.stack.advance(spell - 5000);
    expect((await scene.page(id)).status).toBe(200);
    expect(asked()).toBe(1);
    scene.stack.advance(10_000);
    await scene.page(id);
    expect(asked()).toBe(2);
  });

  it('asks with what the host gave to ask with, and takes its word that nothing has changed', async () => {
    const { publisher, stack } = scene;
    const date = 'Mon, 23 Nov 2026 10:00:00 GMT';
    serve({ etag: '"v1"', 'last-modified': date });
    await scene.page(id);
    publisher.on(path, (response) => void response.writeHead(304, { 'cache-control': 'max-age=1200' }).end());
    stack.advance(6 * minute);
    const { status, html } = await scene.page(id);
    expect([status, html.includes('Published app')]).toEqual([200, true]);
    expect(publisher.asked.findLast((one) => one.path === path)?.headers).toMatchObject({
      'if-none-match': '"v1"',
      'if-modified-since': date,
    });
    stack.advance(19 * minute);
    await scene.page(id);
    expect(asked()).toBe(2);
  });

  it('takes the new document once it asks again', async () => {
    serve({});
    await scene.page(id);
    serve({}, { client_name: 'Renamed app' });
    expect((await scene.page(id)).html).toContain('Published app');
    scene.stack.advance(6 * minute);
    expect((await scene.page(id)).html).toContain('Renamed app');
  });

  it('says its own word about a document that it does not say anything about', async () => {
    const own = await Scene.start({ cimd: { cache_fallback_ttl: '1h' } }, { provider: scene.stack.provider });
    const one = own.publisher.publish(path);
    await own.page(one);
    own.stack.advance(59 * minute);
    await own.page(one);
    expect(own.publisher.count(path)).toBe(1);
    await own.stack.auth.close();
    await own.publisher.close();
  });
});

describe('while its host does not answer', () => {
  it('the last good copy serves for a day, and not for ever', async () => {
    serve({});
    await scene.page(id);
    fail();
    scene.stack.advance(day);
    expect((await scene.page(id)).status).toBe(200);
    expect(asked()).toBe(2);
    scene.stack.advance(10 * minute);
    expect((await scene.page(id)).status).toBe(503);
  });

  it('is not asked again for ten seconds', async () => {
    fail();
    expect((await scene.page(id)).status).toBe(503);
    expect((await scene.page(id)).status).toBe(503);
    expect(asked()).toBe(1);
    serve({});
    scene.stack.advance(11_000);
    expect((await scene.page(id)).status).toBe(200);
  });
});

describe('a document that its host takes back', () => {
  it('counts no more at the next login, though there is a copy', async () => {
    serve({});
    await scene.page(id);
    fail(410);
    scene.stack.advance(6 * minute);
    expect((await scene.page(id)).status).toBe(400);
  });

  it('is not replaced by one that is not valid', async () => {
    serve({});
    await scene.page(id);
    serve({}, { client_secret: 'x' });
    scene.stack.advance(6 * minute);
    expect((await scene.page(id)).status).toBe(400);
    serve({}, { client_name: 'Mended app' });
    scene.stack.advance(11_000);
    expect((await scene.page(id)).html).toContain('Mended app');
  });
});

describe('many at once', () => {
  it('are one fetch, and one who leaves ends it for nobody', async () => {
    const waiting: ServerResponse[] = [];
    let arrived: () => void = () => undefined;
    const first = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    scene.publisher.on(path, (response) => {
      waiting.push(response);
      arrived();
    });
    const pages = Promise.all(Array.from({ length: 20 }, () => scene.page(id)));
    await first;
    waiting[0]?.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(documentOf(id)));
    expect((await pages).map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
    expect(asked()).toBe(1);
  });
});
