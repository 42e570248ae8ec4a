import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Stack, Tokens } from '../fixtures/stack.ts';
import { startStack } from '../fixtures/stack.ts';
import { Actor } from './actor.ts';
import { World } from './world.ts';

const upstreamLifetime = 300;

/** Sends `count` refreshes of one token in the same moment, in turn to each server. */
async function refreshAll(
  stacks: readonly Stack[],
  { clientId, token, count }: { clientId: string; token: string; count: number },
): Promise<{ status: number; body: Tokens }[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const response = await stacks[index % stacks.length]?.refresh(clientId, token);
      return { status: response?.status ?? 0, body: (await response?.json()) as Tokens };
    }),
  );
}

/** Every answer is good, and all of them lead to the one successor. */
async function expectOneFamily(
  stacks: readonly Stack[],
  clientId: string,
  answers: readonly { status: number; body: Tokens }[],
): Promise<string> {
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  const successors = new Set(answers.map(({ body }) => body.refresh_token));
  expect(successors.size).toBe(1);
  const accessTokens = answers.map(({ body }) => body.access_token);
  expect(new Set(accessTokens).size).toBe(answers.length);
  for (const stack of stacks) {
    for (const token of [accessTokens.at(0), accessTokens.at(-1)]) {
      const headers = { authorization: `Bearer ${token}` };
      expect((await stack.call('/oauth/userinfo', { headers })).status).toBe(200);
    }
    expect((await stack.store.stats()).grants).toBe(1);
  }
  const [successor = ''] = successors;
  expect((await stacks[0]?.refresh(clientId, successor))?.status).toBe(200);
  return successor;
}

describe.each([10, 1000])('%i parallel refreshes of one token', (count) => {
  it('give as many good answers and one family, in one server', async () => {
    const stack = await startStack();
    const { clientId, refresh_token: token } = await stack.signIn({ scope: 'openid' });
    const answers = await refreshAll([stack], { clientId, token, count });
    await expectOneFamily([stack], clientId, answers);
    // Two rotations happened, whatever the crowd: the token is two generations old, and past its grace it is theft.
    stack.advance(61_000);
    expect((await stack.refresh(clientId, token)).status).toBe(400);
    await stack.close();
  });

  it('give as many good answers and one family, in two servers on one file', async () => {
    const world = await World.start();
    const [{ stack }, { stack: other }] = [await world.boot(), await world.boot()];
    const stacks = [stack, other];
    const { clientId, refresh_token: token } = await stack.signIn({ scope: 'openid' });
    const answers = await refreshAll(stacks, { clientId, token, count });
    const successor = await expectOneFamily(stacks, clientId, answers);
    expect(successor).not.toBe(token);
    await world.close();
  });
});

describe('parallel MCP requests while the upstream token has expired', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.start({}, { ttl: { accessToken: upstreamLifetime } });
  });
  afterEach(() => world.close());

  it.each([1, 2])(
    'of ten clients each, in %i servers, make the provider see one refresh',
    async (servers) => {
      const instances = await Promise.all(Array.from({ length: servers }, () => world.boot()));
      const [first] = instances;
      if (!first) throw new TypeError('a server is needed');
      const actor = new Actor(world, first);
      await actor.carryOn();
      const { access_token: token } = actor.tokens ?? { access_token: '' };
      world.clock.now += upstreamLifetime * 1000;
      const asked = world.asked('POST /token');
      world.credentials.length = 0;
      const requests = instances.flatMap((instance) => Array.from({ length: 10 }, () => instance.mcp(token)));
      const statuses = (await Promise.all(requests)).map(({ status }) => status);
      expect(statuses).toEqual(Array.from({ length: servers * 10 }, () => 200));
      expect(world.asked('POST /token') - asked).toBe(1);
      // All of them went on with the new credential.
      expect(new Set(world.credentials).size).toBe(1);
    },
  );

  it('wait for the one that leads, and all hear of its failure', async () => {
    const instances = [await world.boot(), await world.boot()] as const;
    const actor = new Actor(world, instances[0]);
    await actor.carryOn();
    const { access_token: token } = actor.tokens ?? { access_token: '' };
    world.clock.now += upstreamLifetime * 1000;
    world.provider.intercept((request, response) => {
      if (request.url !== '/token') return false;
      response.writeHead(503).end();
      return true;
    });
    const asked = world.asked('POST /token');
    const requests = instances.flatMap((instance) => Array.from({ length: 10 }, () => instance.mcp(token)));
    const answers = await Promise.all(requests);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]));
    expect(new Set(answers.map(({ headers }) => headers.get('retry-after')))).toEqual(new Set(['5']));
    expect(world.asked('POST /token') - asked).toBe(1);
  });
});
