/** Bytes on a socket, for what no HTTP client would send, and the bytes that come back. */
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** Follows whatever is sent: when both sides agree where that ended, it is answered and the connection closes. */
const farewell = 'GET /farewell HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

/** Quiet for this long after a message without end, the client hangs up; in milliseconds. */
const patience = 1500;

/**
 * Sends bytes and a farewell, and gives what the server answers to the bytes until it closes.
 * @param options `alone`: without the farewell, for messages after which the server closes by itself
 */
export async function send(
  port: number,
  bytes: string,
  { alone = false }: { readonly alone?: boolean } = {},
): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' });
  const chunks: Buffer[] = [];
  const ended = Promise.withResolvers<void>();
  const quiet = setTimeout(() => socket.destroy(), patience);
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    quiet.refresh();
  });
  // A server that refuses may reset the connection; what it said before counts.
  socket.on('error', () => ended.resolve());
  socket.on('close', () => ended.resolve());
  socket.write(Buffer.from(alone ? bytes : bytes + farewell, 'latin1'));
  await ended.promise;
  clearTimeout(quiet);
  const answer = Buffer.concat(chunks).toString('latin1');
  return alone ? answer : answer.replace(/HTTP\/1\.1 404 [^]*$/u, '');
}

/** The status codes in a stream of answers, in order: an answer follows the last byte of the one before. */
export function statuses(answer: string): number[] {
  return [...answer.matchAll(/HTTP\/1\.1 (\d{3})/gu)].map(([, code]) => Number(code));
}

/** A request as it stands in a stream of bytes. */
export interface RawRequest {
  /** Request line and header lines. */
  readonly head: string;
  readonly body: string;
}

/** A bare TCP server: one answer to the first whole request of a connection, and every byte kept. */
export interface Recorder {
  readonly port: number;
  /** What reached it: the requests of every connection, and bytes that belong to none. */
  received(): { readonly requests: readonly RawRequest[]; readonly stray: string };
  clear(): void;
  close(): Promise<void>;
}

export async function startRecorder(): Promise<Recorder> {
  const connections: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    let bytes = '';
    let answered = false;
    const index = connections.push('') - 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.toString('latin1');
      connections[index] = bytes;
      if (answered || readRequest(bytes) === null) return;
      answered = true;
      socket.write('HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}');
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve());
  });
  return {
    port: (server.address() as AddressInfo).port,
    received: () => {
      const read = connections.map(readAll);
      return {
        requests: read.flatMap(({ requests }) => requests),
        stray: read.map(({ stray }) => stray).join(''),
      };
    },
    clear: () => {
      connections.length = 0;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function readAll(bytes: string): { readonly requests: readonly RawRequest[]; readonly stray: string } {
  const requests: RawRequest[] = [];
  let rest = bytes;
  for (let next = readRequest(rest); next; next = readRequest(rest)) {
    requests.push(next);
    rest = next.rest;
  }
  return { requests, stray: rest };
}

/** The first whole request and what follows it; as strict as the simplest of backends. */
function readRequest(bytes: string): (RawRequest & { readonly rest: string }) | null {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const head = bytes.slice(0, end);
  const after = bytes.slice(end + 4);
  if (/^transfer-encoding:/imu.test(head)) return readChunks(head, after);
  const length = Number(/^content-length: *(\d+)\r?$/imu.exec(head)?.[1] ?? 0);
  return after.length < length ? null : { head, body: after.slice(0, length), rest: after.slice(length) };
}

function readChunks(head: string, bytes: string): (RawRequest & { readonly rest: string }) | null {
  let body = '';
  let rest = bytes;
  for (;;) {
    const [line, size] = /^([0-9a-f]+)\r\n/iu.exec(rest) ?? [];
    if (line === undefined || size === undefined) return null;
    const length = Number.parseInt(size, 16);
    rest = rest.slice(line.length);
    if (rest.length < length + 2) return null;
    body += rest.slice(0, length);
    rest = rest.slice(length + 2);
    if (length === 0) return { head, body, rest };
  }
}
