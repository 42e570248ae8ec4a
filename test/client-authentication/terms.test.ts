/** What a client from the configuration has instead of what all others have. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Stack, Tokens } from '../fixtures/stack.ts';
import { issuer, pkce, redirectUri, resource, startStack } from '../fixtures/stack.ts';

const second = `${issuer}/second`;

let stack: Stack;

beforeEach(async () => {
  const redirect_uris = [redirectUri];
  stack = await startStack({
    allowed_audiences: [resource, second],
    refresh_grace: '30s',
    clients: [
      { client_id: 'narrow', redirect_uris, resources: [second] },
      {
        client_id: 'short',
        redirect_uris,
        refresh_token_lifespan: '1h',
        session_lifespan: '3h',
        refresh_grace: 0,
      },
      { client_id: 'usual', redirect_uris },
    ],
  });
});
afterEach(() => stack.close());

/** Where an authorization request leads: its page's status, or the error that the client is told. */
async function asked(clientId: string, wanted: string | undefined): Promise<string> {
  const { challenge } = pkce();
  const url = stack.authorizeUrl({ client_id: clientId, code_challenge: challenge, resource: wanted });
  const response = await stack.browser().get(url);
  const location = response.headers.get('location');
  return location === null
    ? String(response.status)
    : (new URL(location).searchParams.get('error') ?? 'no error');
}

describe('a client with resources of its own', () => {
  it('may ask for these alone, and gets its only one when it names none', async () => {
    expect(await asked('narrow', second)).toBe('200');
    expect(await asked('narrow', undefined)).toBe('200');
    expect(await asked('narrow', resource)).toBe('invalid_target');
    expect(await asked('usual', resource)).toBe('200');
    expect(await asked('usual', undefined)).toBe('invalid_target');
  });
});

describe('a client with spans of its own', () => {
  async function refreshed(clientId: string, token: string): Promise<Tokens | number> {
    const response = await stack.refresh(clientId, token, { resource });
    return response.status === 200 ? ((await response.json()) as Tokens) : response.status;
  }

  it('has refresh tokens that end by them, counted from each use, and the session for good', async () => {
    const { refresh_token: first } = await stack.signIn({ clientId: 'short' });
    const { refresh_token: usual } = await stack.signIn({ clientId: 'usual', account: 'bob' });
    let token = first;
    for (const minutes of [59, 59, 59]) {
      stack.advance(minutes * 60_000);
      const next = await refreshed('short', token);
      if (typeof next === 'number') throw new Error(`refused with ${next}`);
      token = next.refresh_token;
    }
    stack.advance(4 * 60_000);
    expect(await refreshed('short', token)).toBe(400);
    expect(await refreshed('usual', usual)).toMatchObject({ token_type: 'Bearer' });
  });

  it('has no grace when its own is none', async () => {
    const short = await stack.signIn({ clientId: 'short' });
    expect(await refreshed('short', short.refresh_token)).toMatchObject({ token_type: 'Bearer' });
    stack.advance(1000);
    expect(await refreshed('short', short.refresh_token)).toBe(400);
    const usual = await stack.signIn({ clientId: 'usual', account: 'bob' });
    await refreshed('usual', usual.refresh_token);
    stack.advance(1000);
    expect(await refreshed('usual', usual.refresh_token)).toMatchObject({ token_type: 'Bearer' });
  });
});
