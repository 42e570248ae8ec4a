import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { toNodeHandler } from '../http/node.ts';
import type { AuthServer } from '../server/auth-server.ts';
import { createAdmin } from './admin.ts';
import type { Gateway } from './gateway.ts';
import { listen } from './listen.ts';
import type { RunningGateway } from './start.ts';

/** The second listener, running. */
export interface AdminListener {
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** Opens the listener of `admin`. `null`: there is none. */
export async function startAdmin(
  auth: AuthServer,
  { gateway, reload }: { readonly gateway: Gateway; readonly reload: RunningGateway['reload'] },
): Promise<AdminListener | null> {
  const { admin } = auth.config;
  if (admin === null) return null;
  const handler = createAdmin({
    // It cannot go away while the server runs.
    config: () => auth.config.admin ?? admin,
    readiness: gateway.readiness,
    metrics: auth.metrics,
    reload: () => reload(),
    observer: auth.observer,
  });
  const server = createServer({ requestTimeout: 30_000, insecureHTTPParser: false }, toNodeHandler(handler));
  await listen(server, { ...admin, setting: 'admin.listen' });
  // A listening TCP server has an address.
  const { port } = server.address() as AddressInfo;
  const name = admin.host.includes(':') ? `[${admin.host}]` : admin.host;
  return {
    url: `http://${name}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
