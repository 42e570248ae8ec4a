import type { OAuthClientInformation, OAuthClientProvider, OAuthTokens } from '@ai-sdk/mcp';
import { auth, createMCPClient } from '@ai-sdk/mcp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { appAddress } from './memory-oauth.ts';
import type { RealStack } from './stack.ts';
import { startRealStack, untilExpired } from './stack.ts';

let stack: RealStack;

beforeAll(async () => {
  stack = await startRealStack({ accessTokenLifespan: '3s' });
});

afterAll(() => stack.close());

/** What an app built on the AI SDK keeps, and the person who signs in for it. */
class App implements OAuthClientProvider {
  readonly redirectUrl = appAddress;
  readonly clientMetadata = { client_name: 'AI SDK app', redirect_uris: [appAddress] };
  readonly returns: URL[] = [];
  #client: OAuthClientInformation | undefined;
  #tokens: OAuthTokens | undefined;
  #verifier = '';
  #state = '';

  get lastReturn(): URLSearchParams {
    const url = this.returns.at(-1);
    if (url === undefined) throw new Error('nobody was asked to sign in');
    return url.searchParams;
  }

  tokens(): OAuthTokens | undefined {
    return this.#tokens;
  }

  saveTokens(tokens: OAuthTokens): void {
    this.#tokens = tokens;
  }

  clientInformation(): OAuthClientInformation | undefined {
    return this.#client;
  }

  saveClientInformation(information: OAuthClientInformation): void {
    this.#client = information;
  }

  isClientInformationDynamicallyRegistered(): boolean {
    return true;
  }

  saveCodeVerifier(verifier: string): void {
    this.#verifier = verifier;
  }

  codeVerifier(): string {
    return this.#verifier;
  }

  state(): string {
    return 'state of the app';
  }

  saveState(state: string): void {
    this.#state = state;
  }

  storedState(): string {
    return this.#state;
  }

  async redirectToAuthorization(url: URL): Promise<void> {
    this.returns.push(await stack.signIn(url));
  }
}

async function connect(app: App): Promise<Awaited<ReturnType<typeof createMCPClient>>> {
  return createMCPClient({ transport: { type: 'http', url: stack.endpoint, authProvider: app } });
}

test('the AI SDK’s MCP client registers, signs in, calls a tool, and refreshes without its user', async () => {
  const app = new App();
  await expect(connect(app)).rejects.toThrow(/unauthorized/iu);
  const { lastReturn } = app;
  const signedIn = await auth(app, {
    serverUrl: stack.endpoint,
    authorizationCode: lastReturn.get('code') ?? '',
    callbackState: lastReturn.get('state') ?? '',
  });
  expect(signedIn).toBe('AUTHORIZED');
  const client = await connect(app);
  const first = app.tokens()?.access_token;
  expect(Object.keys(await client.tools())).toContain('echo');

  await untilExpired(3);

  expect(Object.keys(await client.tools())).toContain('echo');
  expect(app.tokens()?.access_token).not.toBe(first);
  expect(app.returns).toHaveLength(1);
  expect(stack.redeemed('refresh_token')).toBeGreaterThan(0);
  await client.close();
});
