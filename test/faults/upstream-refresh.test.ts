import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Actor } from './actor.ts';
import { Crash } from './crash.ts';
import type { Instance } from './world.ts';
import { World } from './world.ts';

/** Five minutes: shorter than our own access tokens. */
const upstreamLifetime = 300;

/** What a refresh of the upstream's tokens asks of store and network, in a process that has just begun. */
const steps = [
  'store readSession',
  'store beginUpstreamRefresh',
  'fetch POST /token',
  'store endUpstreamRefresh',
  'fetch GET /jwks',
  'store endUpstreamRefresh',
] as const;

/** Moments when the provider has spent a token and we have not written down the next one. */
const inFlight = new Set(['after 2', 'before 3']);

/** The provider's metadata are at hand: no other request comes between. */
async function known({ stack }: Instance): Promise<void> {
  await vi.waitFor(async () => expect((await stack.auth.readiness()).ready).toBe(true), { timeout: 10_000 });
}

describe.each([
  { kind: 'whose refresh tokens stay', rotate: false },
  {
    kind: 'with strict single-use refresh tokens',
    rotate: true,
  },
])('random kills during refreshes at a provider $kind', ({ rotate }) => {
  let world: World;
  beforeAll(async () => {
    world = await World.start({}, { ttl: { accessToken: upstreamLifetime }, rotateRefreshTokens: rotate });
  });
  afterAll(() => world.close());

  it(
    'cost a sign-in where a token for single use was in flight, and nowhere else',
    { timeout: 120_000 },
    async () => {
      const kills = fc.sample(
        fc.record({
          index: fc.nat(steps.length - 1),
          when: fc.constantFrom('before' as const, 'after' as const),
        }),
        { numRuns: 20, seed: 20_261_123 },
      );
      const actor = new Actor(world, await world.boot());
      await actor.carryOn();
      let expected = 1;
      for (const kill of kills) {
        await world.stopAll();
        const crash = new Crash();
        const doomed = await world.boot({
          wrapStore: (store) => crash.store(store),
          collaborators: crash.collaborators(),
        });
        await known(doomed);
        actor.instance = doomed;
        expect(await actor.refresh()).toBe('done');
        world.clock.now += upstreamLifetime * 1000;
        crash.arm(kill);
        const running = actor.callMcp().catch(() => 'connection lost');
        expect(await Promise.race([running, crash.happened])).toBe('crashed');
        expect(crash.calls).toEqual(steps.slice(0, kill.index + 1));
        await world.stopAll();
        // The lease of the dead; what is done while it runs is played elsewhere, point by point.
        world.clock.now += 21_000;
        actor.instance = await world.boot();
        await actor.carryOn();
        if (rotate && inFlight.has(`${kill.when} ${kill.index}`)) expected += 1;
        expect({ kill, logins: actor.logins }).toEqual({ kill, logins: expected });
      }
    },
  );
});

describe('a thousand calls in two gateways on one file, again and again with an expired upstream token', () => {
  let world: World;
  beforeAll(async () => {
    world = await World.start({}, { ttl: { accessToken: upstreamLifetime }, rotateRefreshTokens: true });
  });
  afterAll(() => world.close());

  it('never show the provider one refresh token twice', { timeout: 120_000 }, async () => {
    const gateways = [await world.boot(), await world.boot()] as const;
    const actor = new Actor(world, gateways[0]);
    await actor.carryOn();
    const asked = world.asked('POST /token');
    const rounds = 20;
    for (let round = 0; round < rounds; round += 1) {
      world.clock.now += upstreamLifetime * 1000;
      if (round % 4 === 0) await actor.refresh();
      const token = actor.tokens?.access_token ?? '';
      const calls = Array.from({ length: 50 }, (_, index) => gateways[index % 2 === 0 ? 0 : 1].mcp(token));
      const answers = await Promise.all(calls);
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    }
    // This provider ends everything of a grant when a refresh token comes twice.
    expect(world.asked('POST /token') - asked).toBe(rounds);
    expect(actor.logins).toBe(1);
  });
});
