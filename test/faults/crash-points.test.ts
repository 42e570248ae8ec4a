import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Actor } from './actor.ts';
import { Crash } from './crash.ts';
import type { CrashPoint } from './crash.ts';
import { World } from './world.ts';

/** Five minutes: shorter than our own access tokens. */
const upstreamLifetime = 300;

/** A step of a login or of what follows, and how to get right before it. */
interface Scenario {
  readonly step: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly before: (actor: Actor, world: World) => Promise<void>;
  readonly run: (actor: Actor) => Promise<unknown>;
  /** What a good run asks of store, network and signer. */
  readonly calls: readonly string[];
  /** Where a crash costs one sign-in, because the design rather asks again than gives anything twice. */
  readonly costsLogin: readonly string[];
  /** True: only at a provider whose refresh tokens are strictly for single use; the step is played at the other kind too. */
  readonly strictOnly: boolean;
}

const atCallback = async (actor: Actor): Promise<void> => actor.startLogin();

const withCode = async (actor: Actor): Promise<void> => {
  await atCallback(actor);
  await actor.followCallback();
};

const signedIn = async (actor: Actor): Promise<void> => {
  await withCode(actor);
  await actor.redeem();
};

const scenarios: readonly Scenario[] = [
  {
    step: 'the consent',
    config: {},
    before: async (actor, world) => {
      // By then the provider's metadata is known.
      await new Actor(world, actor.instance).startLogin();
      await actor.openConsent();
    },
    run: (actor) => actor.postConsent(),
    calls: ['store putPending'],
    costsLogin: [],
    strictOnly: false,
  },
  {
    step: 'the callback',
    config: {},
    before: atCallback,
    run: (actor) => actor.followCallback(),
    calls: ['store takePending', 'fetch POST /token', 'fetch GET /jwks', 'store commitLogin'],
    // The code was made and never arrived; a second one is never given.
    costsLogin: ['after store commitLogin'],
    strictOnly: false,
  },
  {
    step: 'redeeming the code',
    config: {},
    before: withCode,
    run: (actor) => actor.redeem(),
    calls: ['store redeemCode', 'sign at+jwt', 'sign JWT'],
    // The code was used and its answer never arrived; a code is good once.
    costsLogin: [
      'after store redeemCode',
      'before sign at+jwt',
      'after sign at+jwt',
      'before sign JWT',
      'after sign JWT',
    ],
    strictOnly: false,
  },
  {
    step: 'rotating the refresh token',
    config: {},
    before: signedIn,
    run: (actor) => actor.refresh(),
    calls: ['store rotateRefresh', 'sign at+jwt', 'sign JWT'],
    costsLogin: [],
    strictOnly: false,
  },
  {
    step: 'refreshing the upstream token',
    config: {},
    before: async (actor, world) => {
      await signedIn(actor);
      world.clock.now += upstreamLifetime * 1000;
    },
    run: (actor) => actor.callMcp(),
    calls: [
      'store readSession',
      'store beginUpstreamRefresh',
      'fetch POST /token',
      // The next refresh token by itself, and then the whole answer, once it is known whose it is.
      'store endUpstreamRefresh',
      'store endUpstreamRefresh',
    ],
    // The provider's answer was lost, and with it the only refresh token that it still takes.
    costsLogin: ['after fetch POST /token', 'before store endUpstreamRefresh'],
    strictOnly: true,
  },
  {
    step: 'renewing the identity evidence',
    config: { access: [{ email_domains: ['example.com'] }], identity_max_age: '10m' },
    before: async (actor, world) => {
      await signedIn(actor);
      world.clock.now += 600_001;
    },
    run: (actor) => actor.refresh(),
    calls: [
      'store rotateRefresh',
      'store readSession',
      'store beginUpstreamRefresh',
      'fetch POST /token',
      // The next refresh token by itself, and then the whole answer, once it is known whose it is.
      'store endUpstreamRefresh',
      'store endUpstreamRefresh',
      'store rotateRefresh',
      'sign at+jwt',
      'sign JWT',
    ],
    costsLogin: ['after fetch POST /token', 'before store endUpstreamRefresh'],
    strictOnly: true,
  },
];

/** Tells calls of the same name apart. */
function nth(calls: readonly string[], index: number): string {
  const before = calls.slice(0, index).filter((call) => call === calls[index]).length;
  return before === 0 ? '' : `again (${before}) `;
}

const points = ({ calls }: Scenario): (CrashPoint & { name: string })[] =>
  calls.flatMap((call, index) =>
    (['before', 'after'] as const).map((when) => ({
      index,
      when,
      name: `${when} ${nth(calls, index)}${call}`,
    })),
  );

const strict = scenarios.map((scenario) => ({
  step: scenario.step,
  kind: 'with strict single-use refresh tokens',
  rotate: true,
  scenario,
}));
const lenient = scenarios
  // A renewal is this very refresh, and more.
  .filter(({ step }) => step === 'refreshing the upstream token')
  .map((scenario) => ({
    step: scenario.step,
    kind: 'whose refresh tokens stay',
    rotate: false,
    scenario,
  }));

describe.each([...strict, ...lenient])('a process killed during $step, at a provider $kind,', (played) => {
  const { scenario, rotate } = played;
  let world: World;

  beforeAll(async () => {
    const ttl = { accessToken: upstreamLifetime };
    world = await World.start(scenario.config, { ttl, rotateRefreshTokens: rotate });
  });
  afterAll(() => world.close());

  const play = async (point: CrashPoint | null): Promise<{ actor: Actor; crash: Crash; ended: unknown }> => {
    const crash = new Crash();
    const doomed = await world.boot({
      wrapStore: (store) => crash.store(store),
      collaborators: crash.collaborators(),
    });
    const actor = new Actor(world, doomed);
    await scenario.before(actor, world);
    crash.arm(point);
    const running = scenario.run(actor).catch(() => 'connection lost');
    return { actor, crash, ended: await Promise.race([running, crash.happened]) };
  };

  it('asks what the points below are made of', async () => {
    const { crash, ended } = await play(null);
    await world.stopAll();
    expect(ended).toBe('done');
    expect(crash.calls).toEqual(scenario.calls);
  });

  it.each(points(scenario))('$name leaves the user signed in', async (point) => {
    const { actor, ended } = await play(point);
    expect({ ended, complaints: actor.complaints }).toEqual({ ended: 'crashed', complaints: [] });
    await world.stopAll();
    const asked = world.asked('POST /token');
    actor.instance = await world.boot();
    await actor.carryOn();
    expect(await actor.refresh()).toBe('done');
    expect(await actor.callMcp()).toBe('done');
    await world.stopAll();
    const costs = scenario.costsLogin.includes(point.name) && rotate >= scenario.strictOnly;
    expect({ logins: actor.logins, complaints: actor.complaints }).toMatchObject({ logins: costs ? 2 : 1 });
    // One for what was interrupted, one for a login: no storm of attempts.
    expect(world.asked('POST /token') - asked).toBeLessThanOrEqual(2);
  });
});

describe('a process killed while it starts for the first time', () => {
  const calls = ['key-history', 'clients', 'vault'].flatMap(() => ['store loadKeyRing', 'store saveKeyRing']);
  const all = calls.flatMap((call, index) => [
    { name: `before call ${index + 1}, ${call}`, index, when: 'before' as const },
    { name: `after call ${index + 1}, ${call}`, index, when: 'after' as const },
  ]);

  const start = async (point: CrashPoint | null): Promise<{ world: World; crash: Crash; ended: unknown }> => {
    const world = await World.start();
    const crash = new Crash();
    crash.arm(point);
    const wrapStore: Parameters<World['boot']>[0] = { wrapStore: (store) => crash.store(store) };
    const booted = world.boot(wrapStore).then(() => 'started');
    return { world, crash, ended: await Promise.race([booted, crash.happened]) };
  };

  it('asks what the points below are made of', async () => {
    const { world, crash, ended } = await start(null);
    expect({ ended, calls: crash.calls }).toEqual({ ended: 'started', calls });
    await world.close();
  });

  it.each(all)('$name starts the next time, and keeps what is made then', async (point) => {
    const { world, ended } = await start(point);
    expect(ended).toBe('crashed');
    await world.stopAll();
    const actor = new Actor(world, await world.boot());
    await actor.carryOn();
    await world.stopAll();
    actor.instance = await world.boot();
    expect([await actor.refresh(), await actor.callMcp()]).toEqual(['done', 'done']);
    expect(actor.logins).toBe(1);
    await world.close();
  });
});

describe('a process killed during a revocation', () => {
  it.each([
    { when: 'before' as const, still: 200 },
    { when: 'after' as const, still: 401 },
  ])(
    '$when the store has it: what is true is seen, and asking again ends the grant',
    async ({ when, still }) => {
      const world = await World.start();
      const crash = new Crash();
      const doomed = await world.boot({ wrapStore: (store) => crash.store(store) });
      const actor = new Actor(world, doomed);
      await actor.carryOn();
      crash.arm({ index: 0, when });
      void actor.revoke();
      expect([await crash.happened, crash.calls]).toEqual(['crashed', ['store revokeGrant']]);
      await world.stopAll();
      const next = await world.boot();
      actor.instance = next;
      const { access_token: token } = actor.tokens ?? { access_token: '' };
      expect((await next.mcp(token)).status).toBe(still);
      await actor.revoke();
      expect((await next.mcp(token)).status).toBe(401);
      await world.close();
    },
  );
});
