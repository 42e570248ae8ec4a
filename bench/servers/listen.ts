import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Serves on a free loopback port, which is returned. */
export function listenOnLoopback(listener: RequestListener): Promise<number> {
  const server = createServer({ keepAliveTimeout: 75_000 }, listener);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // A listening TCP server has an address.
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}
