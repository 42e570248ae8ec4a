import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { generateSigningKeyPem } from '../../src/crypto/signing-key.ts';
import type { Stack, Tokens } from '../fixtures/stack.ts';
import { Browser, issuer, pkce, sealedRequest, startStack } from '../fixtures/stack.ts';
import { World } from './world.ts';

/** What lies between two requests of a login, in order: the server may be another one after each. */
const moments = [
  'the client has registered',
  'the consent page is shown',
  'the consent was posted, and the browser is at the provider',
  'the provider has sent the browser back',
  'the code was issued',
  'the tokens were issued',
] as const;

type Moment = (typeof moments)[number];

/** A login in one browser; after the moment, `restart` gives the server that goes on. */
async function loginWith(
  first: Stack,
  moment: Moment,
  restart: () => Promise<Stack>,
): Promise<readonly number[]> {
  let stack = first;
  const statuses: number[] = [];
  const browser = new Browser((request) => stack.fetch(request));
  const passed = async (now: Moment): Promise<void> => {
    if (now === moment) stack = await restart();
  };
  const { client_id } = await stack.register();
  await passed('the client has registered');
  const { verifier, challenge } = pkce();
  const page = await browser.get(
    stack.authorizeUrl({ client_id, code_challenge: challenge, scope: 'openid' }),
  );
  statuses.push(page.status);
  const request = sealedRequest(await page.text());
  await passed('the consent page is shown');
  const consent = await browser.post(`${issuer}/oauth/consent`, { request, decision: 'allow' });
  statuses.push(consent.status);
  await passed('the consent was posted, and the browser is at the provider');
  const back = await stack.provider.signIn(consent.headers.get('location') ?? '', 'alice');
  await passed('the provider has sent the browser back');
  const callback = await browser.get(back);
  statuses.push(callback.status);
  const code = URL.parse(callback.headers.get('location') ?? '')?.searchParams.get('code') ?? '';
  if (code === '') return statuses;
  await passed('the code was issued');
  const redeemed = await stack.token({
    grant_type: 'authorization_code',
    client_id,
    code,
    code_verifier: verifier,
  });
  statuses.push(redeemed.status);
  if (redeemed.status !== 200) return statuses;
  const tokens = (await redeemed.json()) as Tokens;
  await passed('the tokens were issued');
  const headers = { authorization: `Bearer ${tokens.access_token}` };
  statuses.push((await stack.call('/oauth/userinfo', { headers })).status);
  statuses.push((await stack.refresh(client_id, tokens.refresh_token)).status);
  return statuses;
}

const good = [200, 303, 303, 200, 200, 200];

describe('a restart in the middle of a login', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.start();
  });
  afterEach(() => world.close());

  it.each(moments)('is not noticed when %s', async (moment) => {
    const { stack } = await world.boot();
    const statuses = await loginWith(stack, moment, async () => {
      await world.stopAll();
      return (await world.boot()).stack;
    });
    expect(statuses).toEqual(good);
  });
});

describe('a restart with the memory store and keys from files', () => {
  const files = { '/keys/signing.pem': generateSigningKeyPem(), '/hmac': randomBytes(32) };
  const config = {
    signing_key_config: { key_dir: '/keys', signing_key_file: 'signing.pem' },
    hmac_secret_files: ['/hmac'],
  };
  let first: Stack;
  beforeEach(async () => {
    first = await startStack(config, { files });
  });
  afterEach(() => first.close());

  it.each([
    // Registrations and requests that were not agreed to yet are not in the store at all.
    ['the client has registered', good],
    ['the consent page is shown', good],
    // The page says that the sign-in has expired.
    ['the consent was posted, and the browser is at the provider', [200, 303, 400]],
    ['the provider has sent the browser back', [200, 303, 400]],
    // `invalid_grant`, and 401: the client signs in again, under the registration that it has.
    ['the code was issued', [200, 303, 303, 400]],
    ['the tokens were issued', [200, 303, 303, 200, 401, 400]],
  ] as const)('costs no more than a new sign-in when %s', async (moment, expected) => {
    const clock = { now: 0 };
    let second: Stack | undefined;
    const statuses = await loginWith(first, moment, async () => {
      second = await startStack(config, { files, clock, provider: first.provider });
      return second;
    });
    expect(statuses).toEqual(expected);
    if (!second) throw new TypeError('there was a restart');
    expect(await loginWith(second, 'the tokens were issued', () => Promise.resolve(second ?? first))).toEqual(
      good,
    );
    await second.auth.close();
  });
});
