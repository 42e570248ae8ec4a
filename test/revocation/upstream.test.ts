import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startOidcProvider } from '../fixtures/oidc-provider.ts';
import type { OidcProviderFixture } from '../fixtures/oidc-provider.ts';
import { issuer, startStack, upstreamSecret } from '../fixtures/stack.ts';
import type { Stack } from '../fixtures/stack.ts';

let provider: OidcProviderFixture;
let stack: Stack;

beforeEach(async () => {
  const client = {
    client_id: 'sallyport',
    client_secret: upstreamSecret,
    redirect_uris: [`${issuer}/oauth/callback`],
    grant_types: ['authorization_code', 'refresh_token'],
  };
  provider = await startOidcProvider({
    clients: [client],
    configuration: { features: { devInteractions: { enabled: false }, revocation: { enabled: true } } },
  });
  stack = await startStack({}, { provider });
});

afterEach(() => stack.close());

const revocations = (): number =>
  provider.requests.filter((request) => request === 'POST /token/revocation').length;

async function signInAndOut(): Promise<void> {
  const { clientId, refresh_token: token } = await stack.signIn();
  const body = new URLSearchParams({ client_id: clientId, token });
  expect((await stack.call('/oauth/revoke', { method: 'POST', body })).status).toBe(200);
}

describe('the last sign-out of a user', () => {
  it('ends the tokens at the provider too', async () => {
    await signInAndOut();
    await stack.auth.vault.tellUpstreams();
    // The refresh token, and the access token.
    expect(revocations()).toBe(2);
    expect((await stack.store.stats()).ended).toBe(0);
  });

  it('leaves the provider alone while another app is signed in', async () => {
    const other = await stack.signIn();
    await signInAndOut();
    await stack.auth.vault.tellUpstreams();
    expect(revocations()).toBe(0);
    expect((await stack.refresh(other.clientId, other.refresh_token)).status).toBe(200);
  });

  it('is told to a provider that was down once it is back', async () => {
    await signInAndOut();
    await provider.pause();
    await stack.auth.vault.tellUpstreams();
    await provider.resume();
    expect((await stack.store.stats()).ended).toBe(1);
    stack.advance(61_000);
    await stack.auth.vault.tellUpstreams();
    expect(revocations()).toBe(2);
  });

  it('ends nothing of somebody who has signed in again meanwhile', async () => {
    await signInAndOut();
    const back = await stack.signIn();
    await stack.auth.vault.tellUpstreams();
    expect(revocations()).toBe(0);
    expect((await stack.refresh(back.clientId, back.refresh_token)).status).toBe(200);
  });
});
