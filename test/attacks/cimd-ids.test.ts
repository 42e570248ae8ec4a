/**
 * Ids that are nearly the address of a document. Whatever two parsers could read differently, or two people could mistake for
 * each other, is refused before anybody is asked (CIMD draft-02 §3; fastmcp PR3963 dot segments, PR3066 and PR3098 lists that
 * were passed by; Unicode TR39 confusables).
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startStack } from '../fixtures/stack.ts';
import { Scene } from '../cimd/scene.ts';

let scene: Scene;

beforeAll(async () => {
  scene = await Scene.start();
});
beforeEach(() => scene.stack.advance(60_000));
afterAll(() => scene.close());

const refused: readonly (readonly [string, string])[] = [
  ['http://app.example.com/client.json', 'https'],
  ['https://app.example.com', 'path'],
  ['https://app.example.com/', 'path'],
  ['https://app.example.com?x=1', 'path'],
  ['https://app.example.com/client.json#', 'fragment'],
  ['https://app.example.com/client.json#x', 'fragment'],
  ['https://claude.ai@app.example.com/client.json', 'user name'],
  ['https://claude.ai:x@app.example.com/client.json', 'user name'],
  ['https://@app.example.com/client.json', 'user name'],
  ['https://app.example.com/a/../client.json', 'dot segments'],
  ['https://app.example.com/./client.json', 'dot segments'],
  ['https://app.example.com/a/%2e%2e/client.json', 'dot segments'],
  ['https://app.example.com/a/.%2E/client.json', 'dot segments'],
  ['https://app.example.com/%2e/client.json', 'dot segments'],
  ['https://app.example.com/client.json/..', 'dot segments'],
  ['HTTPS://app.example.com/client.json', 'normal form'],
  ['https://APP.example.com/client.json', 'normal form'],
  ['https://app.example.com:443/client.json', 'normal form'],
  ['https:app.example.com/client.json', 'path'],
  ['https:/app.example.com/client.json', 'path'],
  ['https:///app.example.com/client.json', 'normal form'],
  ['https://app.example.com./client.json', 'dot'],
  ['https://app%2eexample%2ecom/client.json', 'normal form'],
  ['https://app.example.com/cli\tent.json', 'outside ASCII'],
  ['https://app.example.com/client.json ', 'outside ASCII'],
  ['https://app.example.com\\@claude.ai/client.json', 'characters'],
  ['https://app.example.com\\.claude.ai/client.json', 'characters'],
  ['https://clаude.ai/client.json', 'punycode'],
  ['https://claude。ai/client.json', 'punycode'],
  ['https://ＣＬＡＵＤＥ.ai/client.json', 'punycode'],
  ['https://claude.ai\u200b/client.json', 'punycode'],
  ['https://app.example,com.example.com/client.json', 'unusual form'],
  ["https://app'or'1.example.com/client.json", 'unusual form'],
  ['https://localhost/client.json', 'public internet'],
  ['https://metadata.internal/client.json', 'public internet'],
  ['https://printer.local/client.json', 'public internet'],
  ['https://intranet/client.json', 'public internet'],
  ['https://[::1]/client.json', 'address'],
  ['https://93.184.216.34/client.json', 'address'],
  ['https://2130706433/client.json', 'address'],
  ['https://0x7f.1/client.json', 'address'],
  [`https://app.example.com/${'x'.repeat(1100)}`, 'longer'],
];

describe('an id that is nearly the address of a document', () => {
  it.each(refused)('%s is refused, and nobody is asked', async (id, why) => {
    const { status, html } = await scene.page(id);
    expect(status).toBe(400);
    expect(html).toContain(why);
    expect(scene.publisher.lookups).toEqual([]);
    expect(scene.publisher.asked).toEqual([]);
  });

  it('of somebody else is never in force for its neighbour', async () => {
    const { publisher } = scene;
    const id = publisher.publish('/one.json');
    for (const near of [`${id}?x=1`, `${id}/`, id.replace('one', 'ONE'), id.replace('app.', 'spp.')]) {
      publisher.on(new URL(near).host + near.slice(new URL(near).origin.length), (response) => {
        response
          .writeHead(200, { 'content-type': 'application/json' })
          .end(
            JSON.stringify({ client_id: id, client_name: 'x', redirect_uris: ['http://127.0.0.1/callback'] }),
          );
      });
      const { status, html } = await scene.page(near);
      expect([status, html.includes('client_id')]).toEqual([400, true]);
    }
  });
});

describe('a host that looks like another', () => {
  it('is shown as it is written, in punycode', async () => {
    const { publisher } = scene;
    // «сlaude» with a Cyrillic first letter.
    const id = publisher.publish(
      '/client.json',
      { client_name: 'Claude' },
      { name: 'xn--laude-2of.example.com' },
    );
    const { status, html } = await scene.page(id);
    expect(status).toBe(200);
    expect(html).toContain(`<bdi>xn--laude-2of.example.com:${publisher.port}</bdi>`);
    expect(html).toContain('unverified');
    expect(html).not.toContain('сlaude');
  });
});

describe('a blocked host', () => {
  it.each([
    'https://BAD.example.com/c.json',
    'https://bad.example.com./c.json',
    'https://bad.example.com:443/c.json',
    'https://b%61d.example.com/c.json',
    'https://bad.example.com:8443/c.json',
    'https://bad.example.com/c.json?x',
    'https://x@bad.example.com/c.json',
    'https://good.example.com@bad.example.com/c.json',
    'https://bad\u3002example.com/c.json',
    'https://bücher.example.net/c.json',
    'https://xn--bcher-kva.example.net/c.json',
    'https://deep.below.evil.example.org/c.json',
  ])('stays blocked however it is written: %s', async (id) => {
    const { publisher } = scene;
    const deny_hosts = ['bad.example.com', 'BÜCHER.example.net', '*.evil.example.org'];
    const collaborators = { documentFetch: publisher.fetch() };
    const stack = await startStack(
      { cimd: { deny_hosts } },
      { provider: scene.stack.provider, collaborators },
    );
    const asked = publisher.lookups.length;
    const response = await stack.browser().get(stack.authorizeUrl({ client_id: id, code_challenge: 'x' }));
    expect([400, 403]).toContain(response.status);
    expect(publisher.lookups.length).toBe(asked);
    await stack.auth.close();
  });
});

describe('a client that registers itself', () => {
  it('never gets an id that could be the address of a document', async () => {
    const { client_id } = await scene.stack.register({
      client_name: 'https://claude.ai/oauth/mcp-oauth-client-metadata',
    });
    expect(client_id).toMatch(/^sp_/u);
  });
});
