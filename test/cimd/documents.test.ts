import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { redirectUri } from '../fixtures/stack.ts';
import { Scene } from './scene.ts';

let scene: Scene;
let path: string;

beforeAll(async () => {
  scene = await Scene.start();
});
beforeEach(({ task }) => {
  // Nobody is held back for what others asked before.
  scene.stack.advance(60_000);
  path = `/${task.id}.json`;
});
afterAll(() => scene.close());

describe('a client that is described by a document', () => {
  it('signs in, refreshes and is shown with the host that speaks for it', async () => {
    const { publisher, stack } = scene;
    const id = publisher.publish(path);
    const { status, html } = await scene.page(id);
    expect(status).toBe(200);
    expect(html).toContain('Published app');
    expect(html).toContain(`<bdi>app.example.com:${publisher.port}</bdi>`);
    const tokens = await stack.signIn({ clientId: id });
    expect((await stack.refresh(id, tokens.refresh_token)).status).toBe(200);
    expect(publisher.count(path)).toBe(1);
  });

  it('is announced in the metadata', async () => {
    const response = await scene.stack.call('/.well-known/oauth-authorization-server');
    expect(await response.json()).toMatchObject({ client_id_metadata_document_supported: true });
  });

  it('gets another loopback port than its document names, and no other address', async () => {
    const { publisher } = scene;
    const id = publisher.publish(path, { redirect_uris: ['http://127.0.0.1/callback'] });
    expect((await scene.page(id, { redirect_uri: 'http://127.0.0.1:50123/callback' })).status).toBe(200);
    const refused = await scene.page(id, { redirect_uri: 'https://evil.example.com/callback' });
    expect(refused.status).toBe(400);
    expect(refused.html).toContain('unknown place');
  });

  it('ends sessions of its own only, however many installations share its id', async () => {
    const { publisher, stack } = scene;
    const id = publisher.publish(path);
    const [laptop, desktop] = [await stack.signIn({ clientId: id }), await stack.signIn({ clientId: id })];
    const body = new URLSearchParams({ client_id: id, token: laptop.refresh_token });
    expect((await stack.call('/oauth/revoke', { method: 'POST', body })).status).toBe(200);
    expect((await stack.refresh(id, laptop.refresh_token)).status).toBe(400);
    expect((await stack.refresh(id, desktop.refresh_token)).status).toBe(200);
  });
});

describe('what a document lists beyond what is served here', () => {
  const tolerated: readonly (readonly [string, Record<string, unknown>])[] = [
    [
      'grants of other servers',
      { grant_types: ['authorization_code', 'urn:ietf:params:oauth:grant-type:device_code'] },
    ],
    ['response types of other servers', { response_types: ['code', 'code id_token'] }],
    [
      'no lists at all',
      { grant_types: undefined, response_types: undefined, token_endpoint_auth_method: undefined },
    ],
    ['scopes of other servers', { scope: 'openid channels:history repo' }],
    [
      'redirect addresses of other servers',
      { redirect_uris: [redirectUri, 'http://app.example.com/cb', 'javascript:alert(1)'] },
    ],
    ['members that nobody knows', { software_version: '9', contacts: ['x'], jwks_of_tomorrow: {} }],
    ['members that are null', { scope: null, logo_uri: null, jwks: null }],
    ['an application type of its own', { application_type: 'desktop' }],
    [
      'ways to prove itself, with none among them',
      {
        token_endpoint_auth_method: 'none',
        token_endpoint_auth_methods_supported: ['none', 'tls_client_auth'],
      },
    ],
  ];

  it.each(tolerated)('is left alone: %s', async (_name, members) => {
    const id = scene.publisher.publish(path, members);
    const { access_token } = await scene.stack.signIn({ clientId: id });
    expect(access_token).toMatch(/^eyJ/u);
  });

  it('gives no refresh token to a client whose document has no refresh_token', async () => {
    const id = scene.publisher.publish(path, { grant_types: ['authorization_code'] });
    const tokens = await scene.stack.signIn({ clientId: id });
    expect(tokens).not.toHaveProperty('refresh_token');
  });

  it('keeps a client to the scopes that its document names, when any of them is one of ours', async () => {
    const id = scene.publisher.publish(path, { scope: 'openid repo' });
    const tokens = await scene.stack.signIn({ clientId: id, scope: 'openid email' });
    expect(tokens.scope).toBe('openid');
  });
});

describe('a document that is not what it must be', () => {
  const wrong: readonly (readonly [string, Record<string, unknown>, string])[] = [
    ['another client_id', { client_id: 'https://app.example.com/client.json' }, 'client_id'],
    ['no client_id', { client_id: undefined }, 'client_id'],
    ['a client_id that is a list', { client_id: ['x'] }, 'client_id'],
    ['no name', { client_name: undefined }, 'client_name'],
    ['an empty name', { client_name: '  ' }, 'client_name'],
    ['a name that nobody sees', { client_name: '\u202e\u200b' }, 'client_name'],
    ['a name that is a number', { client_name: 7 }, 'client_name'],
    ['a name that is a book', { client_name: 'x'.repeat(257) }, 'client_name'],
    ['no redirect addresses', { redirect_uris: [] }, 'redirect_uris'],
    ['redirect addresses that are a text', { redirect_uris: redirectUri }, 'redirect_uris'],
    ['no usable redirect address', { redirect_uris: ['javascript:alert(1)'] }, 'redirect_uris'],
    ['a secret', { client_secret: 'x' }, 'client_secret'],
    ['the end of a secret', { client_secret_expires_at: 0 }, 'client_secret_expires_at'],
    [
      'a shared secret as its proof',
      { token_endpoint_auth_method: 'client_secret_basic' },
      'client_secret_basic',
    ],
    ['a shared key as its proof', { token_endpoint_auth_method: 'client_secret_jwt' }, 'client_secret_jwt'],
    [
      'a proof that nobody serves',
      { token_endpoint_auth_method: 'tls_client_auth' },
      'token_endpoint_auth_method',
    ],
    ['a proof without keys', { token_endpoint_auth_method: 'private_key_jwt' }, 'jwks'],
    [
      'a private key',
      { jwks: { keys: [{ kty: 'EC', crv: 'P-256', x: 'x', y: 'y', d: 'd' }] } },
      'private or shared key',
    ],
    ['a symmetric key', { jwks: { keys: [{ kty: 'oct', k: 'x' }] } }, 'private or shared key'],
    [
      'both kinds of keys',
      { jwks: { keys: [{ kty: 'EC' }] }, jwks_uri: 'https://app.example.com/jwks' },
      'both jwks and jwks_uri',
    ],
    ['keys at an inward address', { jwks_uri: 'https://10.0.0.1/jwks' }, 'jwks_uri'],
    ['keys over http', { jwks_uri: 'http://app.example.com/jwks' }, 'jwks_uri'],
    ['no code grant', { grant_types: ['implicit'] }, 'grant_types'],
    ['no code answer', { response_types: ['token'] }, 'response_types'],
    [
      'a thousand redirect addresses',
      { redirect_uris: Array.from({ length: 51 }, (_, at) => `http://127.0.0.1/${at}`) },
      'redirect_uris',
    ],
  ];

  it.each(wrong)('is refused with the field that stopped it: %s', async (_name, members, field) => {
    const id = scene.publisher.publish(path, members);
    const { status, html } = await scene.page(id);
    expect(status).toBe(400);
    expect(html).toContain('does not say properly who it is');
    expect(html).toContain(field);
  });

  const bodies: readonly (readonly [string, string, string])[] = [
    ['not JSON', '<html>Just a moment…</html>', 'not JSON'],
    ['a list', '[]', 'not a JSON object'],
    ['null', 'null', 'not a JSON object'],
    ['a text', '"https://app.example.com/"', 'not a JSON object'],
    ['nothing', '', 'not JSON'],
  ];

  it.each(bodies)('is refused when it is %s', async (_name, body, why) => {
    const { publisher } = scene;
    publisher.on(path, (response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(body);
    });
    const { status, html } = await scene.page(publisher.at(path));
    expect(status).toBe(400);
    expect(html).toContain(why);
  });

  const answers: readonly (readonly [string, number, Record<string, string>, number, string])[] = [
    ['there is none', 404, {}, 400, 'status 404'],
    ['it is gone', 410, {}, 400, 'status 410'],
    ['it is elsewhere', 302, { location: 'https://app.example.com/other.json' }, 400, 'redirect'],
    ['it is elsewhere for good', 308, { location: '/other.json' }, 400, 'redirect'],
    ['it was made, and not just found', 201, { 'content-type': 'application/json' }, 400, 'status 201'],
    ['nobody asked whether it has changed', 304, {}, 400, 'status 304'],
    ['it comes as a page', 200, { 'content-type': 'text/html' }, 400, 'application/json'],
    ['it comes as nothing', 200, {}, 400, 'application/json'],
    ['a gate keeps robots out', 403, {}, 503, 'status 403'],
    ['its host is overrun', 429, {}, 503, 'status 429'],
    ['its host is broken', 502, {}, 503, 'status 502'],
  ];

  it.each(answers)(
    'is told apart from one that could not be fetched: %s',
    async (_name, status, headers, expected, why) => {
      const { publisher } = scene;
      publisher.on(path, (response) => {
        response.writeHead(status, headers).end(JSON.stringify({}));
      });
      const shown = await scene.page(publisher.at(path));
      expect(shown.status).toBe(expected);
      expect(shown.html).toContain(why);
      expect(shown.html).toMatch(/Reference for support: <code>/u);
      expect(publisher.count('/other.json')).toBe(0);
    },
  );

  it('tells a host that does not answer from a document that is wrong', async () => {
    const { publisher } = scene;
    publisher.on(path, (response) => void response.socket?.destroy());
    const shown = await scene.page(publisher.at(path));
    expect(shown.status).toBe(503);
    expect(shown.html).toContain('could not be fetched');
    expect(shown.html).not.toContain('ECONN');
    // Anybody can name such a host: that is no error of ours to fill the log with.
    expect(scene.stack.log.filter(({ level }) => level === 'error')).toEqual([]);
  });
});
