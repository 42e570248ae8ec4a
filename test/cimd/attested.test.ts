import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { StatementSigner } from '../client-registration/statements.ts';
import { newStatementSigner, voucher } from '../client-registration/statements.ts';
import { issuer, pkce, sealedRequest } from '../fixtures/stack.ts';
import { Scene } from './scene.ts';

const published = 'https://published.example.com';
const unkept = { headers: { 'cache-control': 'no-store' } };
let scene: Scene;
let signer: StatementSigner;
let thief: StatementSigner;
let path: string;
/** Whether the issuer that publishes its keys can be reached. */
let reachable: boolean;

beforeAll(async () => {
  signer = await newStatementSigner();
  thief = await newStatementSigner();
  scene = await Scene.start({
    cimd: { trust: 'attested', allow_hosts: ['listed.example.com'], deny_hosts: ['denied.example.com'] },
    registration: { software_statements: [{ issuer: voucher, jwks: { keys: [signer.jwk] } }] },
  });
  const { config } = scene.stack.auth;
  const [first] = config.registration.softwareStatements;
  if (!first) throw new Error('there is no issuer');
  const second = {
    ...first,
    issuer: published,
    keys: { jwksUri: scene.publisher.at('/jwks.json', 'keys.example.com') },
  };
  await scene.stack.auth.reload(() =>
    Promise.resolve({
      ...config,
      registration: { ...config.registration, softwareStatements: [first, second] },
    }),
  );
  scene.publisher.on('/jwks.json', (response) => {
    if (reachable) response.writeHead(200).end(JSON.stringify({ keys: [signer.jwk] }));
    else response.destroy();
  });
});
beforeEach(({ task }) => {
  scene.stack.advance(60_000);
  path = `/${task.id}.json`;
  reachable = true;
});
afterAll(() => scene.close());

/** What an issuer signs about a document. */
async function statementFor(id: string, claims: object = {}): Promise<string> {
  return signer.sign({
    redirect_uris: undefined,
    client_name: undefined,
    software_id: undefined,
    client_id: id,
    exp: undefined,
    ...claims,
  });
}

/** A document with a statement about it; the one before it at its address is not fresh any more. */
async function attested(
  claims: object = {},
  members: object = {},
  name = 'app.example.com',
): Promise<string> {
  scene.stack.advance(61_000);
  const id = scene.publisher.at(path, name);
  const software_statement = await statementFor(id, claims);
  return scene.publisher.publish(path, { software_statement, ...members }, { name, ...unkept });
}

async function refusal(id: string): Promise<string> {
  const { status, html } = await scene.page(id);
  expect(html).not.toContain('name="request"');
  expect(status).toBe(403);
  return html;
}

describe('a document that somebody vouches for', () => {
  it('is taken from any host, and the page says who vouches', async () => {
    const { status, html } = await scene.page(await attested());
    expect(status).toBe(200);
    expect(html).toContain('vouch.example.com');
    expect(html).toContain('vouches for it');
  });

  it('may be named by sub, where client_id says nothing', async () => {
    const id = scene.publisher.at(path);
    expect((await scene.page(await attested({ client_id: undefined, sub: id }))).status).toBe(200);
    await refusal(await attested({ client_id: 'https://other.example/client.json', sub: id }));
    await refusal(await attested({ client_id: undefined, sub: undefined }));
  });

  it('is what its statement says before what it says itself', async () => {
    const redirect_uris = ['http://127.0.0.1/callback'];
    const id = await attested(
      { redirect_uris, client_name: 'Stated name' },
      { redirect_uris: [...redirect_uris, 'https://evil.example/cb'], client_name: 'Own name' },
    );
    const { html } = await scene.page(id);
    expect(html).toContain('Stated name');
    expect(html).not.toContain('Own name');
    expect((await scene.page(id, { redirect_uri: 'https://evil.example/cb' })).status).toBe(400);
  });

  it('signs its user in, and is refreshed', async () => {
    const tokens = await scene.stack.signIn({ clientId: await attested() });
    expect((await scene.stack.refresh(tokens.clientId, tokens.refresh_token)).status).toBe(200);
  });

  it('needs nobody where its host is named, and helps nobody whose host is denied', async () => {
    const plain = { software_statement: undefined };
    expect((await scene.page(await attested({}, plain, 'listed.example.com'))).status).toBe(200);
    const broken = { software_statement: 'x' };
    expect((await scene.page(await attested({}, broken, 'listed.example.com'))).status).toBe(200);
    expect(await refusal(await attested({}, {}, 'denied.example.com'))).toContain('blocked');
    expect(scene.publisher.asked.filter((one) => one.host.startsWith('denied'))).toEqual([]);
  });
});

describe('a document is not taken', () => {
  it('without a statement, or with what is none', async () => {
    for (const software_statement of [undefined, null, '', 'a.b.c', 7, {}, 'x'.repeat(3000)])
      expect(await refusal(await attested({}, { software_statement }))).toContain('not among the hosts');
  });

  it('with the statement of another document, whoever copies it', async () => {
    const own = scene.publisher.at(path);
    for (const about of [`${own}x`, own.replace('https:', 'http:'), own.toUpperCase(), [own]])
      expect(await refusal(await attested({ client_id: about }))).toContain('another app');
  });

  it('with a statement that a stranger has signed, in its own name or another’s', async () => {
    const id = scene.publisher.at(path);
    const forged = await thief.sign({ client_id: id });
    expect(await refusal(await attested({}, { software_statement: forged }))).toContain('not signed by');
    const stranger = await attested({ iss: 'https://stranger.example' });
    expect(await refusal(stranger)).toContain('not believed');
  });

  it('with a statement that is over, also when the document is kept and its host says that nothing changed', async () => {
    const exp = Math.floor(scene.stack.now() / 1000) + 300;
    const id = scene.publisher.at(path);
    const software_statement = await statementFor(id, { exp, iat: undefined });
    scene.publisher.publish(path, { software_statement }, { headers: { 'cache-control': 'max-age=3600' } });
    const tokens = await scene.stack.signIn({ clientId: id });
    scene.stack.advance(6 * 60_000);
    expect(await refusal(id)).toContain('is over');
    expect((await scene.stack.refresh(id, tokens.refresh_token)).status).toBe(401);
  });
});

describe('a login of a document that somebody vouches for', () => {
  it('goes on as it began, whatever the document says meanwhile, and ends when its issuer is not believed any more', async () => {
    const { stack } = scene;
    const id = await attested();
    const start = async (): Promise<() => Promise<Response>> => {
      const browser = stack.browser();
      const page = await browser.get(stack.authorizeUrl({ client_id: id, code_challenge: pkce().challenge }));
      const form = { request: sealedRequest(await page.text()), decision: 'allow' };
      return () => browser.post(`${issuer}/oauth/consent`, form);
    };
    const [first, second] = [await start(), await start()];
    scene.publisher.publish(path, { software_statement: undefined }, unkept);
    expect((await first()).status).toBe(303);
    const { config } = stack.auth;
    const [, other] = config.registration.softwareStatements;
    await stack.auth.reload(() =>
      Promise.resolve({
        ...config,
        registration: { ...config.registration, softwareStatements: other ? [other] : [] },
      }),
    );
    expect((await second()).status).toBe(403);
    await stack.auth.reload(() => Promise.resolve(config));
  });

  it('gives nothing any more when its issuer is not believed, also where its document cannot be had', async () => {
    const { stack, publisher } = scene;
    const id = await attested();
    const { refresh_token: token } = await stack.signIn({ clientId: id });
    publisher.on(path, (response) => void response.destroy());
    const { config } = stack.auth;
    const unread = { ...config.cimd, cacheMaxSize: config.cimd.cacheMaxSize - 1 };
    await stack.auth.reload(() => Promise.resolve({ ...config, cimd: unread }));
    const refreshed = await stack.refresh(id, token);
    expect(refreshed.status).toBe(200);
    const { refresh_token: next } = (await refreshed.json()) as { refresh_token: string };
    const [, other] = config.registration.softwareStatements;
    const registration = { ...config.registration, softwareStatements: other ? [other] : [] };
    await stack.auth.reload(() => Promise.resolve({ ...config, cimd: unread, registration }));
    expect(await (await stack.refresh(id, next)).json()).toMatchObject({ error: 'invalid_grant' });
    await stack.auth.reload(() => Promise.resolve(config));
  });

  it('is told apart from a failure when the keys of the issuer cannot be had, and nobody is logged out by that', async () => {
    const id = await attested({ iss: published });
    const tokens = await scene.stack.signIn({ clientId: id });
    reachable = false;
    scene.stack.advance(25 * 3_600_000);
    scene.publisher.publish(path, {
      software_statement: await statementFor(id, { iss: published, iat: undefined }),
    });
    // Twice: keys that are too old do not come back because their host was asked in vain just now.
    expect((await scene.page(id)).status).toBe(503);
    expect((await scene.page(id)).status).toBe(503);
    expect((await scene.stack.refresh(id, tokens.refresh_token)).status).toBe(200);
  });
});
