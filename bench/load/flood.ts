import { randomBytes } from 'node:crypto';
import { Connection } from './connection.ts';

/** What strangers can send without an account. */
export interface FloodPlan {
  readonly port: number;
  /** Rounds of a registration, an authorization request and a consent. */
  readonly rounds: number;
  readonly connections: number;
  /** Every connection comes from an address of its own. */
  readonly sources: 'one' | 'many';
}

export interface FloodResult {
  readonly rounds: number;
  readonly seconds: number;
  /** Answers other than the expected ones, by status. */
  readonly refused: Readonly<Record<string, number>>;
}

/** What an honest user sees meanwhile. */
export interface LoginsPlan {
  readonly port: number;
  readonly rounds: number;
  /** Milliseconds between two. */
  readonly pause: number;
  /** Milliseconds that the user spends at the provider. */
  readonly away: number;
}

export interface LoginsResult {
  /** Of those that wait for the provider's answer, how many were still known when it came. */
  readonly kept: number;
  readonly lost: number;
  /** Milliseconds that the steps before the provider took together, each time. */
  readonly times: readonly number[];
}

const redirectUri = 'http://127.0.0.1:33418/callback';
const challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';

/** Registers, asks for authorization and consents, again and again, and never comes back. */
export async function runFlood({ port, rounds, connections, sources }: FloodPlan): Promise<FloodResult> {
  const refused: Record<string, number> = {};
  const began = performance.now();
  let left = rounds;
  const one = async (index: number): Promise<void> => {
    const from = `127.${sources === 'many' ? index + 1 : 1}.7.1`;
    const connection = await Connection.open(port, from);
    while (left-- > 0) {
      const answer = await beginLogin(connection);
      if (answer.status !== 303) refused[answer.status] = (refused[answer.status] ?? 0) + 1;
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: connections }, (_, index) => one(index)));
  return { rounds, seconds: (performance.now() - began) / 1000, refused };
}

/** Honest users, one after the other, from another address. */
export async function runLogins({ port, rounds, pause, away }: LoginsPlan): Promise<LoginsResult> {
  const times: number[] = [];
  const outcomes: Promise<boolean>[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const connection = await Connection.open(port, '127.200.0.1');
    const began = performance.now();
    const { location, cookie } = await beginLogin(connection);
    times.push(performance.now() - began);
    outcomes.push(comeBack(connection, { location, cookie, away }));
    await wait(pause);
  }
  const known = await Promise.all(outcomes);
  return { kept: known.filter(Boolean).length, lost: known.filter((kept) => !kept).length, times };
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The user declines at the provider: what the server then knows of the login shows in its answer. */
async function comeBack(
  connection: Connection,
  { location, cookie, away }: { readonly location: string; readonly cookie: string; readonly away: number },
): Promise<boolean> {
  await wait(away);
  const state = new URL(location).searchParams.get('state') ?? '';
  const query = new URLSearchParams({ error: 'access_denied', state });
  const { head } = await connection.send(
    `GET /oauth/callback?${query} HTTP/1.1\r\nhost: localhost:8080\r\ncookie: ${cookie}\r\n\r\n`,
  );
  connection.close();
  return /\r\nlocation: [^\r]*error=access_denied/iu.test(head);
}

interface Begun {
  readonly status: number;
  /** Where the provider is. */
  readonly location: string;
  readonly cookie: string;
}

async function beginLogin(connection: Connection): Promise<Begun> {
  const metadata = JSON.stringify({
    client_name: `App ${randomBytes(6).toString('hex')}`,
    redirect_uris: [redirectUri],
  });
  const registered = await connection.send(
    post('/oauth/register', metadata, 'content-type: application/json\r\n'),
  );
  const clientId = /"client_id":"([^"]+)"/u.exec(registered.body)?.[1];
  if (clientId === undefined) return { status: registered.status, location: '', cookie: '' };
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri,
    code_challenge: challenge,
    code_challenge_method: 'S256',
    state: randomBytes(8).toString('hex'),
  });
  const shown = await connection.send(
    `GET /oauth/authorize?${query} HTTP/1.1\r\nhost: localhost:8080\r\n\r\n`,
  );
  const request = /name="request"[^>]*value="([^"]+)"/u.exec(shown.body)?.[1];
  const cookie = /\r\nset-cookie: ([^;\r]+)/iu.exec(shown.head)?.[1] ?? '';
  if (request === undefined) return { status: shown.status, location: '', cookie };
  const form = new URLSearchParams({ request, decision: 'allow' }).toString();
  const type = 'content-type: application/x-www-form-urlencoded\r\n';
  const origin = `cookie: ${cookie}\r\norigin: http://localhost:8080\r\n`;
  const { status, head } = await connection.send(post('/oauth/consent', form, type + origin));
  return { status, location: /\r\nlocation: ([^\r]+)/iu.exec(head)?.[1] ?? '', cookie };
}

function post(path: string, body: string, headers: string): string {
  return `POST ${path} HTTP/1.1\r\nhost: localhost:8080\r\n${headers}content-length: ${body.length}\r\n\r\n${body}`;
}
