/** An upstream behind an authority, a certificate and a proxy of the company is examined through them. */
import { X509Certificate } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { UpstreamConfig } from '../../src/config/config.ts';
import type { UpstreamTransport } from '../../src/config/upstream-settings.ts';
import { standardSettings } from '../../src/config/upstream-settings.ts';
import { Secret } from '../../src/types/secret.ts';
import { oauth2Config, oidcConfig } from '../fixtures/upstream.ts';
import { authority, client, idp } from '../upstream/certificates.ts';
import { examine, worst } from './upstream-at.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const close of closing.splice(0).toReversed()) await close();
});

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve());
  });
  return (server.address() as AddressInfo).port;
}

/** A provider of the company that speaks with nobody but those who show a certificate of it. */
async function startIdp(): Promise<number> {
  const options = { ...idp, ca: authority, requestCert: true, rejectUnauthorized: false };
  const server = createTlsServer(options, (request, response) => {
    // Every connection of an https server is one.
    const isKnown = (request.socket as TLSSocket).authorized;
    if (request.url?.startsWith('/authorize')) return void response.end('<title>Sign in</title>');
    if (request.url !== '/token') return void response.writeHead(401).end();
    return void response
      .writeHead(isKnown ? 400 : 401, { 'content-type': 'application/json' })
      .end(JSON.stringify({ error: isKnown ? 'invalid_grant' : 'invalid_client' }));
  });
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return await listen(server);
}

interface Proxy {
  readonly url: string;
  /** `host:port` and authorization of every tunnel that was asked for. */
  readonly asked: (readonly [string, string | undefined])[];
}

/** A proxy that leads every name to one port of this machine; `null`: it refuses. */
async function startProxy(port: number | null): Promise<Proxy> {
  const asked: Proxy['asked'] = [];
  const server = createServer();
  server.on('connect', (request: IncomingMessage, socket: Socket) => {
    asked.push([request.url ?? '', request.headers['proxy-authorization']]);
    if (port === null) return void socket.end('HTTP/1.1 502 No\r\n\r\n');
    const onward = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    const end = (): void => void [socket, onward].map((one) => one.destroy());
    for (const one of [socket, onward]) one.on('error', end);
    closing.push(end);
  });
  closing.push(() => server.close());
  return { url: `http://127.0.0.1:${await listen(server)}`, asked };
}

const company = { ca: authority, clientCertificate: { cert: client.cert, key: new Secret(client.key) } };

function settings(transport: Partial<UpstreamTransport>): UpstreamConfig['settings'] {
  const all = { ca: null, clientCertificate: null, proxy: null, ...transport };
  return { ...standardSettings, profile: 'generic-oidc', transport: all };
}

const levelOf = async (config: UpstreamConfig, check: string): Promise<string | undefined> =>
  worst(await examine(config), check)?.level;

describe('an authority and a certificate of the company', () => {
  it('are used for requests and for the look at certificates', async () => {
    const origin = `https://127.0.0.1:${await startIdp()}`;
    const right = oauth2Config(origin, { settings: settings(company) });
    expect(await levelOf(right, 'client-authentication')).toBe('ok');
    expect(await levelOf(right, 'certificate')).toBe('ok');
    expect(await levelOf(right, 'client-certificate')).toBe('ok');
    const shy = oauth2Config(origin, { settings: settings({ ca: authority }) });
    expect(await levelOf(shy, 'client-authentication')).toBe('fail');
    expect(await levelOf(shy, 'client-certificate')).toBeUndefined();
    const plain = oauth2Config(origin, { settings: settings({}) });
    expect(await levelOf(plain, 'endpoint')).toBe('fail');
    expect(await levelOf(plain, 'certificate')).toBe('fail');
  });

  it('end, and that is told before', async () => {
    const origin = `https://127.0.0.1:${await startIdp()}`;
    const config = oauth2Config(origin, { settings: settings(company) });
    const end = Date.parse(new X509Certificate(client.cert).validTo);
    const levels = [];
    for (const days of [30, 10, -1]) {
      vi.useFakeTimers({ toFake: ['Date'], now: end - days * 86_400_000 });
      levels.push(await levelOf(config, 'client-certificate'));
    }
    expect(levels).toEqual(['ok', 'warn', 'fail']);
  });

  it('that do not fit are a finding, and nothing else is tried', async () => {
    const clientCertificate = { cert: client.cert, key: new Secret(idp.key) };
    const found = await examine(
      oidcConfig('https://idp.example.com', { settings: settings({ clientCertificate }) }),
    );
    expect(found).toMatchObject([{ check: 'upstream', level: 'fail' }]);
  });
});

describe('a proxy of the company', () => {
  it('is asked for everything, with its own authorization', async () => {
    const proxy = await startProxy(await startIdp());
    const authorization = new Secret('Basic cHJveHk6c2VjcmV0');
    const config = oauth2Config('https://idp.example.com', {
      settings: settings({ ...company, proxy: { url: proxy.url, authorization } }),
    });
    const findings = await examine(config);
    expect(worst(findings, 'client-authentication')).toMatchObject({ level: 'ok' });
    expect(worst(findings, 'authorization-request')).toMatchObject({ level: 'ok' });
    expect(worst(findings, 'certificate')).toMatchObject({ level: 'ok' });
    expect(new Set(proxy.asked.map((one) => one.join(' ')))).toEqual(
      new Set(['idp.example.com:443 Basic cHJveHk6c2VjcmV0']),
    );
    expect(JSON.stringify(findings)).not.toContain('cHJveHk6c2VjcmV0');
  });

  it('that refuses is told about', async () => {
    const { url } = await startProxy(null);
    const proxy = { url, authorization: null };
    const config = oauth2Config('https://idp.example.com', { settings: settings({ ...company, proxy }) });
    expect(await levelOf(config, 'endpoint')).toBe('fail');
    expect(await levelOf(config, 'certificate')).toBeUndefined();
  });
});

/** Nobody leaves this machine: the proxy refuses. */
describe('a provider that we know, without its profile', () => {
  it.each([
    ['https://accounts.google.com', 'google'],
    ['https://example.okta.com', 'okta'],
    ['https://login.microsoftonline.com/11111111-2222-4333-8444-555555555555/v2.0', 'entra'],
    ['https://example.eu.auth0.com/', 'auth0'],
  ])('%s should have the profile %s', async (issuer, profile) => {
    const { url } = await startProxy(null);
    const transport = { proxy: { url, authorization: null } };
    const generic = oidcConfig(issuer, { settings: settings(transport) });
    const found = worst(await examine(generic), 'profile');
    expect(found).toMatchObject({ level: 'warn' });
    expect(found?.fix).toContain(`profile: ${profile};`);
    const own = { ...settings(transport), profile };
    expect(await levelOf(oidcConfig(issuer, { settings: own }), 'profile')).toBeUndefined();
  });

  it('is nobody that we know anywhere else', async () => {
    const { url } = await startProxy(null);
    const transport = { proxy: { url, authorization: null } };
    for (const issuer of ['https://idp.example.com', 'https://okta.com.example.com', 'https://notgithub.com'])
      expect(await levelOf(oidcConfig(issuer, { settings: settings(transport) }), 'profile')).toBeUndefined();
  });

  it('has a subject that can change, which is told all the same', async () => {
    const { url } = await startProxy(null);
    const issuer = 'https://example.okta.com/oauth2/default';
    const config = oidcConfig(issuer, { settings: settings({ proxy: { url, authorization: null } }) });
    expect(await levelOf(config, 'subject')).toBe('warn');
  });
});
