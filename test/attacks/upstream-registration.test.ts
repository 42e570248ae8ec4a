import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSealer } from '../../src/crypto/seal.ts';
import type { Log } from '../../src/observe/log.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { Secret } from '../../src/types/secret.ts';
import { createProvider } from '../../src/upstream/create-provider.ts';
import type { UpstreamProvider } from '../../src/upstream/provider.ts';
import type { Listening } from '../fixtures/mcp-web-bridge.ts';
import { listen } from '../fixtures/mcp-web-bridge.ts';
import { newLogin, oidcConfig } from '../fixtures/upstream.ts';

/** A provider that wants more than to know us: whatever it answers, nothing of ours goes where the operator did not point. */
type Answers = Readonly<
  Record<string, object | ((request: IncomingMessage, response: ServerResponse) => void)>
>;

let hostile: Listening;
let answers: Answers;
const seen: string[] = [];
const lines: unknown[] = [];
const providers: UpstreamProvider[] = [];

const good = {
  client_id: 'given',
  client_secret: 'a-secret-that-was-given',
  token_endpoint_auth_method: 'client_secret_basic',
};

beforeEach(async () => {
  seen.length = 0;
  lines.length = 0;
  hostile = await listen((request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers.authorization ?? ''}`);
    const answer = answers[request.url ?? ''];
    request.resume();
    if (typeof answer === 'function') answer(request, response);
    else
      response
        .writeHead(answer ? 200 : 404, { 'content-type': 'application/json' })
        .end(JSON.stringify(answer));
  });
});

afterEach(async () => {
  for (const provider of providers.splice(0)) provider.close();
  await hostile.close();
});

const metadata = (changes: object = {}): object => ({
  issuer: hostile.url,
  authorization_endpoint: `${hostile.url}/authorize`,
  token_endpoint: `${hostile.url}/token`,
  jwks_uri: `${hostile.url}/jwks`,
  registration_endpoint: `${hostile.url}/register`,
  ...changes,
});

/** Tries to sign somebody in there; the error, or where it leads. */
async function attempt(document: object, registered: Answers[string] = good): Promise<string> {
  answers = { '/.well-known/openid-configuration': document, '/register': registered, ...answers };
  const config = oidcConfig(hostile.url, {
    clientId: '',
    clientSecret: null,
    authMethodGiven: false,
    registration: {
      discoveryUrl: `${hostile.url}/.well-known/openid-configuration`,
      registrationEndpoint: null,
      initialAccessToken: new Secret('initial-token'),
      clientName: 'Sallyport',
      softwareId: null,
      softwareStatement: null,
    },
  });
  const write = (fields: object, message: string): void => void lines.push([fields, message]);
  const log: Log = { debug: write, info: write, warn: write, error: write };
  const store = createMemoryStore();
  const provider = createProvider(config, {
    clock: Date.now,
    log,
    registrations: { store, sealer: createSealer([new Uint8Array(32)]) },
  });
  providers.push(provider);
  return provider.authorizationUrl(newLogin().request).catch((error: unknown) => String(error));
}

beforeEach(() => {
  answers = {};
});

describe('a hostile registration server', () => {
  it('cannot pass for another issuer', async () => {
    expect(await attempt(metadata({ issuer: 'https://login.example.com' }))).toContain('is not that of');
    expect(seen.some((line) => line.includes('/register'))).toBe(false);
  });

  it.each([
    ['of another kind', 'file:///etc/passwd'],
    ['with user info', 'https://user@idp.example.com/register'],
    ['on a host that is no loopback, though the issuer is', 'https://idp.example.com/register'],
    ['that is a list', ['https://idp.example.com/register']],
  ])('cannot lead us to an endpoint %s', async (_name, registration_endpoint) => {
    expect(await attempt(metadata({ registration_endpoint }))).toMatch(
      /registration: registration_endpoint/u,
    );
    expect(seen.join('\n')).not.toContain('initial-token');
  });

  it('cannot send us on with the initial access token', async () => {
    const other = await listen((request, response) => {
      seen.push(`elsewhere ${request.headers.authorization ?? ''}`);
      response.end('{}');
    });
    const told = await attempt(metadata(), (_request, response) => {
      response.writeHead(307, { location: `${other.url}/register` }).end();
    });
    expect(told).toMatch(/redirect/u);
    expect(seen.join('\n')).not.toContain('elsewhere');
    await other.close();
  });

  it.each([
    ['no client id', {}],
    ['a client id that is a number', { client_id: 1 }],
    ['an endless client id', { client_id: 'x'.repeat(10_000) }],
    ['no secret where one is needed', { client_id: 'x', token_endpoint_auth_method: 'client_secret_post' }],
    ['a way to authenticate of its own', { ...good, token_endpoint_auth_method: 'send_everything' }],
    ['a list', []],
  ])('that answers with %s is refused, and nothing of its words is told', async (_name, registered) => {
    const told = await attempt(metadata(), registered);
    expect(told).toMatch(/UpstreamError: registration:/u);
    expect(JSON.stringify([told, lines])).not.toMatch(/send_everything|x{20}|a-secret-that|initial-token/u);
  });

  it('that writes into our log writes nothing but a code', async () => {
    const told = await attempt(metadata(), (_request, response) => {
      response.writeHead(400, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: 'bad\n{"level":"info"}', error_description: 'initial-token' }));
    });
    expect(JSON.stringify([told, lines])).not.toMatch(/\\\\n|initial-token/u);
  });

  it('cannot have the token that manages our registration sent elsewhere', async () => {
    const other = await listen((request, response) => {
      seen.push(`elsewhere ${request.headers.authorization ?? ''}`);
      response.writeHead(401).end();
    });
    const registered = {
      ...good,
      registration_client_uri: `${other.url}/manage`,
      registration_access_token: 'management-token',
    };
    answers = {
      '/token': (_request, response) =>
        response.writeHead(401, { 'content-type': 'application/json' }).end('{"error":"invalid_client"}'),
    };
    await attempt(metadata(), registered);
    const [provider] = providers;
    const asked = { refreshToken: 'r', subject: 's', clientId: 'given' };
    await expect(provider?.refresh(asked)).rejects.toThrow();
    expect(seen.join('\n')).not.toContain('management-token');
    await other.close();
  });

  it('cannot keep us busy with a body without end', async () => {
    const told = await attempt(metadata(), (_request, response) => {
      response.writeHead(201, { 'content-type': 'application/json' });
      const write = (): void => {
        while (response.write('x'.repeat(65_536)));
      };
      response.on('drain', write);
      response.on('error', () => {});
      write();
    });
    expect(told).toMatch(/larger than allowed/u);
  });
});
