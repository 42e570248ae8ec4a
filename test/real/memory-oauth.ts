import { randomUUID } from 'node:crypto';
import type { OAuthClientProvider } from '@modelcontextprotocol/sdk/client/auth.js';

type ClientInformation = Awaited<ReturnType<OAuthClientProvider['clientInformation']>>;
type Tokens = Awaited<ReturnType<OAuthClientProvider['tokens']>>;
type Discovery = Parameters<NonNullable<OAuthClientProvider['saveDiscoveryState']>>[0];
type Part = Parameters<NonNullable<OAuthClientProvider['invalidateCredentials']>>[0];

/** Where the apps of these tests want to be called back; nobody listens there. */
export const appAddress = 'http://127.0.0.1:9/callback';

/** What an app built on an MCP SDK keeps, in memory, and the person who signs in for it. Serves both lines of the SDK. */
export class MemoryOAuth implements OAuthClientProvider {
  readonly redirectUrl = appAddress;
  readonly clientMetadata: OAuthClientProvider['clientMetadata'] = {
    client_name: 'SDK app',
    redirect_uris: [appAddress],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
  };
  /** Where the person was sent back to, one address for each sign-in. */
  readonly returns: URL[] = [];
  readonly #signIn: (url: URL) => Promise<URL>;
  #client: ClientInformation;
  #tokens: Tokens;
  #discovery: Discovery | undefined;
  #verifier = '';
  #state = '';

  constructor(signIn: (url: URL) => Promise<URL>) {
    this.#signIn = signIn;
  }

  /** The last return; throws when nobody signed in. */
  get lastReturn(): URLSearchParams {
    const url = this.returns.at(-1);
    if (url === undefined) throw new Error('nobody was asked to sign in');
    if (url.searchParams.get('state') !== this.#state)
      throw new Error(`a foreign answer came back: ${url.href}`);
    return url.searchParams;
  }

  state(): string {
    this.#state = randomUUID();
    return this.#state;
  }

  clientInformation(): ClientInformation {
    return this.#client;
  }

  saveClientInformation(information: NonNullable<ClientInformation>): void {
    this.#client = information;
  }

  tokens(): Tokens {
    return this.#tokens;
  }

  saveTokens(tokens: NonNullable<Tokens>): void {
    this.#tokens = tokens;
  }

  saveCodeVerifier(verifier: string): void {
    this.#verifier = verifier;
  }

  codeVerifier(): string {
    return this.#verifier;
  }

  saveDiscoveryState(state: Discovery): void {
    this.#discovery = state;
  }

  discoveryState(): Discovery | undefined {
    return this.#discovery;
  }

  invalidateCredentials(part: Part): void {
    if (part === 'all' || part === 'client') this.#client = undefined;
    if (part === 'all' || part === 'tokens') this.#tokens = undefined;
    if (part === 'all' || part === 'discovery') this.#discovery = undefined;
  }

  async redirectToAuthorization(url: URL): Promise<void> {
    this.returns.push(await this.#signIn(url));
  }
}

/** Ends a grant at the authorization server, as somebody who signs out elsewhere would (RFC 7009). */
export async function revoke(
  issuer: string,
  token: { refreshToken: string; clientId: string },
): Promise<void> {
  const body = new URLSearchParams({ token: token.refreshToken, client_id: token.clientId });
  const answer = await fetch(`${issuer}/oauth/revoke`, { method: 'POST', body });
  if (answer.status !== 200) throw new Error(`revocation: ${answer.status} ${await answer.text()}`);
}

/** Ends the grant of such an app. */
export async function revokeGrant(issuer: string, app: MemoryOAuth): Promise<void> {
  const refreshToken = app.tokens()?.refresh_token;
  const clientId = app.clientInformation()?.client_id;
  if (refreshToken === undefined || clientId === undefined) throw new Error('the app has no grant');
  await revoke(issuer, { refreshToken, clientId });
}
