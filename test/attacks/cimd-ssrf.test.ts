/**
 * Documents as a way to make us fetch: inward addresses by every road, answers that never end, and the flood that we could be
 * for somebody else. GHSA-3768-rwj3-38p2 (toolhive), gtm-mcp-server PR70 (redirects, rebinding), patchwork-os PR108 (numeric
 * and mapped addresses), fastmcp PR4400 and PR4426; CIMD draft-02 §8.6, §8.7.
 */
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { startOidcProvider } from '../fixtures/oidc-provider.ts';
import type { Stack } from '../fixtures/stack.ts';
import { pkce, startStack, upstreamSecret } from '../fixtures/stack.ts';
import { Publisher, documentOf } from '../cimd/publisher.ts';
import { createGuardedFetch } from '../../src/net/guarded-fetch.ts';
import type { DocumentFetch } from '../../src/server/client-documents.ts';

const provider = await startOidcProvider({
  clients: [
    {
      client_id: 'sallyport',
      client_secret: upstreamSecret,
      redirect_uris: ['https://mcp.example.com/oauth/callback'],
    },
  ],
});
const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function start(
  fetchOf: (publisher: Publisher) => DocumentFetch,
  config: Record<string, unknown> = {},
): Promise<{ publisher: Publisher; stack: Stack }> {
  const publisher = await Publisher.start();
  const stack = await startStack(config, { provider, collaborators: { documentFetch: fetchOf(publisher) } });
  closers.push(
    () => stack.auth.close(),
    () => publisher.close(),
  );
  return { publisher, stack };
}

async function visit(stack: Stack, clientId: string): Promise<{ status: number; html: string }> {
  const { challenge } = pkce();
  const url = stack.authorizeUrl({ client_id: clientId, code_challenge: challenge });
  const response = await stack.browser().get(url);
  return { status: response.status, html: await response.text() };
}

/** The policy of the server itself; only names are looked up here. */
const asIs = (publisher: Publisher): DocumentFetch => publisher.fetch({});

describe('the address of a document', () => {
  it.each([
    '127.0.0.1',
    '10.0.0.1',
    '169.254.169.254',
    '100.64.0.1',
    '192.168.1.1',
    '0.0.0.0',
    '198.18.0.1',
    '203.0.113.9',
  ])('is not asked when its name leads to %s, and the page does not tell where it leads', async (address) => {
    const { publisher, stack } = await start(asIs);
    publisher.names.set('app.example.com', address);
    const { status, html } = await visit(stack, publisher.publish('/client.json'));
    expect(status).toBe(503);
    expect(html).not.toContain(address);
    expect(publisher.asked).toEqual([]);
  });

  it('is not asked when one of several answers of the name server leads inward', async () => {
    const { publisher, stack } = await start(
      () => (policy) =>
        createGuardedFetch({
          ...policy,
          lookup: async () => [
            { address: '93.184.216.34', family: 4 },
            { address: '127.0.0.1', family: 4 },
          ],
        }),
    );
    expect((await visit(stack, publisher.publish('/client.json'))).status).toBe(503);
    expect(publisher.asked).toEqual([]);
  });

  it('is looked up once for each time that it is asked: what was checked is what is dialled', async () => {
    const { publisher, stack } = await start((one) => one.fetch());
    expect((await visit(stack, publisher.publish('/client.json'))).status).toBe(200);
    expect(publisher.lookups).toEqual(['app.example.com']);
  });

  it('of this computer is taken only where the operator says so, for an issuer of this computer', async () => {
    const { publisher, stack } = await start(asIs);
    for (const id of [publisher.at('/client.json', 'localhost'), publisher.at('/client.json', '127.0.0.1')])
      expect((await visit(stack, id)).status).toBe(400);
    expect(publisher.asked).toEqual([]);
  });

  it('leads nowhere else: a redirect is not followed, neither within the host nor out of it', async () => {
    const { publisher, stack } = await start((one) => one.fetch());
    const target = publisher.publish('/target.json');
    for (const location of [target, '/target.json', 'http://169.254.169.254/latest/meta-data/']) {
      publisher.on('/client.json', (response) => void response.writeHead(302, { location }).end());
      stack.advance(60_000);
      const { status, html } = await visit(stack, publisher.at('/client.json'));
      expect([status, html.includes('redirect')]).toEqual([400, true]);
    }
    expect(publisher.count('/target.json')).toBe(0);
  });
});

describe('what a document names', () => {
  const inward = [
    'http://169.254.169.254/latest/meta-data/iam',
    'https://127.0.0.1/x',
    'https://[::ffff:10.0.0.1]/x',
    'https://localhost:9200/x',
    'https://vault.internal/x',
    'file:///etc/passwd',
    'gopher://app.example.com/x',
    'data:image/svg+xml,<svg onload=alert(1)>',
  ];

  it.each(inward)('is not looked at as a logo: %s', async (logo_uri) => {
    const { publisher, stack } = await start(asIs);
    publisher.names.set('app.example.com', '127.0.0.1');
    const loose = await start((one) => one.fetch());
    const { html } = await visit(loose.stack, loose.publisher.publish('/client.json', { logo_uri }));
    expect(html).not.toContain('client-logo');
    expect(html).not.toContain('<img');
    await stack.auth.close();
  });

  it.each(inward)('is not taken as the place of its keys: %s', async (jwks_uri) => {
    const { publisher, stack } = await start((one) => one.fetch());
    const id = publisher.publish('/client.json', { token_endpoint_auth_method: 'private_key_jwt', jwks_uri });
    const { status, html } = await visit(stack, id);
    expect([status, html.includes('jwks_uri')]).toEqual([400, true]);
  });

  it('is asked only where its name leads to the public internet', async () => {
    const { publisher, stack } = await start((one) => (policy) => {
      // The document itself may be had; what it names has to be public.
      const isLogo = (policy.maxBytes ?? 0) > 100_000;
      return one.fetch(isLogo ? {} : { allowPrivate: true })(policy);
    });
    const logo_uri = publisher.at('/logo.png', 'pictures.example.com');
    const { html } = await visit(stack, publisher.publish('/client.json', { logo_uri }));
    const [, source = ''] = /<img class="app" src="(\/oauth\/client-logo[^"]+)"/u.exec(html) ?? [];
    const response = await stack.call(source.replaceAll('&amp;', '&'));
    expect(response.headers.get('content-type')).toBe('image/gif');
    expect(publisher.count('/logo.png')).toBe(0);
    expect(publisher.lookups).toContain('pictures.example.com');
  });
});

describe('an answer that is meant to hurt', () => {
  const bomb = gzipSync(Buffer.alloc(50_000_000, ' '));
  const answers: readonly (readonly [string, (publisher: Publisher) => void, number])[] = [
    [
      'that is larger than 5 KiB',
      (one) =>
        one.on('/c.json', (response) => {
          const id = one.at('/c.json');
          response.writeHead(200, { 'content-type': 'application/json' });
          response.end(JSON.stringify(documentOf(id, { padding: 'x'.repeat(5000) })));
        }),
      400,
    ],
    [
      'that unpacks to fifty megabytes',
      (one) =>
        one.on('/c.json', (response) => {
          response
            .writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
            .end(bomb);
        }),
      400,
    ],
    [
      'that never ends',
      (one) =>
        one.on('/c.json', (response) => {
          response.writeHead(200, { 'content-type': 'application/json' });
          const pour = (): void => {
            while (!response.destroyed && response.write(' '.repeat(1024)));
            response.once('drain', pour);
          };
          pour();
        }),
      400,
    ],
    [
      'that trickles',
      (one) =>
        one.on('/c.json', (response) => {
          response.writeHead(200, { 'content-type': 'application/json' });
          const timer = setInterval(() => response.write(' '), 20);
          response.on('close', () => clearInterval(timer));
        }),
      503,
    ],
    ['that never begins', (one) => one.on('/c.json', () => undefined), 503],
  ];

  it.each(answers)('%s is cut off', async (_name, serve, expected) => {
    const { publisher, stack } = await start((one) => one.fetch({ allowPrivate: true, timeout: 300 }));
    serve(publisher);
    expect((await visit(stack, publisher.at('/c.json'))).status).toBe(expected);
  });

  it('is as large as it may be when nothing is wrong with it', async () => {
    const { publisher, stack } = await start((one) => one.fetch());
    const id = publisher.at('/c.json');
    const bare = JSON.stringify(documentOf(id, { padding: '' })).length;
    publisher.publish('/c.json', { padding: 'x'.repeat(5120 - bare) });
    expect((await visit(stack, id)).status).toBe(200);
  });
});

describe('a flood of ids', () => {
  /** A few at a time, so that none is held back for how many there are at once. */
  async function inTurns(stack: Stack, ids: readonly string[], count = 10): Promise<void> {
    for (let at = 0; at < ids.length; at += count)
      await Promise.all(ids.slice(at, at + count).map((id) => visit(stack, id)));
  }

  /** What may have been asked by now: a burst, and one more for each of so many milliseconds. */
  const allowed = (burst: number, every: number, since: number): number =>
    burst + Math.ceil((performance.now() - since) / every);

  it('costs their host a handful of requests, and everybody together not many', async () => {
    const { publisher, stack } = await start((one) => one.fetch());
    const began = performance.now();
    const one = Array.from({ length: 300 }, (_, at) => publisher.at(`/${at}.json`, 'victim.example.com'));
    await inTurns(stack, one, 3);
    expect(publisher.asked.length).toBeLessThanOrEqual(allowed(5, 2000, began));
    const many = Array.from({ length: 300 }, (_, at) => publisher.at('/x.json', `h${at}.example.com`));
    await inTurns(stack, many);
    expect(publisher.asked.length).toBeLessThanOrEqual(allowed(30, 200, began));
    expect(publisher.asked.length).toBeLessThan(300);
  });

  it('keeps nobody out who is known, or whose host the operator has named', async () => {
    const { publisher, stack } = await start((one) => one.fetch(), {
      cimd: { allow_hosts: ['ours.example.com'] },
    });
    const known = publisher.publish('/known.json', {}, { headers: { 'cache-control': 'no-store' } });
    expect((await visit(stack, known)).status).toBe(200);
    stack.advance(120_000);
    const many = Array.from({ length: 300 }, (_, at) => publisher.at('/x.json', `h${at}.example.com`));
    await inTurns(stack, many);
    expect((await visit(stack, known)).status).toBe(200);
    expect(publisher.count('/known.json')).toBe(2);
    const named = publisher.publish('/named.json', {}, { name: 'ours.example.com' });
    expect((await visit(stack, named)).status).toBe(200);
  });

  it('of hosts that answer slowly holds no more than a dozen of them open', async () => {
    const { publisher, stack } = await start((one) => one.fetch({ allowPrivate: true, timeout: 500 }));
    let open = 0;
    let most = 0;
    publisher.on('/x.json', (response) => {
      open += 1;
      most = Math.max(most, open);
      response.on('close', () => (open -= 1));
    });
    const many = Array.from({ length: 60 }, (_, at) => publisher.at('/x.json', `h${at}.example.com`));
    await Promise.all(many.map((id) => visit(stack, id)));
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(12);
  });
});
