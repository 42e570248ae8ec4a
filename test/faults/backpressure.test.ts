import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createConnection } from 'node:net';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listen } from '../fixtures/mcp-web-bridge.ts';
import { Endpoint } from '../proxy/endpoint.ts';

/** More than the buffers of all sockets on the way hold together, less than anybody should keep for a client. */
const plenty = 64 * 1_048_576;
const chunk = Buffer.alloc(65_536, 'x');

/** Resolves when a number has stopped to grow. */
async function settled(read: () => number): Promise<number> {
  let [last, calm] = [-1, 0];
  await expect
    .poll(
      () => {
        calm = read() === last ? calm + 1 : 0;
        last = read();
        return calm;
      },
      { timeout: 20_000, interval: 50 },
    )
    .toBeGreaterThan(6);
  return last;
}

describe('a client or server that does not keep up', () => {
  let endpoint: Endpoint;
  let token: string;
  const sockets: Socket[] = [];
  beforeEach(async () => {
    endpoint = await Endpoint.start();
    ({ access_token: token } = await endpoint.stack.signIn());
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await endpoint.close();
  });

  const restart = async (proxy: Readonly<Record<string, unknown>>): Promise<void> => {
    await endpoint.close();
    endpoint = await Endpoint.start({ proxy });
    ({ access_token: token } = await endpoint.stack.signIn());
  };
  const open = (head: string): Socket => {
    const { port } = new URL(endpoint.url);
    const socket = createConnection({ host: '127.0.0.1', port: Number(port) });
    socket.on('error', () => {});
    socket.write(`${head}\r\nhost: mcp.example.com\r\nauthorization: Bearer ${token}\r\n`);
    sockets.push(socket);
    return socket;
  };

  it.each(['text/event-stream', 'application/json'])(
    'slows an endless %s answer down instead of piling it up',
    async (type) => {
      let sent = 0;
      const answers: ServerResponse[] = [];
      endpoint.backend = (_request, response) => {
        answers.push(response);
        response.writeHead(200, { 'content-type': type });
        const more = (): void => {
          for (; !response.destroyed && sent < 4 * plenty; sent += chunk.length) {
            if (response.write(chunk)) continue;
            sent += chunk.length;
            response.once('drain', more);
            return;
          }
        };
        more();
      };
      const socket = open('GET /mcp HTTP/1.1');
      socket.pause();
      socket.write('\r\n');
      await expect.poll(() => sent).toBeGreaterThan(0);
      expect(await settled(() => sent)).toBeLessThan(plenty);
      const [answer] = answers;
      if (!answer) throw new TypeError('the MCP server was asked');
      const closed = once(answer, 'close');
      socket.destroy();
      await closed;
    },
  );

  it('slows an upload down that the MCP server does not read', async () => {
    let asked = 0;
    const deaf = await listen(() => (asked += 1));
    await restart({ target: `${deaf.url}/mcp`, max_body: 1_073_741_824 });
    const socket = open('POST /mcp HTTP/1.1');
    socket.write('content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n');
    let taken = 0;
    const more = (): void => {
      const piece = Buffer.concat([Buffer.from('10000\r\n'), chunk, Buffer.from('\r\n')]);
      for (; !socket.destroyed && taken < 4 * plenty; taken += chunk.length) {
        if (!socket.write(piece)) {
          taken += chunk.length;
          socket.once('drain', more);
          return;
        }
      }
    };
    more();
    await expect.poll(() => asked).toBe(1);
    expect(await settled(() => taken)).toBeLessThan(plenty);
    await deaf.close();
  });
});
