/** How we get to a provider: a corporate authority, a certificate of ours, a proxy. */
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect as connectTo } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { UpstreamTransport } from '../../src/config/upstream-settings.ts';
import { standardSettings } from '../../src/config/upstream-settings.ts';
import { createGuardedFetch } from '../../src/net/guarded-fetch.ts';
import type { GuardedFetch } from '../../src/net/guarded-fetch.ts';
import { isPublicName } from '../../src/net/names.ts';
import type { FetchPolicy } from '../../src/net/policy.ts';
import { silentLog } from '../../src/observe/log.ts';
import { Secret } from '../../src/types/secret.ts';
import { createProvider } from '../../src/upstream/create-provider.ts';
import { oauth2Config } from '../fixtures/upstream.ts';
import { authority, client, idp } from './certificates.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const close of closing.splice(0).toReversed()) await close();
});

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve());
  });
  return (server.address() as AddressInfo).port;
}

/** A provider behind the corporate authority, that answers with the name of whoever showed it a certificate. */
async function startIdp(): Promise<number> {
  const options = { ...idp, ca: authority, requestCert: true, rejectUnauthorized: false };
  const server = createTlsServer(options, (request, response) => {
    // Every connection of an https server is one.
    const { subject } = (request.socket as TLSSocket).getPeerCertificate();
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ access_token: 'at', token_type: 'bearer', seen: subject?.CN ?? null }));
  });
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return await listen(server);
}

interface Proxy {
  readonly url: string;
  /** `host:port` of every tunnel that was asked for, and with what authorization. */
  readonly asked: { readonly to: string; readonly authorization: string | undefined }[];
}

/** A proxy that knows every name, and leads all of them to one port of this machine. */
async function startProxy(port: number, answer = 200): Promise<Proxy> {
  const asked: Proxy['asked'] = [];
  const server = createServer();
  server.on('connect', (request: IncomingMessage, socket: TLSSocket) => {
    asked.push({ to: request.url ?? '', authorization: request.headers['proxy-authorization'] });
    if (answer !== 200) return void socket.end(`HTTP/1.1 ${answer} No\r\n\r\n`);
    const onward = connectTo(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    for (const end of [socket, onward]) end.on('error', () => [socket, onward].map((one) => one.destroy()));
    closing.push(() => [socket, onward].map((one) => one.destroy()));
  });
  closing.push(() => server.close());
  return { url: `http://127.0.0.1:${await listen(server)}`, asked };
}

function guard(transport: Partial<UpstreamTransport>, policy: Partial<FetchPolicy> = {}): GuardedFetch {
  const all = { ca: authority, clientCertificate: null, proxy: null, ...transport };
  const fetch = createGuardedFetch({ allowHttp: false, allowPrivate: false, transport: all, ...policy });
  closing.push(() => fetch.close());
  return fetch;
}

const seen = async (answer: Promise<Response>): Promise<unknown> =>
  ((await (await answer).json()) as { seen: unknown }).seen;
const through = ({ url }: Proxy): Partial<UpstreamTransport> => ({ proxy: { url, authorization: null } });
const refusal = { code: 'fetch_refused' };

describe('an authority of the company', () => {
  it('is trusted where it is named, and nowhere else', async () => {
    const url = `https://127.0.0.1:${await startIdp()}/`;
    await expect(seen(guard({}, { allowLoopback: true })(url))).resolves.toBeNull();
    await expect(guard({ ca: null }, { allowLoopback: true })(url)).rejects.toMatchObject({
      code: 'upstream_unavailable',
    });
  });

  it('vouches for the names in its certificates only', async () => {
    const url = `https://localhost:${await startIdp()}/`;
    await expect(guard({}, { allowLoopback: true })(url)).rejects.toThrow(/ALTNAME/u);
  });

  it('that cannot be read, or a certificate without its key, is refused when the provider is made', () => {
    const make = (transport: Partial<UpstreamTransport>) => () =>
      createProvider(
        oauth2Config('https://idp.example.com', {
          settings: {
            ...standardSettings,
            profile: 'generic',
            transport: { ca: null, clientCertificate: null, proxy: null, ...transport },
          },
        }),
        { clock: Date.now, log: silentLog },
      );
    const mismatched = { cert: client.cert, key: new Secret(idp.key) };
    expect(make({ clientCertificate: mismatched })).toThrow(/certificates/u);
    expect(make({ clientCertificate: { cert: 'none', key: new Secret('none') } })).toThrow(/certificates/u);
  });
});

describe('a certificate of ours', () => {
  const clientCertificate = { cert: client.cert, key: new Secret(client.key) };

  it('is shown to the provider that asks for one', async () => {
    const url = `https://127.0.0.1:${await startIdp()}/`;
    const shown = guard({ clientCertificate }, { allowLoopback: true });
    expect(await seen(shown(url))).toBe('client.example.com');
  });

  it('is shown through a proxy too', async () => {
    const port = await startIdp();
    const proxy = await startProxy(port);
    const fetch = guard({ clientCertificate, ...through(proxy) });
    expect(await seen(fetch('https://idp.example.com/'))).toBe('client.example.com');
  });
});

describe('a proxy', () => {
  it('connects us by name, with its own authorization, and sees nothing of what we say', async () => {
    const proxy = await startProxy(await startIdp());
    const lookup = vi.fn<NonNullable<FetchPolicy['lookup']>>();
    const authorization = new Secret('Basic cHJveHk6c2VjcmV0');
    const fetch = guard({ proxy: { url: proxy.url, authorization } }, { lookup });
    const request = { method: 'POST', headers: { authorization: 'Bearer at' }, body: 'token=rt' };
    expect((await fetch('https://idp.example.com/token', request)).status).toBe(200);
    expect(proxy.asked).toEqual([{ to: 'idp.example.com:443', authorization: 'Basic cHJveHk6c2VjcmV0' }]);
    expect(lookup).not.toHaveBeenCalled();
  });

  it('does not make a wrong certificate right', async () => {
    const proxy = await startProxy(await startIdp());
    await expect(guard(through(proxy))('https://other.example.com/')).rejects.toThrow(/ALTNAME|CERT/u);
    await expect(guard({ ca: null, ...through(proxy) })('https://idp.example.com/')).rejects.toMatchObject({
      code: 'upstream_unavailable',
    });
  });

  it.each([
    'https://127.0.0.1/',
    'https://[::1]/',
    'https://[::ffff:7f00:1]/',
    'https://10.1.2.3/',
    'https://169.254.169.254/',
    'https://[64:ff9b::a00:1]/',
    'https://2130706433/',
    'https://intranet/',
    'https://db.internal/',
    'https://printer.local/',
    'https://router.home.arpa/',
    'https://metadata.google.internal./',
  ])('is not asked for %s, which is nowhere on the public internet', async (url) => {
    const proxy = await startProxy(await startIdp());
    await expect(guard(through(proxy))(url)).rejects.toMatchObject(refusal);
    expect(proxy.asked).toEqual([]);
  });

  it('is asked for a private host when the operator named it, and still not for another', async () => {
    const proxy = await startProxy(await startIdp());
    const policy = { allowPrivate: true, privateHosts: ['10.1.2.3', 'sso.corp'] };
    const fetch = guard(through(proxy), policy);
    // The name is not in the certificate: that far we came.
    await expect(fetch('https://sso.corp/')).rejects.toThrow(/ALTNAME|CERT/u);
    await expect(fetch('https://other.corp/')).rejects.toMatchObject(refusal);
    await expect(fetch('https://10.1.2.4/')).rejects.toMatchObject(refusal);
    expect(proxy.asked.map(({ to }) => to)).toEqual(['sso.corp:443']);
  });

  it('is never asked for this machine: its localhost is another', async () => {
    const port = await startIdp();
    const proxy = await startProxy(port);
    const url = `https://127.0.0.1:${port}/`;
    expect(await seen(guard(through(proxy), { allowLoopback: true })(url))).toBeNull();
    await expect(guard(through(proxy))('https://localhost/')).rejects.toMatchObject(refusal);
    expect(proxy.asked).toEqual([]);
  });

  it.each([403, 407, 502])('that answers %i is an outage, and says so', async (status) => {
    const proxy = await startProxy(0, status);
    await expect(guard(through(proxy))('https://idp.example.com/secret?code=x')).rejects.toMatchObject({
      code: 'upstream_unavailable',
      message: `https://idp.example.com/secret: the proxy did not connect us (status ${status})`,
    });
  });

  it('of the environment is not obeyed', async () => {
    const proxy = await startProxy(await startIdp());
    for (const name of ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'ALL_PROXY']) vi.stubEnv(name, proxy.url);
    const lookup = (): Promise<never> => Promise.reject(new Error('no such name'));
    await expect(guard({}, { lookup })('https://idp.example.com/')).rejects.toMatchObject({
      code: 'upstream_unavailable',
    });
    expect(proxy.asked).toEqual([]);
  });

  it('is what a provider with its settings goes through', async () => {
    const proxy = await startProxy(await startIdp());
    const transport = {
      ca: authority,
      clientCertificate: null,
      proxy: { url: proxy.url, authorization: null },
    };
    const settings = { ...standardSettings, profile: 'generic', transport };
    const provider = createProvider(oauth2Config('https://idp.example.com', { settings }), {
      clock: Date.now,
      log: silentLog,
    });
    closing.push(() => provider.close());
    await expect(provider.refresh({ refreshToken: 'rt', subject: 'x' })).resolves.toMatchObject({
      tokens: { accessToken: 'at' },
    });
    expect(proxy.asked.map(({ to }) => to)).toEqual(['idp.example.com:443']);
  });
});

describe('a name', () => {
  it.each(['example.com', 'a.b.example.co.uk.', 'xn--bcher-kva.example'])('%s may be public', (name) =>
    expect(isPublicName(name)).toBe(true),
  );
  it.each(['', '.', 'host', 'host.', 'a..b', 'localhost', 'x.localhost.', 'x.LOCAL'.toLowerCase()])(
    '%j is none',
    (name) => expect(isPublicName(name)).toBe(false),
  );
});
