/** Each profile at the provider that it is for: through the front door, and beside the profile that knows nothing. */
import { afterEach, describe, expect, it } from 'vitest';
import { profiles } from '../../src/profiles/profiles.ts';
import { silentLog } from '../../src/observe/log.ts';
import type { ProviderSimulator } from '../../src/testing/index.ts';
import { createProvider } from '../../src/upstream/create-provider.ts';
import { issuer, upstreamSecret } from '../fixtures/stack.ts';
import { finish, newLogin } from '../fixtures/upstream.ts';
import { Endpoint } from '../proxy/endpoint.ts';
import type { Json } from '../run-config/fixture.ts';
import { asProvider, genericAt, startSimulator, upstreamAt } from './at-provider.ts';
import { upstreamOf } from './fixture.ts';
import { rows } from './rows.ts';

const surroundings = { env: { UPSTREAM_SECRET: upstreamSecret } };
const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

function callsOf(simulator: ProviderSimulator, endpoint: string): ProviderSimulator['calls'] {
  return simulator.calls.filter((call) => call.endpoint === endpoint);
}

describe('a profile at its provider', () => {
  it.each(rows)('$preset: people sign in, call, stay signed in, sign in again, and end it', async (row) => {
    const clock = { now: 0 };
    const simulator = await startSimulator(row.preset, { clock });
    const upstream = await upstreamAt(simulator, row.fields);
    const endpoint = await Endpoint.start({
      config: {
        upstreams: [{ name: 'demo', ...upstream }],
        token_lifespans: { access_token_lifespan: '24h', refresh_token_lifespan: '720h' },
      },
      provider: asProvider(simulator),
      clock,
    });
    closing.push(() => endpoint.close());
    const { stack } = endpoint;
    const injected = async (token: string): Promise<string> => {
      expect((await endpoint.call(token)).status).toBe(200);
      return endpoint.seen.at(-1)?.headers.authorization ?? '';
    };

    const first = await stack.signIn({ scope: 'openid email' });
    const before = await injected(first.access_token);
    expect(before).toMatch(/^Bearer \S+$/u);
    expect(before).not.toContain(first.access_token);

    const lifetime = simulator.quirks.accessTokenLifetime ?? 30 * 86_400;
    const near = Math.min(lifetime * 1000, 25 * 86_400_000);
    stack.advance(near);
    const answer = await stack.refresh(first.clientId, first.refresh_token);
    expect(answer.status).toBe(200);
    // Our token endpoint answers with tokens.
    const ours = (await answer.json()) as { access_token: string; refresh_token: string };
    const after = await injected(ours.access_token);
    expect(after === before).toBe(row.refresh === 'never' || lifetime * 1000 > near || neverEnds(simulator));

    const again = await stack.signIn({ clientId: first.clientId, scope: 'openid email' });
    const subjects = [first, again].map(({ access_token: token }) => claimsOf(token)['sub']);
    expect(new Set(subjects).size).toBe(1);
    expect(await injected(again.access_token)).toMatch(/^Bearer \S+$/u);

    for (const token of [ours.refresh_token, again.refresh_token])
      await stack.call('/oauth/revoke', {
        method: 'POST',
        body: new URLSearchParams({ token, client_id: first.clientId }),
      });
    expect((await endpoint.call(again.access_token)).status).toBe(401);
    await stack.auth.vault.tellUpstreams();
    expect(callsOf(simulator, 'revoke')).toHaveLength(row.revocations);

    expect(simulator.reuseDetected).toEqual([]);
    for (const { parameters } of simulator.calls) expect(Object.keys(parameters)).not.toContain('resource');
    expect(callsOf(simulator, 'token').filter(({ status }) => status !== 200)).toEqual([]);
  });

  it.each(rows)('$preset: tells who somebody is, and how sure it is of the e-mail', async (row) => {
    const simulator = await startSimulator(row.preset);
    closing.push(() => simulator.close());
    const outcome = await signIn(simulator, await upstreamAt(simulator, row.fields));
    expect(outcome.trouble).toBeNull();
    expect(outcome.subject).toMatch(row.subject);
    expect(outcome.emailVerified).toBe(row.emailVerified);
    expect(outcome.rotation).toBe(row.refresh);
  });
});

describe('the generic profile', () => {
  it.each(rows)('at $preset comes to what the profile is there for', async (row) => {
    const simulator = await startSimulator(row.preset);
    closing.push(() => simulator.close());
    const { scopes } = await upstreamOf(await upstreamAt(simulator, row.fields), surroundings);
    const outcome = await signIn(simulator, genericAt(simulator, scopes));
    const { subject, rotation } = outcome;
    const other = row.subject.test(subject) ? null : `the subject is ${subject}`;
    const none = rotation === 'never' && row.refresh !== 'never' ? 'no refresh token' : null;
    const trouble = outcome.trouble ?? other ?? none;
    if (row.generic === null) expect(trouble).toBeNull();
    else expect(trouble).toMatch(row.generic);
  });
});

it('every profile has a provider to prove itself at', () => {
  expect(new Set(rows.map(({ fields }) => fields.profile))).toEqual(new Set(profiles.keys()));
});

interface Outcome {
  readonly trouble: string | null;
  readonly subject: string;
  readonly emailVerified: boolean;
  readonly rotation: 'rotates' | 'stays' | 'never';
}

/** Alice signs in, and her tokens are refreshed once. */
async function signIn(simulator: ProviderSimulator, upstream: Json): Promise<Outcome> {
  const config = await upstreamOf(upstream, surroundings);
  const provider = createProvider(
    { ...config, redirectUri: `${issuer}/oauth/callback` },
    { clock: Date.now, log: silentLog },
  );
  try {
    const login = newLogin();
    const url = await provider.authorizationUrl(login.request);
    const { tokens, identity } = await finish(provider, login, await simulator.signIn(url, 'alice'));
    const { subject, emailVerified } = identity;
    const { refreshToken } = tokens;
    if (refreshToken === null) return { trouble: null, subject, emailVerified, rotation: 'never' };
    const next = (await provider.refresh({ refreshToken, subject })).tokens.refreshToken ?? refreshToken;
    const rotation = next === refreshToken ? 'stays' : 'rotates';
    return { trouble: null, subject, emailVerified, rotation };
  } catch (error) {
    const trouble = `sign-in: ${error instanceof Error ? error.message : String(error)}`;
    return { trouble, subject: '', emailVerified: false, rotation: 'never' };
  } finally {
    provider.close();
  }
}

function neverEnds({ quirks }: ProviderSimulator): boolean {
  return quirks.accessTokenLifetime === null;
}

function claimsOf(token: string): Record<string, unknown> {
  const [, payload = ''] = token.split('.');
  // Our tokens are JWTs, whose claims are an object.
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
}
