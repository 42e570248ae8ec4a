import type { Server } from 'node:http';

/** Opens the port. @throws node's own error, with the setting named in the message */
export function listen(
  server: Server,
  { host, port, setting }: { readonly host: string; readonly port: number; readonly setting: string },
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const hint = error.code === 'EADDRINUSE' ? `: choose another ${setting} than ${port}` : '';
      reject(
        Object.assign(new Error(`cannot listen on ${host}:${port}${hint}`, { cause: error }), {
          code: error.code,
        }),
      );
    });
    server.listen({ host, port }, resolve);
  });
}
