import { connect } from 'node:tls';
import { isIP } from 'node:net';
import { withoutBrackets } from '../net/addresses.ts';
import type { Answer } from './ask.ts';
import { fail, finding, warn } from './finding.ts';
import type { Finding } from './finding.ts';

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
 * @param options `ca` for hosts of a private authority, as `node:tls` takes it
 */
export async function certificateFinding(
  check: string,
  text: string,
  { ca, now = Date.now() }: { readonly ca?: string; readonly now?: number } = {},
): Promise<readonly Finding[]> {
  const url = new URL(text);
  if (url.protocol !== 'https:') return [];
  const found = await handshake(url, ca);
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

/** `null`: there is no connection, which is told elsewhere. */
function handshake(url: URL, ca: string | undefined): Promise<{ end: number } | { problem: string } | null> {
  const host = withoutBrackets(url.hostname);
  return new Promise((resolve) => {
    const socket = connect({
      host,
      port: Number(url.port || 443),
      timeout: 10_000,
      ...(isIP(host) === 0 && { servername: host }),
      ...(ca !== undefined && { ca }),
    });
    const done = (result: Parameters<typeof resolve>[0]): void => {
      socket.destroy();
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
