import { setTimeout as sleep } from 'node:timers/promises';
import { Browser, pkce, sealedRequest } from '../../test/fixtures/stack.ts';
import type { SoakHttp } from './http.ts';
import type { Tally } from './tally.ts';

/** What one user's app works with. */
export interface ClientParts {
  /** Of the gateway. */
  readonly issuer: string;
  readonly http: SoakHttp;
  readonly tally: Tally;
  /** Plays the person at the provider; returns the address that the browser is sent back to. */
  readonly signIn: (url: string, account: string) => Promise<string>;
  readonly account: string;
  /** Milliseconds between two steps, on average. */
  readonly pause: number;
  readonly running: () => boolean;
  /** Whether the gateway was stopped on purpose a moment ago. */
  readonly away: () => boolean;
}

interface Session {
  readonly clientId: string;
  accessToken: string;
  refreshToken: string;
  /** Moment, in milliseconds. */
  expiresAt: number;
}

const redirectUri = 'http://127.0.0.1:33418/callback';

/** Refreshed this long before the end, as apps do. */
const margin = 5000;

/** Logins in a row that may fail while the provider is out of order. */
const maxLogins = 20;

/** One user with one app: signs in, works, refreshes, sometimes signs out; and signs in again only when told so. */
export class SoakClient {
  readonly #parts: ClientParts;

  constructor(parts: ClientParts) {
    this.#parts = parts;
  }

  async run(): Promise<void> {
    const { running, tally } = this.#parts;
    while (running()) {
      try {
        const session = await this.#login();
        if (session) await this.#work(session);
      } catch (error) {
        tally.failure(`client: ${error instanceof Error ? error.message : String(error)}`);
        await sleep(1000);
      }
    }
  }

  async #work(session: Session): Promise<void> {
    const { running, pause } = this.#parts;
    let alive = true;
    while (alive && running()) {
      await sleep(Math.random() * 2 * pause);
      alive = await this.#step(session);
    }
  }

  /** False when only a new login helps. */
  async #step(session: Session): Promise<boolean> {
    const dice = Math.random();
    if (session.expiresAt - Date.now() < margin || dice < 0.03) return this.#refresh(session);
    if (dice < 0.035) return this.#refreshTwice(session);
    if (dice < 0.038) return this.#signOut(session);
    return this.#callMcp(session, dice < 0.08 ? 'GET' : 'POST');
  }

  async #callMcp(session: Session, method: 'GET' | 'POST'): Promise<boolean> {
    const { http, tally } = this.#parts;
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const response = await http.send(`mcp ${method}`, '/mcp', {
        method,
        headers: {
          authorization: `Bearer ${session.accessToken}`,
          accept: 'application/json, text/event-stream',
          'content-type': 'application/json',
        },
        ...(method === 'POST' && {
          body: `{"jsonrpc":"2.0","id":1,"method":"ping","params":{"pad":"${'x'.repeat(500)}"}}`,
        }),
      });
      if (response.status === 200) {
        if (method === 'GET' && response.text.split('data:').length !== 6)
          tally.note('mcp GET: stream ended early');
        return true;
      }
      if (response.status !== 401) {
        tally.failure(`mcp ${method}: ${response.status} ${response.text.slice(0, 120)}`);
        return true;
      }
      // What every client does: once with a new token, else to the beginning.
      if (!(await this.#refresh(session))) return false;
    }
    tally.failure(`mcp ${method}: 401 with a token that was just refreshed`);
    return false;
  }

  async #refresh(session: Session): Promise<boolean> {
    const { http, tally } = this.#parts;
    const response = await http.form('refresh', '/oauth/token', {
      grant_type: 'refresh_token',
      client_id: session.clientId,
      refresh_token: session.refreshToken,
    });
    if (response.status === 200) {
      Object.assign(session, tokensOf(response.text));
      return true;
    }
    const { error, error_description } = errorOf(response.text);
    tally.note(`refresh refused: ${error} (${error_description})`);
    if (response.status !== 400 || error !== 'invalid_grant')
      tally.failure(`refresh: ${response.status} ${error}`);
    return false;
  }

  /** Two windows of one app: both must get tokens, and the last answer must be good. */
  async #refreshTwice(session: Session): Promise<boolean> {
    const copies = [{ ...session }, { ...session }] as const;
    const [first, second] = copies;
    const good = await Promise.all([this.#refresh(first), this.#refresh(second)]);
    Object.assign(session, good[0] ? first : second);
    return good.some(Boolean);
  }

  async #signOut(session: Session): Promise<boolean> {
    const { http, tally } = this.#parts;
    const form = { client_id: session.clientId, token: session.refreshToken };
    const response = await http.form('revoke', '/oauth/revoke', form);
    if (response.status !== 200) tally.failure(`revoke: ${response.status}`);
    const headers = { authorization: `Bearer ${session.accessToken}` };
    const after = await http.send('mcp after revoke', '/mcp', { method: 'POST', headers, body: '{}' });
    if (after.status !== 401) tally.failure(`a revoked token gets ${after.status}`);
    return false;
  }

  async #login(): Promise<Session | null> {
    const { running, tally } = this.#parts;
    for (let attempt = 0; attempt < maxLogins && running(); attempt += 1) {
      const session = await this.#tryLogin();
      if (session) {
        tally.note('login: ok');
        return session;
      }
      tally.note('login: begun again');
      await sleep(1000 + Math.random() * 2000);
    }
    if (running()) tally.failure(`login: gave up after ${maxLogins} times`);
    return null;
  }

  /** `null` when the provider was out of order, and the user has to begin again. */
  async #tryLogin(): Promise<Session | null> {
    const { issuer, http, signIn, account } = this.#parts;
    const registration = await http.send('register', '/oauth/register', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ client_name: `App of ${account}`, redirect_uris: [redirectUri] }),
    });
    const { client_id: clientId } = JSON.parse(registration.text) as { client_id: string };
    const { verifier, challenge } = pkce();
    const url = new URL('/oauth/authorize', issuer);
    const resource = `${issuer}/mcp`;
    const query = { response_type: 'code', client_id: clientId, redirect_uri: redirectUri, resource };
    const proof = { code_challenge: challenge, code_challenge_method: 'S256', scope: 'openid profile email' };
    url.search = new URLSearchParams({ ...query, ...proof, state: account }).toString();
    const browser = new Browser((request) => http.browse(request));
    const page = await (await browser.get(url.href)).text();
    const form = { request: sealedRequest(page), decision: 'allow' };
    const consented = await browser.post(`${issuer}/oauth/consent`, form);
    const upstream = consented.headers.get('location');
    if (upstream === null) return this.#excuse('consent', consented);
    let returned = await browser.get(await signIn(upstream, account));
    let location = returned.headers.get('location');
    // A callback that the provider failed is asked again, and sends the browser to the provider once more.
    while (location?.startsWith(new URL(upstream).origin) === true) {
      returned = await browser.get(await signIn(location, account));
      location = returned.headers.get('location');
    }
    if (location === null) return this.#excuse('callback', returned);
    const answer = new URL(location).searchParams;
    const code = answer.get('code');
    if (code === null) return this.#excuse(`callback ${answer.get('error')}`, returned);
    return this.#redeem({ clientId, code, verifier });
  }

  async #redeem(with_: { clientId: string; code: string; verifier: string }): Promise<Session | null> {
    const { http, tally } = this.#parts;
    const response = await http.form('code', '/oauth/token', {
      grant_type: 'authorization_code',
      client_id: with_.clientId,
      code: with_.code,
      code_verifier: with_.verifier,
      redirect_uri: redirectUri,
    });
    if (response.status === 200) return { clientId: with_.clientId, ...tokensOf(response.text) };
    const { error, error_description } = errorOf(response.text);
    // The answer to the first attempt was lost with the process that gave it.
    if (error === 'invalid_grant' && response.retried) tally.note('code: spent by a lost answer');
    else tally.failure(`code: ${response.status} ${error} (${error_description})`);
    return null;
  }

  /** A page that says "try again" is a recovery by the user; any other is our fault. */
  async #excuse(step: string, response: Response): Promise<null> {
    const text = await response.text();
    const title = /<h1[^>]*>([^<]*)/u.exec(text)?.[1] ?? '';
    const excused = response.status >= 502 || /server_error|temporarily_unavailable/u.test(step);
    this.#parts.tally.note(`${step}: ${response.status} ${title}`);
    if (!excused && !this.#parts.away()) this.#parts.tally.failure(`${step}: ${response.status} ${title}`);
    return null;
  }
}

function tokensOf(text: string): Omit<Session, 'clientId'> {
  const tokens = JSON.parse(text) as { access_token: string; refresh_token: string; expires_in: number };
  return {
    accessToken: tokens.access_token,
    refreshToken: tokens.refresh_token,
    expiresAt: Date.now() + tokens.expires_in * 1000,
  };
}

function errorOf(text: string): { error: string; error_description: string } {
  try {
    return JSON.parse(text) as { error: string; error_description: string };
  } catch {
    return { error: 'not JSON', error_description: text.slice(0, 120) };
  }
}
