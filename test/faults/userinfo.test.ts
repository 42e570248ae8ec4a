import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { issuer, upstreamSecret } from '../fixtures/stack.ts';
import { Actor } from './actor.ts';
import { Sabotage, providerFaults } from './provider-faults.ts';
import { World } from './world.ts';

const rules = { access: [{ email_domains: ['example.com'] }], identity_max_age: '10m' };

describe('a provider without refresh tokens, whose userinfo is all that can be asked,', () => {
  let world: World;
  let sabotage: Sabotage;
  let actor: Actor;

  beforeAll(async () => {
    const client = {
      client_id: 'sallyport',
      client_secret: upstreamSecret,
      redirect_uris: [`${issuer}/oauth/callback`],
      grant_types: ['authorization_code'],
    };
    world = await World.start(rules, { clients: [client] });
    sabotage = new Sabotage(world.provider);
  });
  beforeEach(async () => {
    actor = new Actor(world, await world.boot({ collaborators: { fetch: sabotage.fetch } }));
    await actor.carryOn();
    world.clock.now += 600_001;
  });
  afterEach(async () => {
    sabotage.mend();
    await world.stopAll();
  });
  afterAll(() => world.close());

  it.each(providerFaults)(
    'answers with $fault: 503, one request in five seconds, nothing consumed',
    async (fault) => {
      sabotage.break('/me', fault);
      const asked = world.asked('GET /me');
      const outcomes = await Promise.all(Array.from({ length: 5 }, () => actor.refresh()));
      outcomes.push(await actor.refresh());
      expect(new Set(outcomes)).toEqual(new Set(['again']));
      expect(new Set(actor.complaints)).toEqual(new Set(['refresh 503 temporarily_unavailable']));
      expect(world.asked('GET /me') - asked).toBe(1);
      sabotage.mend();
      world.clock.now += 5000;
      expect(await actor.refresh()).toBe('done');
      expect(actor.logins).toBe(1);
    },
  );

  it('names somebody else: the sign-in ends, because it is not the user’s any more', async () => {
    world.provider.intercept((request, response) => {
      if (request.url !== '/me') return false;
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"sub":"mallory"}');
      return true;
    });
    expect(await actor.refresh()).toBe('gone');
    expect(actor.complaints).toEqual(['refresh 400 invalid_grant']);
    sabotage.mend();
    await actor.carryOn();
    expect(actor.logins).toBe(2);
  });
});
