import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Actor } from './actor.ts';
import { Farm } from './processes.ts';
import type { Running } from './processes.ts';

// Real processes and floods take their time on a small machine.
vi.setConfig({ testTimeout: 120_000 });

/** Refreshes and calls as fast as it goes until the server is gone; what came is the client's. */
async function keepBusy(actor: Actor): Promise<void> {
  try {
    for (;;) {
      await actor.refresh();
      await actor.callMcp();
    }
  } catch {
    // The connection broke: the client keeps the last tokens that it got.
  }
}

describe('kill -9 of a gateway under traffic', () => {
  let farm: Farm;
  let running: Running;
  beforeAll(async () => {
    farm = await Farm.start();
    running = await farm.launch();
  });
  afterAll(() => farm.close());

  it('loses nothing that a client was told, time and again', async () => {
    const actors = Array.from({ length: 6 }, () => new Actor(farm, running));
    for (const actor of actors) await actor.carryOn();
    for (const delay of [150, 40, 90]) {
      const busy = actors.map((actor) => keepBusy(actor));
      await new Promise((resolve) => setTimeout(resolve, delay));
      running.child.kill('SIGKILL');
      await running.ended;
      await Promise.all(busy);
      running = await farm.launch();
      for (const actor of actors) {
        actor.instance = running;
        await actor.carryOn();
        expect(await actor.refresh()).toBe('done');
      }
    }
    expect(actors.map(({ logins, complaints }) => ({ logins, complaints }))).toEqual(
      actors.map(() => ({ logins: 1, complaints: [] })),
    );
  });
});

/** Tokens of a login are to be refreshed at once, those of a refresh are good for an hour. */
function lifetime(context: {
  readonly oidc: { readonly params?: Record<string, unknown> | undefined };
}): number {
  return context.oidc.params?.['grant_type'] === 'refresh_token' ? 3600 : 30;
}

describe('two gateways on one database', () => {
  let farm: Farm;
  let gateways: readonly [Running, Running];
  beforeAll(async () => {
    farm = await Farm.start({ configuration: { ttl: { AccessToken: lifetime, RefreshToken: 86_400 } } });
    gateways = await Promise.all([farm.launch(), farm.launch()]);
  });
  afterAll(() => farm.close());

  it('serve one login and its refreshes, each request by the other one', async () => {
    let turn = 0;
    const next = (): Running => gateways[(turn += 1) % 2 === 0 ? 0 : 1];
    const alternating = {
      stack: Object.assign(Object.create(gateways[0].stack) as Running['stack'], {
        fetch: (request: Request) => next().stack.fetch(request),
      }),
      mcp: (token: string) => next().mcp(token),
    };
    const actor = new Actor(farm, alternating);
    await actor.carryOn();
    for (let round = 0; round < 6; round += 1) {
      expect(await actor.refresh()).toBe('done');
      expect(await actor.callMcp()).toBe('done');
    }
    expect({ logins: actor.logins, complaints: actor.complaints }).toEqual({ logins: 1, complaints: [] });
  });

  it('lead an upstream refresh once, whoever is asked', async () => {
    const actor = new Actor(farm, gateways[0]);
    await actor.startLogin();
    await actor.followCallback();
    await actor.redeem();
    const { access_token: token } = actor.tokens ?? { access_token: '' };
    const asked = (): number => farm.provider.requests.filter((one) => one === 'POST /token').length;
    const before = asked();
    const all = Array.from({ length: 20 }, (_, index) => gateways[index % 2 === 0 ? 0 : 1].mcp(token));
    const answers = await Promise.all(all);
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(asked() - before).toBe(1);
  });

  it('see a revocation of the other one within the liveness cache', async () => {
    const actor = new Actor(farm, gateways[0]);
    await actor.carryOn();
    const { access_token: token } = actor.tokens ?? { access_token: '' };
    expect((await gateways[1].mcp(token)).status).toBe(200);
    await actor.revoke();
    expect((await gateways[0].mcp(token)).status).toBe(401);
    await expect
      .poll(async () => (await gateways[1].mcp(token)).status, { timeout: 15_000, interval: 250 })
      .toBe(401);
  });
});
