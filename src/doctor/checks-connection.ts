import type { Duplex } from 'node:stream';
import { connect } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';
import { isIP } from 'node:net';
import type { UpstreamTransport } from '../config/upstream-settings.ts';
import { isLoopbackHost, withoutBrackets } from '../net/addresses.ts';
import { tlsSettings } from '../net/dispatcher.ts';
import type { Answer } from './ask.ts';
import { fail, finding, warn } from './finding.ts';
import type { Finding } from './finding.ts';
import { openTunnel } from './tunnel.ts';

/** Seconds of difference: tokens live for minutes, and verifiers forgive one. */
const [tolerable, bad] = [30, 120];

/** Days before its end when somebody should have renewed a certificate. */
const renewal = 21;

/** Compares the `Date` of an answer with our clock. */
export function clockFinding(
  check: string,
  { url, headers }: Answer,
  now: number = Date.now(),
): readonly Finding[] {
  const there = Date.parse(headers.get('date') ?? '');
  if (Number.isNaN(there)) return [];
  const seconds = Math.round(Math.abs(there - now) / 1000);
  const { host } = new URL(url);
  const said = `the clocks here and at ${host} differ by ${seconds} s`;
  const fix = 'set both by NTP: tokens look expired, or not yet valid';
  if (seconds > bad) return [finding(check, fail(said, fix))];
  return [finding(check, seconds > tolerable ? warn(said, fix) : `the clocks here and at ${host} agree`)];
}

/**
 * Looks at the certificate of a host that the operator named; nothing is sent but the handshake.
 * @param options `ca` for hosts of a private authority, as `node:tls` takes it; `transport` for the ways of an upstream
 */
export async function certificateFinding(
  check: string,
  text: string,
  { ca, transport, now = Date.now() }: Looking = {},
): Promise<readonly Finding[]> {
  const url = new URL(text);
  if (url.protocol !== 'https:') return [];
  const found = await handshake(url, { ca, transport });
  if (found === null) return [];
  if ('problem' in found)
    return [
      finding(
        check,
        fail(
          `the certificate of ${url.host} is not accepted (${found.problem})`,
          'renew it, or install the whole chain',
        ),
      ),
    ];
  const days = Math.floor((found.end - now) / 86_400_000);
  const said = `the certificate of ${url.host} ends in ${days} days`;
  return [finding(check, days < renewal ? warn(said, 'renew it') : said)];
}

interface Looking {
  readonly ca?: string | undefined;
  readonly transport?: UpstreamTransport | undefined;
  readonly now?: number;
}

type Shaken = { readonly end: number } | { readonly problem: string } | null;

/** Milliseconds. */
const timeout = 10_000;

/** `null`: there is no connection, which is told elsewhere. */
async function handshake(url: URL, { ca, transport }: Omit<Looking, 'now'>): Promise<Shaken> {
  const host = withoutBrackets(url.hostname);
  const port = Number(url.port || 443);
  const { provider = null, proxy: context = null } = transport ? tlsSettings({ ...anything, transport }) : {};
  const proxy = transport?.proxy ?? null;
  // As for requests: a proxy is never asked for what is on this machine.
  const proxied = proxy !== null && !isLoopbackHost(url.hostname);
  const socket = proxied ? await openTunnel({ host: url.hostname, port }, proxy, { context, timeout }) : null;
  if (proxied && socket === null) return null;
  return shake(socket, {
    ...(socket === null && { host, port }),
    timeout,
    ...(isIP(host) === 0 && { servername: host }),
    ...(ca !== undefined && { ca }),
    ...(provider && { secureContext: provider }),
  });
}

/** A policy that only its certificates are read of. */
const anything = { allowHttp: false, allowPrivate: false };

function shake(through: Duplex | null, options: ConnectionOptions): Promise<Shaken> {
  return new Promise((resolve) => {
    const socket = connect({ ...options, ...(through && { socket: through }) });
    const done = (result: Shaken): void => {
      socket.destroy();
      through?.destroy();
      resolve(result);
    };
    socket.once('secureConnect', () => done({ end: Date.parse(socket.getPeerCertificate().valid_to) }));
    socket.once('timeout', () => done(null));
    socket.once('error', (error: NodeJS.ErrnoException) => {
      const code = error.code ?? '';
      const noConnection = code === '' || /^(?:E[A-Z]+|UND_.*)$/u.test(code);
      done(noConnection ? null : { problem: code });
    });
  });
}
