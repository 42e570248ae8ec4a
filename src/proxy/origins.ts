import type { IncomingHttpHeaders } from 'node:http';

/** Which web pages may call an MCP endpoint, and by which names it may be called. */
export interface OriginPolicy {
  /** False for a page of a foreign origin, and for a foreign name of a loopback server (DNS rebinding). */
  readonly admits: (headers: IncomingHttpHeaders) => boolean;
}

const loopbackHost = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/iu;

/** Our own origin, loopback and the configured ones; requests of programs carry no `Origin` at all. */
export function createOriginPolicy(issuer: string, allowed: readonly string[]): OriginPolicy {
  const { origin, host } = new URL(issuer);
  const known = new Set([origin, ...allowed]);
  const local = loopbackHost.test(host);
  return {
    admits: ({ origin: from, host: name }) => {
      if (local && (name === undefined || !loopbackHost.test(name))) return false;
      return from === undefined || known.has(from) || isLoopback(from);
    },
  };
}

function isLoopback(origin: string): boolean {
  const [, host = ''] = /^https?:\/\/([^/]+)$/iu.exec(origin) ?? [];
  return loopbackHost.test(host);
}
