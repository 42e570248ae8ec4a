/** A process that dies in the middle of a login at two upstreams; see crash-points.test.ts for the one of a single one. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { upstreamAccess } from '../../src/server/upstream-access.ts';
import { startOidcProvider } from '../fixtures/oidc-provider.ts';
import type { OidcProviderFixture } from '../fixtures/oidc-provider.ts';
import { issuer, upstreamSecret } from '../fixtures/stack.ts';
import { Actor } from './actor.ts';
import { Crash } from './crash.ts';
import type { CrashPoint } from './crash.ts';
import type { Instance } from './world.ts';
import { World } from './world.ts';

/** A callback of the chain, and what it asks of store and network once metadata and keys are known. */
const callbacks = [
  {
    step: 'first',
    before: async (actor: Actor): Promise<void> => actor.startLogin(),
    calls: ['store takePending', 'fetch POST /token', 'store listConnections', 'store advancePending'],
    // On to the second upstream.
    ended: 'again',
    costsLogin: null,
  },
  {
    step: 'second',
    before: async (actor: Actor): Promise<void> => {
      await actor.startLogin();
      await actor.followCallback();
    },
    calls: ['store takePending', 'fetch POST /token', 'store commitLogin'],
    ended: 'done',
    // The code was made and never arrived; a second one is never given.
    costsLogin: 'after store commitLogin',
  },
] as const;

describe.each(callbacks)('a process killed at the callback of the $step of two upstreams', (played) => {
  let world: World;
  let second: OidcProviderFixture;
  beforeAll(async () => {
    world = await World.start();
    const client = {
      client_id: 'sallyport',
      client_secret: upstreamSecret,
      redirect_uris: [`${issuer}/oauth/callback/second`],
      grant_types: ['authorization_code', 'refresh_token'],
    };
    second = await startOidcProvider({ clients: [client] });
  });
  afterAll(async () => {
    await world.close();
    await second.close();
  });

  const boot = (crash?: Crash): Promise<Instance> => {
    const upstream = (issuer_url: string, callback: string): object => ({
      issuer_url,
      client_id: 'sallyport',
      client_secret_env_var: 'UPSTREAM_SECRET',
      redirect_uri: `${issuer}/oauth/${callback}`,
    });
    const upstreams = [
      { name: 'first', type: 'oidc', oidc_config: upstream(world.provider.issuer, 'callback') },
      { name: 'second', type: 'oidc', oidc_config: upstream(second.issuer, 'callback/second') },
    ];
    const parts = crash && {
      wrapStore: (store: Parameters<Crash['store']>[0]) => crash.store(store),
      collaborators: crash.collaborators(),
    };
    return world.boot({ config: { upstreams }, ...parts });
  };

  const play = async (point: CrashPoint | null): Promise<{ actor: Actor; crash: Crash; ended: unknown }> => {
    const crash = new Crash();
    const doomed = await boot(crash);
    // By then metadata and keys of both are known.
    await new Actor(world, doomed).carryOn();
    const actor = new Actor(world, doomed);
    await played.before(actor);
    crash.arm(point);
    const running = actor.followCallback().catch(() => 'connection lost');
    return { actor, crash, ended: await Promise.race([running, crash.happened]) };
  };

  it('asks what the points below are made of: no trip to the store that the next step does not need', async () => {
    const { crash, ended } = await play(null);
    await world.stopAll();
    expect(ended).toBe(played.ended);
    expect(crash.calls).toEqual(played.calls);
  });

  const points = played.calls.flatMap((call, index) =>
    (['before', 'after'] as const).map((when) => ({ name: `${when} ${call}`, index, when })),
  );

  it.each(points)('$name: the login goes on where it was, and ends with both connections', async (point) => {
    const { actor, ended } = await play(point);
    expect({ ended, complaints: actor.complaints }).toEqual({ ended: 'crashed', complaints: [] });
    await world.stopAll();
    const next = await boot();
    actor.instance = next;
    await actor.carryOn();
    expect(await actor.refresh()).toBe('done');
    expect(actor.logins).toBe(point.name === played.costsLogin ? 2 : 1);
    const token = actor.tokens?.access_token ?? '';
    for (const upstream of ['first', 'second'])
      expect(await upstreamAccess(next.stack.auth, token, upstream)).toMatchObject({ upstream });
    await world.stopAll();
  });
});
