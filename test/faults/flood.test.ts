import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { toFetchHandler } from '../../src/http/fetch.ts';
import { Browser, issuer, pkce, sealedRequest, startStack } from '../fixtures/stack.ts';
import type { Stack } from '../fixtures/stack.ts';
import { World } from './world.ts';

// Real processes and floods take their time on a small machine.
vi.setConfig({ testTimeout: 120_000 });

/** Sends requests from an address of its choice. */
function browserAt(stack: Stack, remoteAddress: string): Browser {
  const handle = toFetchHandler(stack.auth.handle);
  return new Browser((request) => handle(request, { remoteAddress }));
}

/** From the authorization request to the provider's address: what leaves a row behind. */
async function consent(stack: Stack, browser: Browser, parameters: Record<string, string>): Promise<string> {
  const page = await browser.get(stack.authorizeUrl(parameters));
  const request = sealedRequest(await page.text());
  const posted = await browser.post(`${issuer}/oauth/consent`, { request, decision: 'allow' });
  return posted.headers.get('location') ?? '';
}

/** Somebody who only wants to sign in, one step at a time. */
class Honest {
  readonly #stack: Stack;
  readonly #browser: Browser;
  readonly #clientId: string;
  readonly #pair = pkce();
  #address = '';

  constructor(stack: Stack, clientId: string, remoteAddress: string) {
    this.#stack = stack;
    this.#clientId = clientId;
    this.#browser = browserAt(stack, remoteAddress);
  }

  async begin(): Promise<this> {
    const parameters = { client_id: this.#clientId, code_challenge: this.#pair.challenge };
    this.#address = await consent(this.#stack, this.#browser, parameters);
    return this;
  }

  /** @returns the status of the token answer, or of the page that ended it */
  async finish(): Promise<number> {
    const back = await this.#stack.provider.signIn(this.#address, 'alice');
    const response = await this.#browser.get(back);
    const code = URL.parse(response.headers.get('location') ?? '')?.searchParams.get('code') ?? '';
    if (code === '') return response.status;
    const form = { grant_type: 'authorization_code', client_id: this.#clientId, code };
    return (await this.#stack.token({ ...form, code_verifier: this.#pair.verifier })).status;
  }
}

describe.each(['memory', 'sqlite'])('a flood of logins that nobody finishes, over %s,', (storage) => {
  let world: World;
  let stack: Stack;
  let clientId: string;
  beforeEach(async () => {
    world = await World.start();
    const memory = { provider: world.provider, clock: world.clock };
    stack = storage === 'sqlite' ? (await world.boot()).stack : await startStack({}, memory);
    clientId = (await stack.register()).client_id;
  });
  afterEach(async () => {
    if (storage === 'memory') await stack.auth.close();
    await world.close();
  });

  /** `count` logins, in turn from each address. */
  const flood = async (count: number, addressOf: (index: number) => string): Promise<void> => {
    const parameters = { client_id: clientId, code_challenge: pkce().challenge };
    for (let done = 0; done < count; done += 50) {
      const some = Array.from({ length: 50 }, (_, index) => browserAt(stack, addressOf(done + index)));
      await Promise.all(some.map((browser) => consent(stack, browser, parameters)));
    }
  };

  it('from one address fills its own share, and nobody else notices', async () => {
    const before = await new Honest(stack, clientId, '192.0.2.1').begin();
    await flood(1200, () => '203.0.113.9');
    expect((await stack.store.stats()).pending).toBe(1001);
    const during = await new Honest(stack, clientId, '192.0.2.2').begin();
    await flood(100, () => '203.0.113.9');
    expect([await before.finish(), await during.finish()]).toEqual([200, 200]);
  });

  it('from many addresses fills the house, and costs the floods their own', async () => {
    const before = await new Honest(stack, clientId, '192.0.2.1').begin();
    await flood(2200, (index) => `203.0.113.${index % 40}`);
    expect((await stack.store.stats()).pending).toBe(2000);
    const during = await new Honest(stack, clientId, '192.0.2.2').begin();
    await flood(200, (index) => `203.0.113.${index % 40}`);
    expect([await before.finish(), await during.finish()]).toEqual([200, 200]);
    // Everything goes with its ten minutes.
    world.clock.now += 600_001;
    await new Honest(stack, clientId, '192.0.2.3').begin();
    await expect.poll(async () => (await stack.store.stats()).pending, { timeout: 10_000 }).toBe(1);
  });

  it('of registrations and pages leaves nothing behind at all', async () => {
    const before = await stack.store.stats();
    for (let index = 0; index < 300; index += 1) {
      const { client_id } = await stack.register({ client_name: `App ${index}` });
      await browserAt(stack, '203.0.113.9').get(
        stack.authorizeUrl({ client_id, code_challenge: pkce().challenge }),
      );
    }
    expect(await stack.store.stats()).toEqual(before);
  });
});
