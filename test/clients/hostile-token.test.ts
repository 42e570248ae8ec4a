import * as fc from 'fast-check';
import { request as rawRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Tokens } from '../fixtures/stack.ts';
import { resource } from '../fixtures/stack.ts';
import type { Endpoint } from '../proxy/endpoint.ts';
import type { FormRequest } from './fixture.ts';
import type { Ready } from './hostile-scene.ts';
import { HostileScene, anyClient, seed } from './hostile-scene.ts';
import { changedText } from './mutate.ts';
import type { Asked } from './player.ts';
import type { TokenFault } from './token-faults.ts';
import { codeFaults, isBasic, tokenFaults } from './token-faults.ts';

let scene: HostileScene;
const someClient = anyClient(() => scene);

beforeAll(async () => {
  scene = await HostileScene.start();
});
afterAll(() => scene.close());

/** Nobody gets in, and nothing is lost by it: the client itself still can. */
async function checkFault(
  one: Ready,
  { request, learned, fault }: { request: FormRequest; learned: Record<string, string>; fault: TokenFault },
): Promise<void> {
  const { player, known } = one;
  const form = { ...request.form };
  const headers = { ...request.headers };
  fault.of(form, headers);
  const response = await player.form(known, { form, headers }, { ...learned, suffix: fault.suffix ?? '' });
  const text = await response.text();
  const error = /"error":"(\w+)"/u.exec(text)?.[1] ?? '';
  expect(`${response.status} ${error}`).toMatch(fault.answers);
  expect(response.headers.get('content-type')).toContain('application/json');
  expect(response.headers.get('cache-control')).toContain('no-store');
  expect(text).not.toContain('access_token');
}

async function codeOf({ player, known }: Ready): Promise<{ asked: Asked; code: string }> {
  const asked = player.ask(known);
  return {
    asked,
    code: player.checkReturn(await player.signIn(scene.endpoint.stack.browser(), asked.url), asked),
  };
}

describe('a request for tokens with a fault', () => {
  it('is refused with the error of its kind, and the code is still good for its client', async () => {
    const all = Object.entries({ ...tokenFaults, ...codeFaults });
    await fc.assert(
      fc.asyncProperty(
        someClient,
        fc.shuffledSubarray(all, { minLength: 3, maxLength: 6 }),
        async (client, some) => {
          const one = client();
          const { player, known } = one;
          const { asked, code } = await codeOf(one);
          const learned = { code, verifier: asked.pair.verifier };
          for (const [, fault] of some.filter(([, { for: applies }]) => applies?.(one) ?? true))
            await checkFault(one, { request: player.played.fixture.token, learned, fault });
          expect((await player.redeem(known, asked, code)).status).toBe(200);
        },
      ),
      { numRuns: 120, seed },
    );
  });

  it('is refused to every other client, and to an id that was changed', async () => {
    await fc.assert(
      fc.asyncProperty(someClient, someClient, changedText, async (client, other, change) => {
        const [one, thief] = [client(), other()];
        fc.pre(one.known.clientId !== thief.known.clientId);
        const { asked, code } = await codeOf(one);
        const stolen = await thief.player.redeem(thief.known, asked, code);
        expect([stolen.status, await stolen.json()]).toMatchObject([400, { error: 'invalid_grant' }]);

        const clientId = change(one.known.clientId);
        const unknown = await one.player.redeem({ ...one.known, clientId }, asked, code);
        expect(unknown.status).toBeOneOf([400, 401, 503]);
        const cut = await one.player.redeem(one.known, asked, change(code));
        expect([cut.status, await cut.json()]).toMatchObject([
          400,
          { error: expect.stringMatching(/^invalid_/u) },
        ]);
        expect((await one.player.redeem(one.known, asked, code)).status).toBe(200);
      }),
      { numRuns: 60, seed },
    );
  });

  it('counts once where a header comes twice', async () => {
    const one = scene.ready.find((some) => isBasic(some));
    if (!one) throw new TypeError('no client uses the header');
    const { asked, code } = await codeOf(one);
    const answer = await twice(scene.endpoint, one, { asked, code });
    expect(answer).toBeOneOf([400, 401]);
    expect((await one.player.redeem(one.known, asked, code)).status).toBe(200);
  });
});

describe('a refresh with a fault', () => {
  it('is refused with the error of its kind, and the token is still good for its client', async () => {
    await fc.assert(
      fc.asyncProperty(
        someClient,
        someClient,
        changedText,
        fc.shuffledSubarray(Object.entries(tokenFaults), { minLength: 3, maxLength: 6 }),
        async (client, other, change, some) => {
          const [one, thief] = [client(), other()];
          fc.pre(one.known.clientId !== thief.known.clientId);
          const tokens: Tokens = await one.player.login(one.known);
          const learned = { refresh_token: tokens.refresh_token };
          for (const [, fault] of some.filter(([, { for: applies }]) => applies?.(one) ?? true))
            await checkFault(one, { request: one.player.played.fixture.refresh, learned, fault });

          const stolen = await thief.player.refresh(thief.known, tokens.refresh_token);
          expect([stolen.status, await stolen.json()]).toMatchObject([400, { error: 'invalid_grant' }]);
          const cut = await one.player.refresh(one.known, change(tokens.refresh_token));
          expect([cut.status, await cut.json()]).toMatchObject([
            400,
            { error: expect.stringMatching(/^invalid_/u) },
          ]);
          expect((await one.player.refresh(one.known, tokens.refresh_token)).status).toBe(200);
        },
      ),
      { numRuns: 60, seed },
    );
  });
});

/** The status of a token request whose first `Authorization` is a lie, and whose second is true. */
function twice(
  endpoint: Endpoint,
  { known }: Ready,
  { asked, code }: { asked: Asked; code: string },
): Promise<number> {
  const basic = (secret: string): string =>
    `Basic ${Buffer.from([known.clientId, secret].map(encodeURIComponent).join(':')).toString('base64')}`;
  const body = new URLSearchParams({
    grant_type: 'authorization_code',
    code,
    code_verifier: asked.pair.verifier,
    redirect_uri: asked.url.searchParams.get('redirect_uri') ?? '',
    resource,
  }).toString();
  const headers = [
    ['content-type', 'application/x-www-form-urlencoded'],
    ['content-length', String(body.length)],
    ['authorization', basic('a lie')],
    ['authorization', basic(known.clientSecret ?? '')],
  ].flat();
  const url = new URL('/oauth/token', endpoint.url);
  return new Promise((resolve, reject) => {
    const sent = rawRequest(url, { method: 'POST', headers: ['host', url.host, ...headers] }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    sent.once('error', reject);
    sent.end(body);
  });
}
