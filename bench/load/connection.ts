import { createConnection } from 'node:net';
import type { Socket } from 'node:net';

/** One answer, read as far as a load generator needs it. */
export interface Reply {
  readonly status: number;
  readonly body: string;
  /** Status line and headers. */
  readonly head: string;
}

interface Waiting {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
}

/** A keep-alive connection that carries one request at a time. */
export class Connection {
  readonly #socket: Socket;
  #text = '';
  #waiting: Waiting | null = null;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => this.#read(chunk));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the server closed the connection')));
  }

  /** @param from address to come from; any of 127.0.0.0/8 */
  static open(port: number, from?: string): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const localAddress = from === undefined ? {} : { localAddress: from };
      const socket = createConnection({ port, host: '127.0.0.1', ...localAddress });
      socket.once('error', reject);
      socket.once('connect', () => resolve(new Connection(socket)));
    });
  }

  /** @throws {Error} when the connection ends before the answer */
  send(request: string): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(request, 'latin1');
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(chunk: string): void {
    this.#text = this.#text === '' ? chunk : this.#text + chunk;
    const reply = parseReply(this.#text);
    if (!reply) return;
    this.#text = '';
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.resolve(reply);
  }

  #fail(error: Error): void {
    this.#waiting?.reject(error);
    this.#waiting = null;
  }
}

/** `null` while the answer is not whole. The chunks of a chunked body are left as they are. */
function parseReply(text: string): Reply | null {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const head = text.slice(0, end);
  const status = Number(head.slice(9, 12));
  const from = end + 4;
  const length = /\r\ncontent-length: *(\d+)/iu.exec(head)?.[1];
  if (length !== undefined) {
    return text.length - from < Number(length) ? null : { status, head, body: text.slice(from) };
  }
  if (/\r\ntransfer-encoding: chunked/iu.test(head)) {
    return text.endsWith('0\r\n\r\n') ? { status, head, body: text.slice(from) } : null;
  }
  return { status, head, body: '' };
}
