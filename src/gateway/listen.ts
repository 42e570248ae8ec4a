import type { Server } from 'node:http';

/** What node's codes mean for whoever wrote the setting. */
const hints: Readonly<Record<string, (setting: string) => string>> = {
  EADDRINUSE: (setting) =>
    `another program does, maybe an older one of ours: end it, or choose another ${setting}.port`,
  EACCES: (setting) =>
    `this user may not open it: choose a ${setting}.port above 1023, or allow it (CAP_NET_BIND_SERVICE)`,
  EADDRNOTAVAIL: (setting) => `this machine has no such address: choose another ${setting}.host`,
  ENOTFOUND: (setting) => `the name leads nowhere: write an address as ${setting}.host`,
};

/** Opens the port. @throws node's own error, with the setting and the fix named in the message */
export function listen(
  server: Server,
  { host, port, setting }: { readonly host: string; readonly port: number; readonly setting: string },
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const place = `${host.includes(':') ? `[${host}]` : host}:${port}`;
      const message = `cannot listen on ${place}: ${hints[error.code ?? '']?.(setting) ?? `look at ${setting}`}`;
      reject(Object.assign(new Error(message, { cause: error }), { code: error.code }));
    });
    server.listen({ host, port }, resolve);
  });
}
