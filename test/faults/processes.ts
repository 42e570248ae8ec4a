import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Listening } from '../fixtures/mcp-web-bridge.ts';
import { listen } from '../fixtures/mcp-web-bridge.ts';
import type { OidcProviderFixture, OidcProviderOptions } from '../fixtures/oidc-provider.ts';
import { startOidcProvider } from '../fixtures/oidc-provider.ts';
import { Front, issuer, upstreamSecret } from '../fixtures/stack.ts';

export interface LaunchOptions {
  /** Words before the command, such as a shell that sets limits. */
  readonly under?: readonly string[];
  readonly nodeFlags?: readonly string[];
  /** Instead of the one that all share. */
  readonly stateDir?: string;
}

/** A gateway in a process of its own. */
export interface Running {
  readonly child: ChildProcess;
  readonly url: string;
  readonly stack: Front;
  readonly mcp: (token: string) => Promise<Response>;
  readonly output: () => string;
  readonly ended: Promise<number | null>;
}

/** A provider, an MCP server and a state directory; gateways over them are real processes. */
export class Farm {
  readonly provider: OidcProviderFixture;
  /** Nobody can move the clock of a process: this one stands for nothing. */
  readonly clock = { now: 0 };
  readonly folder: string = mkdtempSync(join(tmpdir(), 'sallyport-farm-'));
  readonly database: string = join(this.folder, 'state', 'sallyport.db');
  readonly #behind: Listening;
  readonly #children: ChildProcess[] = [];

  private constructor(provider: OidcProviderFixture, behind: Listening) {
    this.provider = provider;
    this.#behind = behind;
  }

  static async start(options: OidcProviderOptions = {}): Promise<Farm> {
    const client = {
      client_id: 'sallyport',
      client_secret: upstreamSecret,
      redirect_uris: [`${issuer}/oauth/callback`],
      grant_types: ['authorization_code', 'refresh_token'],
    };
    const behind = await listen((request, response) => {
      request.resume();
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
    return new Farm(await startOidcProvider({ clients: [client], ...options }), behind);
  }

  /** Starts a gateway, and waits until it serves. Rejects with its output when it ends instead. */
  async launch({ under = [], nodeFlags = [], stateDir }: LaunchOptions = {}): Promise<Running> {
    const args = [...nodeFlags, 'src/cli/main.ts', 'serve', '-c', this.#configFile()];
    const state = stateDir ?? join(this.folder, 'state');
    const whole = [...under, process.execPath, ...args, '--state-dir', state];
    const child = spawn(whole[0] ?? '', whole.slice(1), {
      env: { PATH: process.env['PATH'], HOME: this.folder, UPSTREAM_SECRET: upstreamSecret },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#children.push(child);
    let output = '';
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    const serving = new Promise<string>((resolve) => {
      const look = (chunk: unknown): void => {
        output += String(chunk);
        const [, url] = /sallyport serves \S+ on (\S+)/u.exec(output) ?? [];
        if (url !== undefined) resolve(url);
      };
      child.stderr.on('data', look);
      child.stdout.on('data', look);
    });
    const early = ended.then((code) => Promise.reject(new Error(`ended with ${code}:\n${output}`)));
    early.catch(() => {});
    const url = await Promise.race([serving, early]);
    return {
      child,
      url,
      stack: new Front(this.provider, (request) => throughPort(url, request)),
      mcp: (token: string) =>
        fetch(`${url}/mcp`, { method: 'POST', headers: { authorization: `Bearer ${token}` }, body: '{}' }),
      output: () => output,
      ended,
    };
  }

  #configFile(): string {
    const oidc_config = {
      issuer_url: this.provider.issuer,
      client_id: 'sallyport',
      client_secret_env_var: 'UPSTREAM_SECRET',
      scopes: ['openid', 'profile', 'email'],
    };
    const config = {
      issuer,
      access: 'anyone',
      listen: { host: '127.0.0.1', port: 0 },
      proxy: [{ path: '/mcp', target: `${this.#behind.url}/mcp` }],
      upstreams: [{ name: 'demo', type: 'oidc', oidc_config }],
      observe: { audit: 'off' },
    };
    const file = join(this.folder, `config-${randomBytes(4).toString('hex')}.json`);
    writeFileSync(file, JSON.stringify(config));
    return file;
  }

  /** Ends every process that still runs, the hard way. */
  async killAll(): Promise<void> {
    for (const child of this.#children.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = once(child, 'close');
      child.kill('SIGKILL');
      await ended;
    }
  }

  async close(): Promise<void> {
    await this.killAll();
    await this.provider.close();
    await this.#behind.close();
    rmSync(this.folder, { recursive: true });
  }
}

/** The public address leads to this process's port, as a load balancer would have it. */
async function throughPort(url: string, request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  return fetch(`${url}${pathname}${search}`, {
    method: request.method,
    headers: request.headers,
    body: request.method === 'GET' ? null : await request.text(),
    redirect: 'manual',
  });
}
