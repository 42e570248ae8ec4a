/** Real clients that are described by a document, fetched over TLS from a host that only a private authority vouches for. */
import type { OAuthClientProvider } from '@modelcontextprotocol/client';
import { Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { authority } from '../cimd/certificates.ts';
import { Publisher } from '../cimd/publisher.ts';
import type { Mcpc } from './mcpc.ts';
import { startMcpc } from './mcpc.ts';
import { MemoryOAuth, appAddress } from './memory-oauth.ts';
import type { RealStack } from './stack.ts';
import { startRealStack, untilExpired } from './stack.ts';

const authorityFile = '/etc/private-authority.pem';

let publisher: Publisher;
let stack: RealStack;
let mcpc: Mcpc;

beforeAll(async () => {
  publisher = await Publisher.start();
  mcpc = await startMcpc();
  stack = await startRealStack({
    accessTokenLifespan: '5s',
    config: { cimd: { allow_loopback: true, ca_file: authorityFile } },
    files: { [authorityFile]: authority },
  });
});

afterAll(async () => {
  await mcpc.close();
  await stack.close();
  await publisher.close();
});

const registrations = (): number => stack.traffic.filter(({ path }) => path === '/oauth/register').length;

/** What the client told at the token endpoint. */
const identified = (clientId: string): number =>
  stack.traffic.filter(({ path, status, form }) => {
    return path === '/oauth/token' && status === 200 && form.get('client_id') === clientId;
  }).length;

/** An SDK app with a document. */
class DocumentedApp extends MemoryOAuth {
  readonly clientMetadataUrl: string;

  constructor(clientMetadataUrl: string) {
    super((url) => stack.signIn(url));
    this.clientMetadataUrl = clientMetadataUrl;
  }
}

test('SDK 2 with a document signs in without registering, calls a tool, and refreshes', async () => {
  const id = publisher.publish('/sdk.json', { redirect_uris: [appAddress] }, { name: 'localhost' });
  const app = new DocumentedApp(id);
  // One class for both lines of the SDK; this line's own types say the same with other names.
  const authProvider = app as OAuthClientProvider;
  const transport = (): StreamableHTTPClientTransport =>
    new StreamableHTTPClientTransport(new URL(stack.endpoint), { authProvider });
  const before = registrations();
  await expect(new Client({ name: 'app', version: '1.0.0' }).connect(transport())).rejects.toThrow(
    UnauthorizedError,
  );
  await transport().finishAuth(app.lastReturn);
  const client = new Client({ name: 'app', version: '1.0.0' });
  await client.connect(transport());

  await untilExpired(5);

  const { content } = await client.callTool({ name: 'echo', arguments: { message: 'documented' } });
  expect(content).toEqual([{ type: 'text', text: 'Echo: documented' }]);
  expect(registrations()).toBe(before);
  expect(identified(id)).toBe(2);
  expect(app.returns).toHaveLength(1);
  await client.close();
});

test('mcpc with a document signs in without registering, on a port of its own choice', async () => {
  const portless = ['http://127.0.0.1/callback', 'http://localhost/callback'];
  const id = publisher.publish('/mcpc.json', { redirect_uris: portless }, { name: 'localhost' });
  const before = registrations();
  const login = mcpc.run('login', stack.endpoint, '--client-metadata-url', id);
  const [url] = await login.until(/http:\/\/localhost:\d+\/oauth\/authorize\S+(?=\s)/u);
  expect(new URL(url).searchParams.get('client_id')).toBe(id);
  expect((await stack.signInAndReturn(url)).status).toBe(200);
  expect(await login.exit(), login.output()).toBe(0);
  await mcpc.succeed('connect', stack.endpoint, '@documented');
  const called = await mcpc.succeed('@documented', 'tools-call', 'echo', 'message:="documented"', '--json');
  expect(called).toContain('Echo: documented');
  await mcpc.succeed('close', '@documented');
  expect(registrations()).toBe(before);
  expect(identified(id)).toBeGreaterThan(0);
});
