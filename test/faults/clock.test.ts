import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Actor } from './actor.ts';
import type { Instance } from './world.ts';
import { World } from './world.ts';

const hour = 3_600_000;
const upstreamLifetime = 300;

describe.each([
  { direction: 'forward', step: hour },
  { direction: 'back', step: -hour },
])('a clock that steps an hour $direction', ({ step }) => {
  let world: World;
  let instance: Instance;
  let actor: Actor;

  beforeEach(async () => {
    const config = { access: [{ email_domains: ['example.com'] }] };
    world = await World.start(config, { ttl: { accessToken: upstreamLifetime } });
    // Far from the beginning of anything that is kept.
    world.clock.now += hour;
    instance = await world.boot();
    actor = new Actor(world, instance);
  });
  afterEach(() => world.close());

  it('costs nobody a grant, there and back again', async () => {
    await actor.carryOn();
    for (const by of [step, -step, step, -step]) {
      world.clock.now += by;
      await actor.carryOn();
      expect(await actor.refresh()).toBe('done');
      expect(await actor.callMcp()).toBe('done');
    }
    expect(actor.logins).toBe(1);
  });

  it('leaves nobody stuck between the steps of a login', async () => {
    for (const stage of [1, 2, 3]) {
      const person = new Actor(world, instance);
      if (stage >= 1) await person.startLogin();
      if (stage >= 2) await person.followCallback();
      if (stage >= 3) await person.redeem();
      world.clock.now += step;
      await person.carryOn();
      // A login that seems an hour old is over; everything else goes on.
      expect({ stage, logins: person.logins }).toEqual({ stage, logins: step > 0 && stage < 3 ? 2 : 1 });
      world.clock.now -= step;
    }
  });

  it('freezes no cache: revocation is seen at once here, and soon in another process', async () => {
    const elsewhere = await world.boot();
    await actor.carryOn();
    const token = actor.tokens?.access_token ?? '';
    expect((await elsewhere.mcp(token)).status).toBe(200);
    await actor.revoke();
    world.clock.now += step;
    expect((await instance.mcp(token)).status).toBe(401);
    expect((await elsewhere.mcp(token)).status).toBe(401);
  });

  it('holds back no refresh: neither the lease of a process that died nor the wait after a failure', async () => {
    await actor.carryOn();
    world.clock.now += upstreamLifetime * 1000;
    world.provider.intercept((_request, response) => {
      response.writeHead(503).end();
      return true;
    });
    expect(await actor.callMcp()).toBe('again');
    world.provider.intercept(null);
    world.clock.now += step;
    const asked = world.asked('POST /token');
    await actor.carryOn();
    expect(actor.logins).toBe(1);
    // Back in time the upstream's token lives on; ahead of it, it was refreshed.
    expect(world.asked('POST /token') - asked).toBeLessThanOrEqual(1);
  });
});

describe('a clock that steps back by an hour', () => {
  it('makes no superseded refresh token good again, and costs the rightful client nothing', async () => {
    const world = await World.start();
    world.clock.now += hour;
    const actor = new Actor(world, await world.boot());
    await actor.carryOn();
    const thief = actor.tokens;
    expect(await actor.refresh()).toBe('done');
    world.clock.now += 30 * 60_000 - hour;
    const rightful = actor.tokens;
    actor.tokens = thief;
    expect(await actor.refresh()).toBe('gone');
    actor.tokens = rightful;
    expect(await actor.refresh()).toBe('done');
    await world.close();
  });

  it('keeps an access token good to the end that is written in it, by that clock', async () => {
    const world = await World.start();
    const instance = await world.boot();
    const actor = new Actor(world, instance);
    await actor.carryOn();
    const token = actor.tokens?.access_token ?? '';
    world.clock.now += hour;
    expect((await instance.mcp(token)).status).toBe(401);
    world.clock.now -= hour;
    expect((await instance.mcp(token)).status).toBe(200);
    world.clock.now += hour + 1000;
    expect((await instance.mcp(token)).status).toBe(401);
    await world.close();
  });
});
