/** A client secret that ran out, or was replaced at the provider: our fault, and nobody else's. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuditEvent } from '../../src/observe/audit/event.ts';
import { Actor } from './actor.ts';
import type { Instance } from './world.ts';
import { World } from './world.ts';

const events: AuditEvent[] = [];
let world: World;
let instance: Instance;

beforeEach(async () => {
  events.length = 0;
  world = await World.start({}, { ttl: { accessToken: 300 } });
  instance = await world.boot({ collaborators: { audit: (event) => void events.push(event) } });
});
afterEach(() => world.close());

function refuse(error: string): void {
  world.provider.intercept((request, response) => {
    if (request.url !== '/token') return false;
    response.writeHead(401, { 'content-type': 'application/json' }).end(JSON.stringify({ error }));
    return true;
  });
}

const problems = (): readonly string[] =>
  instance.stack.log.filter(({ level }) => level === 'error').map(({ fields }) => String(fields['problem']));

describe('a provider that does not accept our client any more', () => {
  it('signs nobody out; clients get 503, the operator one line, and all is well when it is mended', async () => {
    const actors = [1, 2, 3].map(() => new Actor(world, instance));
    for (const one of actors) await one.carryOn();
    refuse('invalid_client');
    world.clock.now += 301_000;
    const asked = world.asked('POST /token');
    for (const one of actors) expect(await one.callMcp()).toBe('again');
    const token = actors[0]?.tokens?.access_token ?? '';
    const answer = await instance.mcp(token);
    expect([answer.status, Number(answer.headers.get('retry-after')) > 5]).toEqual([503, true]);
    // Once, and once more with the other way to send the secret: whoever comes next is not why.
    expect(world.asked('POST /token') - asked).toBeLessThanOrEqual(2);
    expect(problems()).toEqual([
      expect.stringContaining('invalid_client; check client_id, the client secret'),
    ]);
    expect(events.filter(({ event }) => event === 'upstream_misconfigured')).toMatchObject([
      { upstream: expect.anything(), outcome: 'failure' },
    ]);
    expect(await instance.stack.auth.readiness()).toMatchObject({
      ready: true,
      warnings: expect.arrayContaining([
        expect.stringContaining('refuses us: token endpoint: invalid_client'),
      ]),
    });
    world.provider.intercept(null);
    world.clock.now += 31_000;
    for (const one of actors) expect(await one.callMcp()).toBe('done');
    expect(actors.map(({ logins }) => logins)).toEqual([1, 1, 1]);
    const { warnings } = await instance.stack.auth.readiness();
    expect(warnings.join()).not.toContain('refuses us');
  });

  it('tells a person who signs in that it is not about them, and the same page works when it is mended', async () => {
    refuse('invalid_client');
    const actor = new Actor(world, instance);
    await actor.startLogin();
    await actor.followCallback();
    expect(actor.complaints).toEqual(['callback 503 ']);
    expect(events.filter(({ event }) => event === 'login_failed')).toMatchObject([
      { reason: 'misconfigured' },
    ]);
    world.provider.intercept(null);
    await actor.carryOn();
    expect(actor.tokens).not.toBeNull();
  });

  it('is another thing than a provider that ends a connection', async () => {
    const actor = new Actor(world, instance);
    await actor.carryOn();
    refuse('invalid_grant');
    world.clock.now += 301_000;
    expect((await instance.mcp(actor.tokens?.access_token ?? '')).status).toBe(401);
    expect(problems()).toEqual([]);
  });
});
