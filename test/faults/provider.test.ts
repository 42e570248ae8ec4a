import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Actor } from './actor.ts';
import { Sabotage, providerFaults } from './provider-faults.ts';
import type { Instance } from './world.ts';
import { World } from './world.ts';

const upstreamLifetime = 300;
const rules = { access: [{ email_domains: ['example.com'] }], identity_max_age: '10m' };

describe.each(providerFaults)('a provider that answers with $fault', (fault) => {
  let world: World;
  let sabotage: Sabotage;
  let instance: Instance;
  let actor: Actor;

  // ID tokens tell the subject only, so that every login and renewal needs userinfo as well.
  beforeAll(async () => {
    world = await World.start(rules, { ttl: { accessToken: upstreamLifetime }, thinIdTokens: true });
    sabotage = new Sabotage(world.provider);
  });
  afterEach(async () => {
    sabotage.mend();
    await world.stopAll();
  });
  afterAll(() => world.close());

  const boot = async (): Promise<void> => {
    instance = await world.boot({ collaborators: { fetch: sabotage.fetch } });
    actor = new Actor(world, instance);
  };
  const signedIn = async (): Promise<void> => {
    await boot();
    await actor.carryOn();
    expect(actor.complaints).toEqual([]);
  };
  const worksAgain = async (): Promise<void> => {
    sabotage.mend();
    await actor.carryOn();
    expect(actor.logins).toBe(1);
  };

  it('when it is discovered: the page says so, and the same consent works when it is back', async () => {
    sabotage.break('/.well-known/', fault);
    await boot();
    const ready = await instance.stack.auth.readiness();
    expect(ready).toMatchObject({ ready: false, problems: [expect.stringContaining('demo') as string] });
    const { status, retryAfter, text, again } = await actor.consentTwice(() => sabotage.mend());
    expect({ status, retryAfter }).toEqual({ status: 503, retryAfter: '5' });
    expect(text).toContain('cannot be reached');
    expect(again).toBe(303);
    expect((await instance.stack.auth.readiness()).ready).toBe(true);
  });

  it.each(['/token', '/jwks'])(
    'to %s at the callback: nobody is signed in, and a reload or a new try works',
    async (path) => {
      await boot();
      await actor.startLogin();
      const { grants } = await instance.stack.store.stats();
      sabotage.break(path, fault);
      const outcome = await actor.followCallback();
      const expected = fault.passing
        ? { outcome: 'again', complaints: ['callback 503 '] }
        : { outcome: 'gone', complaints: ['callback 303 server_error'] };
      expect({ outcome, complaints: actor.complaints }).toEqual(expected);
      expect((await instance.stack.store.stats()).grants).toBe(grants);
      sabotage.mend();
      await actor.carryOn();
      expect(actor.logins).toBe(fault.passing ? 1 : 2);
    },
  );

  it('to a refresh: 503, one request in five seconds, and nothing is lost', async () => {
    await signedIn();
    world.clock.now += upstreamLifetime * 1000;
    sabotage.break('/token', fault);
    const asked = world.asked('POST /token');
    for (let request = 0; request < 5; request += 1) expect(await actor.callMcp()).toBe('again');
    expect(actor.complaints).toEqual(Array.from({ length: 5 }, () => 'mcp 503'));
    expect(world.asked('POST /token') - asked).toBe(1);
    await worksAgain();
  });

  it('to a renewal of the evidence: 503, and nothing is consumed', async () => {
    await signedIn();
    world.clock.now += 600_001;
    sabotage.break('/token', fault);
    const asked = world.asked('POST /token');
    for (let request = 0; request < 5; request += 1) expect(await actor.refresh()).toBe('again');
    expect(actor.complaints).toEqual(Array.from({ length: 5 }, () => 'refresh 503 temporarily_unavailable'));
    expect(world.asked('POST /token') - asked).toBe(1);
    await worksAgain();
    expect(await actor.refresh()).toBe('done');
  });

  it.each(['/jwks', '/me'])('to %s at a renewal: fresh tokens vouch for the user', async (path) => {
    await signedIn();
    await world.stopAll();
    // Another process, which knows no keys yet.
    const known = { tokens: actor.tokens };
    instance = await world.boot({ collaborators: { fetch: sabotage.fetch } });
    Object.assign(actor, { instance, ...known });
    world.clock.now += 600_001;
    sabotage.break(path, fault);
    expect(await actor.refresh()).toBe('done');
    expect(actor.complaints).toEqual([]);
    await worksAgain();
  });
});
