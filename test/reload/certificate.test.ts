import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { processIo } from '../../src/config/resolve.ts';
import { configSource } from '../../src/config/source.ts';
import { startGateway } from '../../src/gateway/start.ts';
import type { RunningGateway } from '../../src/gateway/start.ts';
import { silentLog } from '../../src/observe/log.ts';
import { one, two } from './certificates.ts';

let folder: string;
let gateway: RunningGateway;
const sockets: TLSSocket[] = [];

async function place({ cert, key }: { readonly cert: string; readonly key: string }): Promise<void> {
  await writeFile(join(folder, 'tls.crt'), cert);
  await writeFile(join(folder, 'tls.key'), key);
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-certificate-'));
  await place(one);
  await writeFile(join(folder, 'secret'), 'a-secret-of-the-upstream');
  const file = join(folder, 'sallyport.yaml');
  const oidc = `{ issuer_url: 'http://127.0.0.1:9', client_id: x, client_secret_file: '${join(folder, 'secret')}' }`;
  await writeFile(
    file,
    `issuer: https://mcp.example.com
access: anyone
listen: { port: 0, tls: { cert_file: '${join(folder, 'tls.crt')}', key_file: '${join(folder, 'tls.key')}' } }
proxy: [{ path: /mcp, target: 'http://127.0.0.1:9/mcp' }]
storage: { type: memory }
insecure_allow_http: true
upstreams: [{ name: demo, type: oidc, oidc_config: ${oidc} }]
`,
  );
  const source = configSource(file, { io: processIo });
  // Nothing reloads but what a test asks for.
  gateway = await startGateway(await source.load(), {
    stateDir: join(folder, 'state'),
    log: silentLog,
    source: { ...source, files: () => [] },
  });
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await gateway.close();
  await rm(folder, { recursive: true });
});

async function connected(): Promise<TLSSocket> {
  const { port } = new URL(gateway.url);
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>();
  const socket = connect({ port: Number(port), host: '127.0.0.1', rejectUnauthorized: false }, () =>
    resolve(socket),
  );
  socket.once('error', reject);
  sockets.push(socket);
  return promise;
}

const nameOf = (socket: TLSSocket): unknown => socket.getPeerCertificate().subject.CN;

describe('a certificate that is renewed', () => {
  it('is what new connections get, and running ones go on', async () => {
    const running = await connected();
    expect(nameOf(running)).toBe('one.example');
    await place(two);
    expect(await gateway.reload()).toEqual(['listen.tls.cert changed', 'listen.tls.key changed']);
    expect(nameOf(await connected())).toBe('two.example');
    const { promise, resolve } = Promise.withResolvers<string>();
    running.once('data', (chunk) => resolve(String(chunk)));
    running.write('GET /healthz HTTP/1.1\r\nhost: mcp.example.com\r\n\r\n');
    expect(await promise).toContain('200 OK');
  });

  it('is refused when its key is another’s, and the old one stays', async () => {
    await place({ cert: two.cert, key: one.key });
    await expect(gateway.reload()).rejects.toMatchObject({ code: 'config_invalid' });
    expect(nameOf(await connected())).toBe('one.example');
  });
});
