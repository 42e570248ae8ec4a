/**
 * Script in every field of a document, and pictures that are none. cp-oauth#35, fastmcp PR3418, workers-oauth-provider 0.7.1
 * (logo and client addresses); CIMD draft-02 §8.8 (logos come from our own origin).
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { skeletonOf } from '../pages/views.ts';
import { Scene } from '../cimd/scene.ts';
import { gif, jpeg, pixel, png, webp } from '../cimd/pictures.ts';
import { scripts } from './hostile-texts.ts';

let scene: Scene;
let path: string;

beforeAll(async () => {
  scene = await Scene.start();
});
beforeEach(({ task }) => {
  scene.stack.advance(60_000);
  path = `/${task.id}.json`;
});
afterAll(() => scene.close());

/** Where the consent page of a client has its picture from; `null`: it has none. */
async function pictureOf(id: string): Promise<{ source: string | null; policy: string }> {
  const { html, headers } = await scene.page(id);
  const [, source] = /<img class="app" src="([^"]+)"/u.exec(html) ?? [];
  const policy = headers.get('content-security-policy') ?? '';
  return { source: source?.replaceAll('&amp;', '&') ?? null, policy };
}

/** Whether a picture is the transparent pixel that stands for none. */
async function isNothing(source: string | null): Promise<boolean> {
  const response = await scene.stack.call(source ?? '');
  const bytes = Buffer.from(await response.arrayBuffer());
  return response.headers.get('content-type') === 'image/gif' && bytes.equals(Buffer.from(pixel));
}

describe('a document whose every field is hostile', () => {
  it.each(scripts)('is text on the page, or refused: %j', async (text) => {
    const { publisher } = scene;
    const plain = skeletonOf((await scene.page(publisher.publish('/plain.json'))).html);
    const id = publisher.publish(path, {
      client_name: text,
      client_uri: text,
      logo_uri: text,
      tos_uri: text,
      policy_uri: text,
      contacts: [text],
      scope: text,
      software_id: text,
      software_version: text,
      application_type: text,
      'client_name#de': text,
    });
    const { status, html, headers } = await scene.page(id);
    expect(status).toBe(200);
    expect(skeletonOf(html)).toBe(plain);
    expect(headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; frame-ancestors/u,
    );
  });

  it.each(scripts)('says its error in text: %j', async (text) => {
    const id = scene.publisher.publish(path, { token_endpoint_auth_method: text, redirect_uris: [text] });
    const { status, html } = await scene.page(id);
    expect(status).toBe(400);
    expect(html).not.toContain('<script');
    expect(html).not.toMatch(/<img|<svg|<iframe|<base|<form/u);
  });
});

describe('the logo of a client', () => {
  const serve = (type: string, body: Uint8Array | string, status = 200): string => {
    const place = `${path}.img`;
    scene.publisher.on(
      place,
      (response) => void response.writeHead(status, { 'content-type': type }).end(body),
    );
    return scene.publisher.at(place);
  };

  it.each([
    ['image/png', png],
    ['image/jpeg', jpeg],
    ['image/gif', gif],
    ['image/webp', webp],
  ])('comes from our own origin: %s', async (type, body) => {
    // What its host calls it does not count.
    const id = scene.publisher.publish(path, { logo_uri: serve('text/html', body) });
    const { source, policy } = await pictureOf(id);
    expect(source).toMatch(/^\/oauth\/client-logo\?/u);
    expect(policy).toContain("img-src 'self'");
    const response = await scene.stack.call(source ?? '');
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': type,
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'public, max-age=86400',
    });
    expect(Buffer.from(await response.arrayBuffer()).equals(Buffer.from(body))).toBe(true);
    await scene.stack.call(source ?? '');
    expect(scene.publisher.count(`${path}.img`)).toBe(1);
  });

  it.each([
    ['a page', 'image/png', '<script>alert(1)</script>'],
    [
      'a drawing that can run',
      'image/svg+xml',
      '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    ],
    ['nothing', 'image/png', ''],
    ['larger than 128 KiB', 'image/png', Buffer.concat([png, Buffer.alloc(131_072)])],
  ])('is none when it is %s', async (_name, type, body) => {
    const id = scene.publisher.publish(path, { logo_uri: serve(type, body) });
    const { source } = await pictureOf(id);
    expect(await isNothing(source)).toBe(true);
  });

  it('is none when its host sends us elsewhere for it', async () => {
    const place = `${path}.img`;
    scene.publisher.on('/real.png', (response) => void response.writeHead(200).end(png));
    scene.publisher.on(place, (response) => void response.writeHead(302, { location: '/real.png' }).end());
    const { source } = await pictureOf(
      scene.publisher.publish(path, { logo_uri: scene.publisher.at(place) }),
    );
    expect(await isNothing(source)).toBe(true);
    expect(scene.publisher.count('/real.png')).toBe(0);
  });

  it('is fetched only for who comes with our word for it', async () => {
    const { publisher, stack } = scene;
    const id = publisher.publish(path, { logo_uri: serve('image/png', png) });
    const source = new URL((await pictureOf(id)).source ?? '', 'https://mcp.example.com');
    const asked = publisher.asked.length;
    const forged = (change: (query: URLSearchParams) => void): string => {
      const url = new URL(source);
      change(url.searchParams);
      return url.pathname + url.search;
    };
    const tag = source.searchParams.get('tag') ?? '';
    for (const one of [
      forged((query) => query.set('uri', publisher.at('/other.png'))),
      forged((query) => query.set('uri', 'http://169.254.169.254/')),
      forged((query) => query.set('tag', tag.slice(0, 22))),
      forged((query) => query.set('tag', '')),
      forged((query) => query.delete('tag')),
      forged((query) => query.delete('uri')),
      forged((query) => query.append('uri', publisher.at('/other.png'))),
      '/oauth/client-logo',
    ])
      expect([404, 400]).toContain((await stack.call(one)).status);
    expect(publisher.asked.length).toBe(asked);
  });

  it('is no part of the page where the operator wants none', async () => {
    const { publisher, stack } = scene;
    const id = publisher.publish(path, { logo_uri: serve('image/png', png) });
    const { config } = stack.auth;
    const { source } = await pictureOf(id);
    await stack.auth.reload(async () => ({ ...config, cimd: { ...config.cimd, logos: false } }));
    expect((await pictureOf(id)).source).toBeNull();
    expect((await stack.call(source ?? '')).status).toBe(404);
    await stack.auth.reload(async () => config);
  });
});
