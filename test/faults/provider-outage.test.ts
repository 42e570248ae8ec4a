import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Actor } from './actor.ts';
import type { Instance } from './world.ts';
import { World } from './world.ts';

const upstreamLifetime = 300;
const hour = 3_600_000;

describe('a provider', () => {
  let world: World;
  let instance: Instance;
  let actor: Actor;

  beforeEach(async () => {
    const config = { access: [{ email_domains: ['example.com'] }], identity_max_age: '10m' };
    world = await World.start(config, { ttl: { accessToken: upstreamLifetime } });
    instance = await world.boot();
    actor = new Actor(world, instance);
    await actor.carryOn();
  });
  afterEach(() => world.close());

  const fails = (path: string): void => {
    world.provider.intercept((request, response) => {
      if (request.url?.startsWith(path) !== true) return false;
      response.writeHead(503).end('{}');
      return true;
    });
  };

  it('that answers 5xx for five minutes costs nobody a grant, and is asked by each once in five seconds', async () => {
    const actors = [actor, new Actor(world, instance), new Actor(world, instance)];
    for (const one of actors.slice(1)) await one.carryOn();
    // Both the tokens and the evidence are to be renewed.
    world.clock.now += 600_001;
    fails('/');
    const asked = world.provider.requests.length;
    const end = world.clock.now + 300_000;
    for (; world.clock.now < end; world.clock.now += 5000) {
      for (const one of actors) {
        expect([await one.callMcp(), await one.refresh(), await one.callMcp()]).toEqual([
          'again',
          'again',
          'again',
        ]);
      }
    }
    const complaints = new Set(actors.flatMap((one) => one.complaints));
    expect(complaints).toEqual(new Set(['mcp 503', 'refresh 503 temporarily_unavailable']));
    expect(world.provider.requests.length - asked).toBeLessThanOrEqual(60 * actors.length);
    world.provider.intercept(null);
    for (const one of actors) {
      await one.carryOn();
      expect(await one.refresh()).toBe('done');
    }
    expect(actors.map(({ logins }) => logins)).toEqual([1, 1, 1]);
  });

  it('that changes its keys in the middle of a login is asked for the new ones', async () => {
    const person = new Actor(world, instance);
    await person.startLogin();
    world.provider.rotateKeys();
    expect(await person.followCallback()).toBe('done');
    expect(await person.redeem()).toBe('done');
    // And of who is signed in the evidence is renewed with them.
    world.clock.now += 600_001;
    world.provider.rotateKeys();
    expect(await actor.refresh()).toBe('done');
  });

  it('whose metadata suddenly names another issuer is not followed; what was known stays good', async () => {
    world.provider.intercept((request, response) => {
      if (request.url?.startsWith('/.well-known/') !== true) return false;
      const body = { issuer: 'https://evil.example', token_endpoint: 'https://evil.example/token' };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      return true;
    });
    // Past the age at which metadata is renewed.
    world.clock.now += hour + 1;
    const person = new Actor(world, instance);
    await person.carryOn();
    await actor.carryOn();
    expect([person.logins, actor.logins]).toEqual([1, 1]);
    await expect
      .poll(() => instance.stack.log.filter(({ message }) => message.includes('metadata could not')).length)
      .toBeGreaterThan(0);
    expect(instance.stack.log.map(({ fields }) => String(fields['problem'])).join()).toContain('issuer');
  });

  it('whose metadata cannot be renewed is not asked for it again by every request', async () => {
    world.clock.now += hour + 1;
    fails('/.well-known/');
    const asked = world.asked('GET /.well-known/openid-configuration');
    for (let login = 0; login < 6; login += 1) await instance.stack.signIn();
    expect(world.asked('GET /.well-known/openid-configuration') - asked).toBe(1);
    world.clock.now += 60_000;
    await instance.stack.signIn();
    expect(world.asked('GET /.well-known/openid-configuration') - asked).toBe(2);
  });

  it('that is down when we start: who is signed in goes on, who comes is told, and all is well when it is back', async () => {
    await world.stopAll();
    await world.provider.pause();
    instance = await world.boot();
    actor.instance = instance;
    expect(await actor.callMcp()).toBe('done');
    expect(await actor.refresh()).toBe('done');
    const readiness = await instance.stack.auth.readiness();
    expect(readiness).toMatchObject({
      ready: false,
      problems: [expect.stringContaining('upstream demo') as string],
    });
    const { status, text } = await new Actor(world, instance).consentTwice(() => {});
    expect({ status, told: text.includes('cannot be reached') }).toEqual({ status: 503, told: true });
    await world.provider.resume();
    // Nobody has to ask for that: it is tried in the background.
    await expect
      .poll(async () => (await instance.stack.auth.readiness()).ready, { timeout: 20_000 })
      .toBe(true);
    const person = new Actor(world, instance);
    await person.carryOn();
    expect(person.complaints).toEqual([]);
  });
});
