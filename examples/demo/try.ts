import { parseArgs } from 'node:util';
import type {
  OAuthClientInformationMixed,
  OAuthClientProvider,
  OAuthDiscoveryState,
  OAuthTokens,
} from '@modelcontextprotocol/client';
import { Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';
import { people } from './accounts.ts';
import { Player, hasLeft } from './player.ts';
import { Transcript, readableUrl, shorten } from './transcript.ts';

/** Nothing listens there: the player takes the code from the address, as a real client's little server would. */
const redirectUrl = 'http://localhost:52001/callback';

const say = new Transcript((line) => console.log(line));

/** What a client keeps between calls; a real one keeps it in a file or a keychain. */
class Memory implements OAuthClientProvider {
  readonly redirectUrl = redirectUrl;
  readonly clientMetadata = {
    client_name: 'Sallyport demo client',
    redirect_uris: [redirectUrl],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
  };
  #client: OAuthClientInformationMixed | undefined;
  #tokens: OAuthTokens | undefined;
  #discovery: OAuthDiscoveryState | undefined;
  #verifier = '';
  #state = '';
  /** What the authorization server answered, once the person has signed in. */
  answer: URLSearchParams | null = null;
  readonly #browse: (url: URL) => Promise<URLSearchParams>;

  constructor(browse: (url: URL) => Promise<URLSearchParams>) {
    this.#browse = browse;
  }

  state(): string {
    this.#state = crypto.randomUUID();
    return this.#state;
  }

  clientInformation(): OAuthClientInformationMixed | undefined {
    return this.#client;
  }

  saveClientInformation(client: OAuthClientInformationMixed): void {
    this.#client = client;
    say.line(`registered as ${shorten(client.client_id)} (${client.client_id.length} characters)`);
  }

  tokens(): OAuthTokens | undefined {
    return this.#tokens;
  }

  saveTokens(tokens: OAuthTokens): void {
    this.#tokens = tokens;
    say.line(
      `access token ${shorten(tokens.access_token)} for ${tokens.expires_in ?? '?'} s, scope "${tokens.scope ?? ''}"`,
    );
    say.line(`refresh token ${tokens.refresh_token === undefined ? 'none' : shorten(tokens.refresh_token)}`);
  }

  saveCodeVerifier(verifier: string): void {
    this.#verifier = verifier;
  }

  codeVerifier(): string {
    return this.#verifier;
  }

  /** The answer is taken only from the server that was asked (RFC 9207; mix-up). */
  saveDiscoveryState(discovery: OAuthDiscoveryState): void {
    this.#discovery = discovery;
  }

  discoveryState(): OAuthDiscoveryState | undefined {
    return this.#discovery;
  }

  async redirectToAuthorization(url: URL): Promise<void> {
    this.answer = await this.#browse(url);
    if (this.answer.get('state') !== this.#state)
      throw new Error('the answer has another state than the request');
  }

  /** As if the access token had ended: the next call gets 401. */
  spoilAccessToken(): void {
    if (this.#tokens !== undefined) this.#tokens = { ...this.#tokens, access_token: 'ended' };
  }
}

/** Plays the person: reads the consent page, allows, signs in with one click. */
async function signIn(url: URL, person: string): Promise<URLSearchParams> {
  say.step('The browser opens the authorization page');
  const player = new Player({
    belongsToApp: (place) => place.href.startsWith(redirectUrl),
    onVisit: (visit) => say.exchange(visit.method, visit.url, visit.status),
  });
  let place = await player.open(url);
  for (const [title, button] of [
    ['The person allows it', 'allow'],
    [`The person signs in as ${person}`, person],
  ] as const) {
    if (hasLeft(place)) break;
    say.step(title);
    place = await player.press(place, button);
  }
  if (!hasLeft(place))
    throw new Error(`the sign-in ended on a page: ${place.url.href} (status ${place.status})`);
  say.step('The browser returns to the app');
  say.line(readableUrl(place.leftFor));
  return place.leftFor.searchParams;
}

/** What the first, bare request gets: the challenge that starts everything. */
async function showChallenge(endpoint: URL): Promise<void> {
  say.step('A client calls the MCP endpoint without a token');
  const answer = await fetch(endpoint, { method: 'POST' });
  await answer.body?.cancel();
  say.exchange('POST', endpoint, answer.status);
  say.line(`WWW-Authenticate: ${answer.headers.get('www-authenticate') ?? 'missing'}`);
  if (answer.status !== 401)
    throw new Error(`a call without a token was answered with ${answer.status}, not 401`);
}

/** The SDK's fetch, with a line for every exchange. */
async function watchedFetch(url: string | URL, init?: RequestInit): Promise<Response> {
  const answer = await fetch(url, init);
  say.exchange(init?.method ?? 'GET', new URL(url), answer.status);
  return answer;
}

async function connect(endpoint: URL, memory: Memory): Promise<Client> {
  const transport = (): StreamableHTTPClientTransport =>
    new StreamableHTTPClientTransport(endpoint, { authProvider: memory, fetch: watchedFetch });
  const client = (): Client => new Client({ name: 'sallyport-demo-client', version: '1.0.0' });
  say.step('The official SDK connects: metadata, registration');
  try {
    await client().connect(transport());
  } catch (error) {
    if (!(error instanceof UnauthorizedError) || memory.answer === null) throw error;
  }
  if (memory.answer === null) throw new Error('the gateway let the client in without a sign-in');
  say.step('The client exchanges the code');
  await transport().finishAuth(memory.answer);
  say.step('The client connects again, with its token');
  const connected = client();
  await connected.connect(transport());
  return connected;
}

async function callTool(
  client: Client,
  call: { name: string; arguments?: Record<string, unknown> },
): Promise<void> {
  const result = await client.callTool(call);
  const text = result.content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n');
  for (const line of text.split('\n')) say.line(`${call.name}: ${line}`);
  if (result.isError === true) throw new Error(`the tool ${call.name} failed`);
}

async function run(endpoint: URL, person: string): Promise<void> {
  await showChallenge(endpoint);
  const memory = new Memory((url) => signIn(url, person));
  const client = await connect(endpoint, memory);
  say.step('Tools are called');
  await callTool(client, { name: 'whoami' });
  await callTool(client, { name: 'add', arguments: { a: 19, b: 23 } });
  await callTool(client, { name: 'headers' });
  const before = memory.tokens();
  memory.answer = null;
  say.step('The access token ends; the client refreshes, and nobody signs in again');
  memory.spoilAccessToken();
  await callTool(client, { name: 'whoami' });
  if (memory.answer !== null) throw new Error('somebody had to sign in again');
  if (memory.tokens()?.access_token === before?.access_token) throw new Error('the token was not refreshed');
  await client.close();
  console.log('\nEverything worked.');
}

/** The port where nothing listens, when that is why something failed. */
function refusedPort(error: unknown): string | null {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && cause.code === 'ECONNREFUSED' && 'port' in cause) return String(cause.port);
    const [inner] = cause instanceof AggregateError ? cause.errors : [];
    if (inner !== undefined) return refusedPort(inner);
  }
  return null;
}

/** What went wrong, and what led to it, without stacks: whoever watches has written none of it. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message} (${explain(error.cause)})`;
}

/** @throws when the arguments are not understood */
function readArguments(): { readonly endpoint: URL; readonly person: string } {
  const { values } = parseArgs({ options: { url: { type: 'string' }, as: { type: 'string' } } });
  const known = people.map(({ id }) => id);
  const person = values.as ?? known[0] ?? '';
  if (!known.includes(person)) throw new Error(`nobody is called "${person}": --as ${known.join(' or ')}`);
  return { endpoint: new URL(values.url ?? `http://localhost:${process.env['PORT'] ?? '8080'}/mcp`), person };
}

/** What to tell whoever ran this. */
function complaint(error: unknown, endpoint: URL | null): string {
  const port = refusedPort(error);
  if (port === null) return `\nThat did not work: ${explain(error)}`;
  const place = port === endpoint?.port ? `at ${endpoint.href}` : `on port ${port}`;
  return `Nothing answers ${place}. Start the demo in another terminal: npm start`;
}

let endpoint: URL | null = null;
try {
  const wanted = readArguments();
  ({ endpoint } = wanted);
  await run(endpoint, wanted.person);
} catch (error) {
  console.error(complaint(error, endpoint));
  process.exitCode = 1;
}
