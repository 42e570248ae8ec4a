import { request } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import type { LoopbackServer } from '../../examples/demo/loopback-server.ts';
import { PortTaken, explainListenError, listenOnLoopback } from '../../examples/demo/loopback-server.ts';

const running: LoopbackServer[] = [];

async function start(port = 0): Promise<LoopbackServer> {
  const server = await listenOnLoopback(
    { port, what: 'the test', variable: 'TEST_PORT' },
    (url) => (_request, response) => {
      response.end(url);
    },
  );
  running.push(server);
  return server;
}

/** The status of a request that names another host. */
async function statusFor(url: string, host: string): Promise<number | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  request(url, { headers: { host } }, (response) => {
    response.resume();
    resolve(response.statusCode);
  })
    .on('error', reject)
    .end();
  return promise;
}

afterEach(async () => {
  for (const server of running.splice(0)) await server.close();
});

describe('a server of the demo', () => {
  it('tells its listener its own address', async () => {
    const server = await start();
    expect(await (await fetch(server.url)).text()).toBe(server.url);
  });

  it('answers only to names of this computer (DNS rebinding)', async () => {
    const server = await start();
    const port = new URL(server.url).port;
    expect(await statusFor(server.url, `localhost:${port}`)).toBe(200);
    expect(await statusFor(server.url, `127.0.0.1:${port}`)).toBe(200);
    expect(await statusFor(server.url, `evil.example:${port}`)).toBe(421);
    expect(await statusFor(server.url, 'localhost')).toBe(421);
  });

  it('says which variable helps when the port is taken', async () => {
    const port = Number(new URL((await start()).url).port);
    await expect(start(port)).rejects.toThrow(PortTaken);
    await expect(start(port)).rejects.toThrow(
      `Port ${port} is taken, and the test needs one. Stop what listens there, or choose another port: TEST_PORT=`,
    );
  });

  it('finds the taken port behind other errors, and leaves other errors alone', () => {
    const place = { port: 1, what: 'x', variable: 'X' };
    const inner = Object.assign(new Error('listen'), { code: 'EADDRINUSE' });
    expect(() => explainListenError(new Error('outer', { cause: inner }), place)).toThrow(PortTaken);
    const other = new Error('other');
    expect(() => explainListenError(other, place)).toThrow(other);
  });

  it('tells when it has stopped', async () => {
    const server = await start();
    await server.close();
    await server.stopped;
    await expect(fetch(server.url)).rejects.toThrow('fetch failed');
  });
});
