import { readBearerChallenge } from '../oauth/challenge.ts';
import type { Answer, Asking, Question } from './ask.ts';
import { resourceUrl, serverPlaces, serverUrl } from './places.ts';
import type { ResourcePlace, ServerPlace } from '../known-clients/search.ts';

/** Everything that was asked, before anything is judged. */
export interface Survey {
  readonly given: URL;
  /** Answers of the MCP endpoint to a request without a token. */
  readonly mcp: Readonly<Record<'post' | 'get' | 'head', Answer>>;
  /** A browser's question before it may call the MCP endpoint. */
  readonly preflight: Answer;
  readonly challenge: ReadonlyMap<string, string> | null;
  readonly resource: Readonly<Partial<Record<ResourcePlace, Answer>>>;
  /** By issuer, as the metadata write it; the MCP server's own origin is among them. */
  readonly servers: ReadonlyMap<string, ServerSurvey>;
}

/** One authorization server. */
export interface ServerSurvey {
  readonly issuer: string;
  readonly places: Readonly<Record<ServerPlace, Answer>>;
  /** Asked of the endpoints that the first readable document names. */
  readonly endpoints: EndpointSurvey | null;
  /** Where clients of 2025-03-26 go without metadata; asked only when there are none. */
  readonly defaultAuthorize: Answer | null;
}

export interface EndpointSurvey {
  readonly jwks: Answer | null;
  /** An empty token request: must be refused, in JSON. */
  readonly token: Answer | null;
  /** An authorization request of a client that nobody knows. */
  readonly authorize: Answer | null;
  readonly preflights: Readonly<Record<'metadata' | 'token' | 'register', Answer | null>>;
}

/** Where a stranger's authorization request asks to be sent. Nothing is there, and nothing ever will be (RFC 2606 §2). */
export const strangersRedirect = 'https://doctor.invalid/callback';

/** The page of MCP Inspector 1, which signs in from the browser. */
export const browserOrigin = 'http://localhost:6274';

/** Authorization servers that are looked at: the first ones that the metadata name. */
const maxServers = 3;

const discoveryHeaders = { accept: 'application/json', 'mcp-protocol-version': '2025-11-25' };

/** What every client sends first. A server that does not ask for tokens answers it, and nothing happens there. */
const opening: Question = {
  method: 'POST',
  headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
  body: JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'initialize',
    params: {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'sallyport-doctor', version: '1' },
    },
  }),
};

/** Asks everything that the clients ask before they sign in. Sends no credentials and registers nothing. */
export async function survey(given: URL, ask: Asking): Promise<Survey> {
  const post = await ask(given.href, opening);
  await endSession(given, post, ask);
  const silent = { ...post, status: 0, problem: 'was not asked' };
  // An endpoint that wants no token would answer GET with a stream that never ends.
  const closed = post.status !== 0 && post.status !== 200;
  const [get, head, preflight] = closed
    ? await Promise.all([
        ask(given.href, { headers: { accept: 'text/event-stream' } }),
        ask(given.href, { method: 'HEAD' }),
        ask(given.href, crossOrigin('POST', 'authorization, content-type, mcp-protocol-version')),
      ])
    : [silent, silent, silent];
  const challenge = readBearerChallenge(post.headers.get('www-authenticate') ?? '');
  const resource = await resourceMetadata(given, challenge?.get('resource_metadata'), ask);
  const servers = new Map<string, ServerSurvey>();
  for (const issuer of issuersOf(given, resource)) servers.set(issuer, await surveyServer(issuer, ask));
  return { given, mcp: { post, get, head }, preflight, challenge, resource, servers };
}

/** An endpoint that wants no token has begun a session: it is ended again (MCP 2025-11-25, transports, session management). */
async function endSession({ href }: URL, { status, headers }: Answer, ask: Asking): Promise<void> {
  const session = headers.get('mcp-session-id');
  if (status === 200 && session !== null)
    await ask(href, { method: 'DELETE', headers: { 'mcp-session-id': session } });
}

function crossOrigin(method: 'GET' | 'POST', headers: string): Question {
  return {
    method: 'OPTIONS',
    headers: {
      origin: browserOrigin,
      'access-control-request-method': method,
      'access-control-request-headers': headers,
    },
  };
}

async function resourceMetadata(
  given: URL,
  named: string | undefined,
  ask: Asking,
): Promise<Survey['resource']> {
  const places = (['path', 'root'] as const).map((place) =>
    ask(resourceUrl(given, place), { headers: discoveryHeaders }),
  );
  const [path, root] = await Promise.all(places);
  return {
    ...(path && { path }),
    ...(root && { root }),
    ...(named !== undefined && { challenge: await ask(named, { headers: discoveryHeaders }) }),
  };
}

/** The authorization servers that a client may end up with. */
function issuersOf(given: URL, resource: Survey['resource']): readonly string[] {
  const named = [resource.challenge, resource.path, resource.root].flatMap((answer) => {
    const list = answer?.status === 200 ? answer.document?.['authorization_servers'] : undefined;
    const first: unknown = Array.isArray(list) ? list[0] : undefined;
    return typeof first === 'string' && URL.canParse(first) ? [first] : [];
  });
  const path = given.pathname.replace(/\/$/u, '');
  // The URL itself may be an authorization server's issuer.
  return [...new Set([...new Set(named)].slice(0, maxServers).concat(given.origin, given.origin + path))];
}

async function surveyServer(issuer: string, ask: Asking): Promise<ServerSurvey> {
  const urls = serverPlaces.map((place) => [place, serverUrl(new URL(issuer), place)] as const);
  const asked = new Map<string, Promise<Answer>>();
  for (const [, url] of urls) {
    if (!asked.has(url)) asked.set(url, ask(url, { headers: discoveryHeaders }));
  }
  const answers = await Promise.all(urls.map(async ([place, url]) => [place, await asked.get(url)] as const));
  // Every place was asked, so every place has an answer.
  const places = Object.fromEntries(answers) as Record<ServerPlace, Answer>;
  const first = serverPlaces.map((place) => places[place]).find(isDocument);
  if (first) return { issuer, places, endpoints: await surveyEndpoints(first, ask), defaultAuthorize: null };
  const defaultAuthorize = await ask(`${new URL(issuer).origin}/authorize`);
  return { issuer, places, endpoints: null, defaultAuthorize };
}

async function surveyEndpoints({ url, document }: Answer, ask: Asking): Promise<EndpointSurvey> {
  const named = (name: string): string | null => {
    const value = document?.[name];
    return typeof value === 'string' && URL.canParse(value) ? value : null;
  };
  const askIf = async (target: string | null, question?: Question): Promise<Answer | null> =>
    target === null ? null : ask(target, question);
  const token = named('token_endpoint');
  const [jwks, refusal, authorize, forMetadata, forToken, forRegister] = await Promise.all([
    askIf(named('jwks_uri')),
    askIf(token, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
      body: 'grant_type=authorization_code',
    }),
    askIf(strangersRequest(named('authorization_endpoint'))),
    askIf(url, crossOrigin('GET', 'mcp-protocol-version')),
    askIf(token, crossOrigin('POST', 'content-type')),
    askIf(named('registration_endpoint'), crossOrigin('POST', 'content-type')),
  ]);
  return {
    jwks,
    token: refusal,
    authorize,
    preflights: { metadata: forMetadata, token: forToken, register: forRegister },
  };
}

function strangersRequest(endpoint: string | null): string | null {
  if (endpoint === null) return null;
  const url = new URL(endpoint);
  const parameters = {
    response_type: 'code',
    client_id: 'sallyport-doctor-nobody',
    redirect_uri: strangersRedirect,
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
    state: 'doctor',
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url.href;
}

/** Whether an answer is a JSON object that a client would read. */
export function isDocument(
  answer: Answer | undefined,
): answer is Answer & { readonly document: Readonly<Record<string, unknown>> } {
  return answer?.status === 200 && answer.document !== null;
}
