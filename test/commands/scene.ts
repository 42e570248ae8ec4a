import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommandIo } from '../../src/cli/command-io.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import type { Stack } from '../fixtures/stack.ts';
import { issuer, resource, startStack } from '../fixtures/stack.ts';

export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

type Command = (args: readonly string[], io: CommandIo) => Promise<number>;

/** What stands around a command: who answers its questions, and what time it is. */
export interface Around {
  readonly answer?: boolean | null;
  readonly env?: Record<string, string>;
  readonly now?: number;
}

/** Runs a command in this process, and collects what it says. */
export async function run(command: Command, args: readonly string[], around: Around = {}): Promise<Outcome> {
  let [out, err] = ['', ''];
  const code = await command(args, {
    stdout: (text) => void (out += text),
    stderr: (text) => void (err += text),
    env: { UPSTREAM_SECRET: 'upstream-secret-upstream-secret-1', ...around.env },
    readFile: (path) => readFile(path),
    confirm: () => Promise.resolve(around.answer ?? null),
    clock: () => around.now ?? Date.now(),
  });
  return { code, out, err };
}

/** A folder with a configuration, an HMAC secret and an audit file; a gateway's server over its database. */
export class Scene {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'sallyport-commands-'));
  readonly database: string = join(this.folder, 'sallyport.db');
  readonly config: string = join(this.folder, 'sallyport.json');
  readonly audit: string = join(this.folder, 'audit.jsonl');
  stack: Stack | undefined;

  constructor() {
    const secret = join(this.folder, 'hmac');
    writeFileSync(secret, Buffer.alloc(32, 7));
    this.write({
      hmac_secret_files: [secret],
      storage: { type: 'sqlite', sqlite: { path: this.database } },
      observe: { audit: { file: this.audit } },
    });
  }

  write(sections: object): void {
    const oidc_config = {
      issuer_url: 'https://idp.example.com',
      client_id: 'sallyport',
      client_secret_env_var: 'UPSTREAM_SECRET',
    };
    const upstreams = [{ name: 'demo', type: 'oidc', oidc_config }];
    const config = { issuer, allowed_audiences: [resource], access: 'anyone', upstreams, ...sections };
    writeFileSync(this.config, JSON.stringify(config));
  }

  /** A server over the scene's database, with a provider where people really sign in. */
  async start(config: Record<string, unknown> = {}): Promise<Stack> {
    const store = await openSqliteStore({ path: this.database });
    const files = { '/hmac': Buffer.alloc(32, 7) };
    this.stack = await startStack({ hmac_secret_files: ['/hmac'], ...config }, { store, files });
    return this.stack;
  }

  events(): readonly Record<string, unknown>[] {
    const lines = readFileSync(this.audit, 'utf8').trim().split('\n');
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  async close(): Promise<void> {
    await this.stack?.close();
    rmSync(this.folder, { recursive: true });
  }
}
