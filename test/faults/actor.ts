import type { PkcePair } from '../fixtures/stack.ts';
import { Browser, issuer, pkce, redirectUri, sealedRequest } from '../fixtures/stack.ts';
import type { Front } from '../fixtures/stack.ts';

interface TokenAnswer {
  readonly access_token: string;
  readonly refresh_token: string;
}

/** A server as the actor meets it. */
export interface Place {
  readonly stack: Front;
  readonly mcp: (token: string) => Promise<Response>;
}

/** Everything that an actor does when something does not work: what real clients and people do. */
type Outcome = 'done' | 'again' | 'gone';

/** What outlives the servers. `clock`: milliseconds that passed in no time. */
interface Surroundings {
  readonly provider: Front['provider'];
  readonly clock: { now: number };
}

let count = 0;

/** A person with a browser and an MCP client, who carry on whatever happens to the server. */
export class Actor {
  /** Whom they talk to now. */
  instance: Place;
  /** How often the person was sent through a sign-in from the start. */
  logins = 0;
  /** Every answer that was not what they hoped for: `place status error`. */
  readonly complaints: string[] = [];
  tokens: TokenAnswer | null = null;
  readonly account: string;
  readonly #world: Surroundings;
  readonly #browser: Browser;
  #clientId = '';
  #pair: PkcePair = pkce();
  #form: Record<string, string> | null = null;
  #back: string | null = null;
  #patient = false;
  #code: string | null = null;

  /** @param account at the provider; nobody inherits what another one's crash left behind unless he asks for it */
  constructor(world: Surroundings, instance: Place, account = `account-${(count += 1)}`) {
    this.account = account;
    this.#world = world;
    this.instance = instance;
    this.#browser = new Browser((request) => this.instance.stack.fetch(request));
  }

  /** From the app's button to the consent page. */
  async openConsent(): Promise<void> {
    const { stack } = this.instance;
    this.logins += 1;
    if (this.#clientId === '') this.#clientId = (await stack.register()).client_id;
    this.#pair = pkce();
    const parameters = {
      client_id: this.#clientId,
      code_challenge: this.#pair.challenge,
      scope: 'openid email',
    };
    const page = await this.#browser.get(stack.authorizeUrl(parameters));
    this.#form = { request: sealedRequest(await page.text()), decision: 'allow' };
  }

  /** The person agrees, maybe once more, and signs in at the provider. */
  async postConsent(): Promise<Outcome> {
    const posted = await this.#browser.post(`${issuer}/oauth/consent`, this.#form ?? {});
    await this.#signInAt(posted.headers.get('location') ?? '');
    this.#form = null;
    return 'done';
  }

  /** From the app's button to the provider's answer, which the browser has not followed yet. */
  async startLogin(): Promise<void> {
    await this.openConsent();
    await this.postConsent();
  }

  /** Consents while something is broken, and sends the same form again when it is not. */
  async consentTwice(
    mend: () => void,
  ): Promise<{ status: number; retryAfter: string | null; text: string; again: number }> {
    const { stack } = this.instance;
    const { client_id } = await stack.register();
    const page = await this.#browser.get(
      stack.authorizeUrl({ client_id, code_challenge: this.#pair.challenge }),
    );
    const form = { request: sealedRequest(await page.text()), decision: 'allow' };
    const down = await this.#browser.post(`${issuer}/oauth/consent`, form);
    const { status, headers } = down;
    mend();
    const again = await this.#browser.post(`${issuer}/oauth/consent`, form);
    return { status, retryAfter: headers.get('retry-after'), text: await down.text(), again: again.status };
  }

  async #signInAt(address: string): Promise<void> {
    this.#back = await this.#world.provider.signIn(address, this.account);
  }

  /** The browser follows the provider's redirect, or the person reloads that page. */
  async followCallback(): Promise<Outcome> {
    const response = await this.#browser.get(this.#back ?? '');
    const location = response.headers.get('location') ?? '';
    const code = location.startsWith(redirectUri) ? new URL(location).searchParams.get('code') : null;
    if (code !== null) {
      this.#back = null;
      this.#code = code;
      return 'done';
    }
    if (location !== '' && !location.startsWith(redirectUri)) {
      await this.#signInAt(location);
      return 'again';
    }
    this.complaints.push(
      `callback ${response.status} ${URL.parse(location)?.searchParams.get('error') ?? ''}`,
    );
    if (this.#mayRetry(response)) return 'again';
    this.#back = null;
    return 'gone';
  }

  async redeem(): Promise<Outcome> {
    const code = this.#code ?? '';
    const form = { grant_type: 'authorization_code', client_id: this.#clientId, code };
    const response = await this.instance.stack.token({ ...form, code_verifier: this.#pair.verifier });
    const outcome = await this.#tokensOf('redeem', response);
    if (outcome !== 'again') this.#code = null;
    return outcome;
  }

  async refresh(): Promise<Outcome> {
    const { refresh_token } = this.tokens ?? { refresh_token: '' };
    return this.#tokensOf('refresh', await this.instance.stack.refresh(this.#clientId, refresh_token));
  }

  /** The client gives its grant back, and keeps the tokens to see what they are worth. */
  async revoke(): Promise<void> {
    const form = { client_id: this.#clientId, token: this.tokens?.refresh_token ?? '' };
    await this.instance.stack.call('/oauth/revoke', { method: 'POST', body: new URLSearchParams(form) });
  }

  async #tokensOf(place: string, response: Response): Promise<Outcome> {
    const body = (await response.json()) as TokenAnswer & { error?: string };
    if (response.status === 200) {
      this.tokens = body;
      return 'done';
    }
    this.complaints.push(`${place} ${response.status} ${body.error}`);
    if (this.#mayRetry(response)) return 'again';
    this.tokens = null;
    return 'gone';
  }

  /** Calls the MCP server; a 401 makes the client refresh first. */
  async callMcp(): Promise<Outcome> {
    const response = await this.instance.mcp(this.tokens?.access_token ?? '');
    await response.arrayBuffer();
    if (response.status === 200) return 'done';
    this.complaints.push(`mcp ${response.status}`);
    if (response.status === 401) await this.refresh();
    else if (!this.#mayRetry(response)) throw new Error(`the MCP endpoint answered ${response.status}`);
    return 'again';
  }

  /** Honours `Retry-After`; without one, 503 is an end like any other. */
  #mayRetry(response: Response): boolean {
    const seconds = Number(response.headers.get('retry-after') ?? 0);
    if (response.status !== 503 || seconds <= 0) return false;
    if (this.#patient) this.#world.clock.now += seconds * 1000;
    return true;
  }

  /** Goes on from wherever they are until the MCP server has answered; time passes quickly while they wait for that. */
  async carryOn(): Promise<void> {
    this.#patient = true;
    for (let step = 0; step < 30; step += 1) {
      if (this.tokens) {
        if ((await this.#whileTimePasses(() => this.callMcp())) === 'done') {
          this.#patient = false;
          return;
        }
      } else if (this.#code !== null) await this.redeem();
      else if (this.#form) await this.postConsent();
      else if (this.#back === null) await this.openConsent();
      else await this.followCallback();
    }
    throw new Error(`never signed in again: ${this.complaints.join(', ')}`);
  }

  /** So that leases of the dead run out while somebody waits for them. */
  async #whileTimePasses<T>(work: () => Promise<T>): Promise<T> {
    const time = setInterval(() => (this.#world.clock.now += 1000), 20);
    try {
      return await work();
    } finally {
      clearInterval(time);
    }
  }
}
