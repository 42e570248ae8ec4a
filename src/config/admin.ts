import { isIP } from 'node:net';
import type { AdminConfig } from './config.ts';
import { loadFile, textOf } from './files.ts';
import type { Resolving } from './resolving.ts';
import { Secret } from '../types/secret.ts';

/** Least length of the token, in characters. */
const minTokenLength = 32;

/** Reads `admin`: an address that others can reach needs a token. `null`: there is no such listener. */
export async function resolveAdmin(resolving: Resolving): Promise<AdminConfig | null> {
  const { listen, token_file: tokenFile } = resolving.config.admin ?? {};
  const token = tokenFile === undefined ? null : await loadToken(tokenFile, resolving);
  if (listen === undefined) {
    if (tokenFile !== undefined)
      resolving.findings.refuse(['admin', 'listen'], {
        problem: 'is missing, although there is a token_file',
        fix: 'write listen: { port: 9090 }, or remove admin',
      });
    return null;
  }
  const { host = '127.0.0.1', port = 0 } = listen;
  if (tokenFile === undefined && !isLoopback(host))
    resolving.findings.refuse(['admin', 'token_file'], {
      problem: 'is missing, and admin.listen.host can be reached from elsewhere',
      fix: 'write the path of a file with a random token, or listen on 127.0.0.1',
    });
  return { host, port, token };
}

async function loadToken(file: string, { io, findings }: Resolving): Promise<Secret<string> | null> {
  const path = ['admin', 'token_file'];
  const bytes = await loadFile(file, { path, io, findings });
  if (bytes === null) return null;
  const text = textOf(bytes)?.trim() ?? '';
  if (text.length >= minTokenLength && /^[\w.~+/=-]+$/u.test(text)) return new Secret(text);
  findings.refuse(path, {
    problem: `the file ${file} holds no token of at least ${minTokenLength} letters, digits and -._~+/=`,
    fix: 'make one: openssl rand -hex 32 > FILE',
  });
  return null;
}

/** 127.0.0.0/8, `::1` and `localhost`. */
function isLoopback(host: string): boolean {
  if (isIP(host) === 4) return host.startsWith('127.');
  return host === '::1' || host.toLowerCase() === 'localhost';
}
