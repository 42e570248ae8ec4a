import { resolveRunConfig } from '../../src/config/resolve.ts';
import { issuer, pkce, resource, sealedRequest, startStack, upstreamSecret } from '../fixtures/stack.ts';
import type { Browser, Stack, StackOptions, Tokens } from '../fixtures/stack.ts';
import { startOidcProvider } from '../fixtures/oidc-provider.ts';
import type { OidcProviderFixture, OidcProviderOptions } from '../fixtures/oidc-provider.ts';

type Json = Record<string, unknown>;

interface SeveralOptions extends StackOptions {
  readonly changes?: Readonly<Record<string, Json>>;
  readonly ttl?: NonNullable<OidcProviderOptions['ttl']>;
}

/** A server before several real providers, each with its own people. */
export class Several {
  readonly stack: Stack;
  readonly providers: Readonly<Record<string, OidcProviderFixture>>;

  private constructor(stack: Stack, providers: Several['providers']) {
    this.stack = stack;
    this.providers = providers;
  }

  /** @param options `changes`: fields of upstreams by name; `ttl`: of the providers' tokens */
  static async start(
    names: readonly string[],
    config: Json = {},
    { changes = {}, ttl = {}, ...options }: SeveralOptions = {},
  ): Promise<Several> {
    const own = typeof config['issuer'] === 'string' ? config['issuer'] : issuer;
    const providers: Record<string, OidcProviderFixture> = {};
    for (const name of names) {
      const client = {
        client_id: `sallyport-at-${name}`,
        client_secret: upstreamSecret,
        redirect_uris: [`${own}/oauth/callback/${name}`, `${own}/oauth/callback`],
        grant_types: ['authorization_code', 'refresh_token'],
      };
      providers[name] = await startOidcProvider({ clients: [client], ttl });
    }
    const upstreams = upstreamsOf(providers, changes);
    const [first] = Object.values(providers);
    const stack = await startStack(
      { upstreams, ...config },
      { ...options, ...(first && { provider: first }) },
    );
    return new Several(stack, providers);
  }

  /** Another configuration over the same providers. @param changes as in `start` */
  async reconfigure(config: Json, changes: Readonly<Record<string, Json>> = {}): Promise<void> {
    const upstreams = upstreamsOf(this.providers, changes);
    const own = { issuer, allowed_audiences: [resource], access: 'anyone', upstreams, ...config };
    const env = { UPSTREAM_SECRET: upstreamSecret };
    const readFile = (path: string): Promise<never> => Promise.reject(new Error(`no such file: ${path}`));
    await this.stack.auth.reload(() => resolveRunConfig(own, { env, readFile }));
  }

  async close(): Promise<void> {
    await this.stack.auth.close();
    for (const provider of Object.values(this.providers)) await provider.close();
  }

  /** From the app to the page that asks. */
  async open(parameters: Record<string, string> = {}): Promise<Visit> {
    const clientId = (await this.stack.register()).client_id;
    const pair = pkce();
    const browser = this.stack.browser();
    const url = this.stack.authorizeUrl({
      client_id: clientId,
      code_challenge: pair.challenge,
      ...parameters,
    });
    const html = await (await browser.get(url)).text();
    return { browser, html, clientId, verifier: pair.verifier };
  }

  /** Presses a button of the page; where it leads. */
  async press(visit: Visit, fields: Record<string, string>): Promise<string> {
    const posted = await visit.browser.post(`${issuer}/oauth/consent`, {
      request: sealedRequest(visit.html),
      ...fields,
    });
    return posted.headers.get('location') ?? `${posted.status} ${await posted.text()}`;
  }

  /** Signs in at whichever provider the address is of; where the browser is sent back to. */
  async signInAt(address: string, account: string): Promise<string> {
    const [, provider] =
      Object.entries(this.providers).find(([, { issuer: origin }]) => address.startsWith(origin)) ?? [];
    if (!provider) throw new Error(`no provider of ours: ${address}`);
    return provider.signIn(address, account);
  }

  /** The name of the provider that an address is of; empty for any other address. */
  nameOf(address: string): string {
    return Object.entries(this.providers).find(([, one]) => address.startsWith(one.issuer))?.[0] ?? '';
  }

  /** Follows every provider in turn until the app has its answer; the names of the providers on the way. */
  async walk(visit: Visit, address: string, accounts: Record<string, string> = {}): Promise<Walked> {
    const way: string[] = [];
    let at = address;
    for (let hop = 0; hop < 10; hop += 1) {
      const name = this.nameOf(at);
      if (name === '') return { way, end: new URL(at) };
      way.push(name);
      const back = await this.signInAt(at, accounts[name] ?? 'alice');
      const response = await visit.browser.get(back);
      at = response.headers.get('location') ?? `about:blank#${response.status} ${await response.text()}`;
    }
    throw new Error('the chain has no end');
  }

  async redeem({ clientId, verifier }: Visit, { end }: Walked): Promise<Tokens> {
    const code = end.searchParams.get('code') ?? '';
    const form = { grant_type: 'authorization_code', client_id: clientId, code, code_verifier: verifier };
    const response = await this.stack.token(form);
    if (response.status !== 200)
      throw new Error(`token: ${response.status} ${await response.text()} ${end.href}`);
    return (await response.json()) as Tokens;
  }
}

function upstreamsOf(
  providers: Several['providers'],
  changes: Readonly<Record<string, Json>>,
): readonly Json[] {
  return Object.entries(providers).map(([name, { issuer: issuer_url }]) => {
    const oidc_config = {
      issuer_url,
      client_id: `sallyport-at-${name}`,
      client_secret_env_var: 'UPSTREAM_SECRET',
    };
    const display_name = `Sign-in of ${name}`;
    return Object.assign({ name, display_name, type: 'oidc', oidc_config }, changes[name]);
  });
}

export interface Visit {
  readonly browser: Browser;
  readonly html: string;
  readonly clientId: string;
  readonly verifier: string;
}

export interface Walked {
  readonly way: readonly string[];
  readonly end: URL;
}
