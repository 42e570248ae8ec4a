import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Actor } from './actor.ts';
import type { Instance } from './world.ts';
import { World } from './world.ts';

const upstreamLifetime = 300;

describe('a provider that gives a refresh token at the first sign-in only', () => {
  let world: World;
  let instance: Instance;
  let gives: boolean;
  beforeEach(async () => {
    gives = true;
    const issueRefreshToken = (): boolean => gives;
    world = await World.start(
      {},
      { ttl: { accessToken: upstreamLifetime }, configuration: { issueRefreshToken } },
    );
    instance = await world.boot();
  });
  afterEach(() => world.close());

  it('and refuses the old one while the user signs in again: the new sign-in stays', async () => {
    const actor = new Actor(world, instance);
    await actor.carryOn();
    world.clock.now += upstreamLifetime * 1000;
    const held: ServerResponse[] = [];
    world.provider.intercept((request, response) => {
      if (request.url !== '/token') return false;
      held.push(response);
      return true;
    });
    const refreshing = actor.callMcp();
    await expect.poll(() => held.length).toBe(1);
    world.provider.intercept(null);
    gives = false;
    const again = new Actor(world, instance, actor.account);
    await again.startLogin();
    await again.followCallback();
    await again.redeem();
    for (const response of held)
      response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":"invalid_grant"}');
    await refreshing;
    expect([await again.callMcp(), await again.refresh(), await again.callMcp()]).toEqual([
      'done',
      'done',
      'done',
    ]);
    expect({ logins: again.logins, complaints: again.complaints }).toEqual({ logins: 1, complaints: [] });
  });
});
