/** A gateway process of its own, between a provider and an MCP server that know every trick to make it talk. */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generateSigningKeyPem, parseSigningKey } from '../../src/crypto/signing-key.ts';
import { startHostileOidc } from '../fixtures/hostile-oidc.ts';
import type { HostileOidc } from '../fixtures/hostile-oidc.ts';
import { json, startHostileServer } from '../fixtures/hostile-server.ts';
import type { HostileServer } from '../fixtures/hostile-server.ts';
import { freePort } from '../fixtures/mcp-web-bridge.ts';
import { pkce, redirectUri, sealedRequest } from '../fixtures/stack.ts';
import type { Tokens } from '../fixtures/stack.ts';
import { scratchDirectory, startProgram } from '../real/children.ts';
import type { Program } from '../real/children.ts';
import { SecretList } from './secret-list.ts';

/** Something that the gateway said to a client, whole. */
export interface Said {
  readonly status: number;
  readonly contentType: string;
  readonly headers: Headers;
  /** Head and body as text. */
  readonly text: string;
}

export const random = (prefix = ''): string => prefix + randomBytes(24).toString('base64url');

const scripts = 'src/cli/main.ts';

export class LeakScene {
  readonly secrets = new SecretList();
  readonly said: Said[] = [];
  readonly issuer: string;
  readonly program: Program;
  readonly idp: HostileOidc;
  readonly mcp: HostileServer;
  readonly folder: string;
  readonly staticClient = { id: 'dashboard', secret: random('static-') };
  /** Who signs in at the provider. */
  account = 'alice';
  readonly #remove: () => Promise<void>;

  private constructor(parts: {
    program: Program;
    idp: HostileOidc;
    mcp: HostileServer;
    folder: string;
    issuer: string;
    remove: () => Promise<void>;
  }) {
    this.program = parts.program;
    this.idp = parts.idp;
    this.mcp = parts.mcp;
    this.folder = parts.folder;
    this.issuer = parts.issuer;
    this.#remove = parts.remove;
  }

  /** @param extra more variables for the process */
  static async start(extra: Readonly<Record<string, string>> = {}): Promise<LeakScene> {
    const scratch = await scratchDirectory();
    const [idp, mcp, port] = await Promise.all([startHostileOidc(), startHostileServer(), freePort()]);
    const issuer = `http://localhost:${port}`;
    const folder = scratch.path;
    mcp.on('/mcp', json({ jsonrpc: '2.0', id: 1, result: {} }));
    const secrets = {
      pem: generateSigningKeyPem(),
      hmac: random('hmac-'),
      upstream: random('upstream-'),
      client: random('static-'),
    };
    await mkdir(join(folder, 'secrets'));
    await mkdir(join(folder, 'data'));
    await writeFile(join(folder, 'secrets', 'key.pem'), secrets.pem);
    await writeFile(join(folder, 'secrets', 'hmac'), secrets.hmac);
    await writeFile(join(folder, 'secrets', 'client'), secrets.client);
    const config = {
      issuer,
      access: 'anyone',
      listen: { host: '127.0.0.1', port },
      observe: { log_level: 'trace' },
      allow_confidential_client_registration: true,
      insecure_allow_confidential_over_loopback_http: true,
      signing_key_config: { key_dir: join(folder, 'secrets'), signing_key_file: 'key.pem' },
      hmac_secret_files: [join(folder, 'secrets', 'hmac')],
      storage: { type: 'sqlite', sqlite: { path: join(folder, 'data', 'store.db') } },
      proxy: [{ path: '/mcp', target: `${mcp.origin}/mcp` }],
      clients: [
        {
          client_id: 'dashboard',
          client_secret_file: join(folder, 'secrets', 'client'),
          redirect_uris: [redirectUri],
          introspects: [`${issuer}/mcp`],
        },
      ],
      upstreams: [
        {
          name: 'demo',
          type: 'oidc',
          oidc_config: {
            issuer_url: idp.origin,
            client_id: 'sallyport',
            client_secret_env_var: 'UPSTREAM_SECRET',
          },
        },
      ],
    };
    const file = join(folder, 'sallyport.json');
    await writeFile(file, JSON.stringify(config));
    const env = {
      PATH: process.env['PATH'] ?? '',
      HOME: folder,
      UPSTREAM_SECRET: secrets.upstream,
      ...extra,
    };
    const program = startProgram(scripts, ['serve', '-c', file, '--state-dir', join(folder, 'state')], env);
    await program.until(/sallyport serves/u);
    const scene = new LeakScene({ program, idp, mcp, folder, issuer, remove: () => scratch.remove() });
    scene.#learnConfigured(secrets);
    return scene;
  }

  #learnConfigured(secrets: { pem: string; hmac: string; upstream: string; client: string }): void {
    const { privateKey } = parseSigningKey(secrets.pem, 'the scene');
    this.secrets.add('signing key', secrets.pem.split('\n')[1]);
    this.secrets.add('signing key', privateKey.export({ format: 'jwk' }).d);
    this.secrets.add('HMAC secret', secrets.hmac);
    this.secrets.add('upstream client secret', secrets.upstream);
    this.secrets.add('static client secret', secrets.client);
    Object.assign(this.staticClient, { secret: secrets.client });
  }

  /** A request as a client or browser sends it; the answer is remembered. */
  async visit(path: string, init: RequestInit = {}): Promise<Said & { readonly body: string }> {
    const response = await fetch(new URL(path, this.issuer), { redirect: 'manual', ...init });
    const body = await response.text();
    const head = [...response.headers].map(([name, value]) => `${name}: ${value}`).join('\n');
    const { status, headers } = response;
    const said = {
      status,
      headers,
      contentType: headers.get('content-type') ?? '',
      text: `${head}\n\n${body}`,
    };
    this.said.push(said);
    return { ...said, body };
  }

  post(
    path: string,
    form: Record<string, string>,
    headers: Record<string, string> = {},
  ): Promise<Said & { readonly body: string }> {
    return this.visit(path, { method: 'POST', body: new URLSearchParams(form), headers });
  }

  /** Calls the MCP endpoint. */
  call(token: string, query = ''): Promise<Said> {
    const headers = { authorization: `Bearer ${token}` };
    return this.visit(`/mcp${query}`, { method: 'POST', body: '{}', headers });
  }

  /** From the authorization request to the provider's page; gives what the provider was told, and the browser's cookie. */
  async toProvider(
    clientId: string,
    challenge: string,
  ): Promise<{ upstream: URLSearchParams; cookie: string; state: string }> {
    const [state, nonce] = [random('client-state-'), random('client-nonce-')];
    this.secrets.add('client state', state);
    this.secrets.add('client nonce', nonce);
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: clientId,
      redirect_uri: redirectUri,
      code_challenge: challenge,
      code_challenge_method: 'S256',
      resource: `${this.issuer}/mcp`,
      scope: 'openid profile email',
      state,
      nonce,
    });
    const page = await this.visit(`/oauth/authorize?${query.toString()}`);
    const [cookie = ''] = page.headers.getSetCookie()[0]?.split(';') ?? [];
    this.secrets.add('browser cookie', cookie.slice(cookie.indexOf('=') + 1));
    const request = sealedRequest(page.body);
    this.secrets.add('sealed request', request);
    const posted = await this.post(
      '/oauth/consent',
      { request, decision: 'allow' },
      { cookie, origin: this.issuer },
    );
    const upstream = new URL(posted.headers.get('location') ?? '').searchParams;
    this.secrets.add('upstream state', upstream.get('state'));
    this.secrets.add('upstream nonce', upstream.get('nonce'));
    return { upstream, cookie, state };
  }

  /** Makes the provider answer token requests with new tokens; their life is so short that each use renews them. */
  async answerTokens(nonce: string | null): Promise<void> {
    const access_token = random('upstream-at-');
    const refresh_token = random('upstream-rt-');
    const id_token = await this.idp.idToken({
      nonce: nonce ?? undefined,
      sub: this.account,
    });
    this.secrets.add('upstream access token', access_token);
    this.secrets.add('upstream refresh token', refresh_token);
    this.secrets.add('upstream ID token', id_token);
    this.idp.on(
      '/token',
      json({ access_token, refresh_token, id_token, token_type: 'Bearer', expires_in: 30 }),
    );
  }

  callback(cookie: string, query: Record<string, string>): Promise<Said & { readonly body: string }> {
    return this.visit(`/oauth/callback?${new URLSearchParams(query).toString()}`, { headers: { cookie } });
  }

  /** The provider's own code; it knows how to be a secret. */
  upstreamCode(): string {
    const code = random('upstream-code-');
    this.secrets.add('upstream code', code);
    return code;
  }

  /** A whole login, up to our code. */
  async login(clientId: string): Promise<{ readonly code: string; readonly verifier: string }> {
    const { verifier, challenge } = pkce();
    this.secrets.add('client verifier', verifier);
    const { upstream, cookie } = await this.toProvider(clientId, challenge);
    await this.answerTokens(upstream.get('nonce'));
    const ended = await this.callback(cookie, {
      code: this.upstreamCode(),
      state: upstream.get('state') ?? '',
    });
    const code = new URL(ended.headers.get('location') ?? '').searchParams.get('code') ?? '';
    this.#learnOpaque('code', code);
    return { code, verifier };
  }

  /** What proves a code or refresh token is the seed in it: 32 bytes after bucket, grant id and generation. */
  #learnOpaque(name: string, token: string): void {
    this.secrets.add(name, token);
    const bytes = Buffer.from(token.slice('sp_ac_'.length), 'base64url');
    this.secrets.add(name, bytes.subarray(22, 54).toString('base64url'));
  }

  /** Reads a token answer and remembers what is in it. */
  learnTokens({ body }: { readonly body: string }): Tokens {
    const tokens = JSON.parse(body) as Tokens;
    this.secrets.add('access token', tokens.access_token);
    this.#learnOpaque('refresh token', tokens.refresh_token);
    if (tokens.id_token !== undefined) this.secrets.add('ID token', tokens.id_token);
    return tokens;
  }

  /** What we told the provider is secret too: our verifier, and the header that proves who we are. */
  learnFromProvider(): void {
    for (const { url, body, headers } of this.idp.received) {
      const verifier = url === '/token' ? new URLSearchParams(body).get('code_verifier') : null;
      if (verifier !== null) this.secrets.add('upstream verifier', verifier);
      const [, basic] = /^Basic (.+)$/u.exec(headers.authorization ?? '') ?? [];
      if (basic !== undefined) this.secrets.add('upstream client secret', basic);
    }
  }

  /** The bytes of every file of the database, side files included, by name. */
  async stored(): Promise<ReadonlyMap<string, string>> {
    const data = join(this.folder, 'data');
    const names = await readdir(data);
    return new Map(
      await Promise.all(
        names.map(async (name) => [name, await readFile(join(data, name), 'latin1')] as const),
      ),
    );
  }

  async close(): Promise<void> {
    await this.program.stop();
    await Promise.all([this.idp.close(), this.mcp.close()]);
    await this.#remove();
  }
}
