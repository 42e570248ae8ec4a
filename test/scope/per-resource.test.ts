import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Endpoint } from '../proxy/endpoint.ts';
import { challengeOf, notes, post, toolCall } from '../tool-scopes/calls.ts';

const mail = 'https://mcp.example.com/mail';
const all = 'https://mcp.example.com/all';
let endpoint: Endpoint;

beforeAll(async () => {
  endpoint = await Endpoint.start({
    proxy: {
      scopes_supported: ['notes:read', 'notes:write'],
      tools: { '*': ['notes:read'], 'write_*': ['notes:write'] },
    },
    others: [
      { path: '/mail', target: 'http://127.0.0.1:9/', scopes: ['mail:read', 'offline_access'] },
      { path: '/all', target: 'http://127.0.0.1:9/' },
    ],
    config: {
      scopes: { ...(notes['scopes'] as object), 'mail:read': {} },
      allowed_audiences: undefined,
    },
  });
});

afterAll(() => endpoint.close());

async function documentAt(path: string): Promise<Record<string, unknown>> {
  return (await (await endpoint.stack.call(path)).json()) as Record<string, unknown>;
}

const scopesOf = async (name: string): Promise<unknown> =>
  (await documentAt(`/.well-known/oauth-protected-resource/${name}`))['scopes_supported'];

/** What is granted of everything, for a resource. */
async function grantedFor(resource: string): Promise<readonly string[]> {
  const { stack } = endpoint;
  const { client_id } = await stack.register();
  const pair = { verifier: 'v'.repeat(43), challenge: '' };
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(pair.verifier));
  const redirect = await stack.login({
    client_id,
    resource,
    code_challenge: Buffer.from(hash).toString('base64url'),
    scope: 'openid email offline_access notes:read notes:write notes:admin mail:read nonsense',
  });
  const response = await stack.token({
    grant_type: 'authorization_code',
    client_id,
    code: redirect.searchParams.get('code') ?? '',
    code_verifier: pair.verifier,
  });
  return ((await response.json()) as { scope: string }).scope.split(' ');
}

describe('a resource', () => {
  it('lists what it demands and a client needs early; else what there is; never offline_access', async () => {
    expect(await scopesOf('mcp')).toEqual(['notes:read']);
    expect(await scopesOf('mail')).toEqual(['mail:read']);
    expect(await scopesOf('all')).toEqual(['openid', 'profile', 'email', 'notes:read', 'mail:read']);
  });

  it('names the same in its challenge', async () => {
    const response = await fetch(endpoint.url, { method: 'POST' });
    expect(response.status).toBe(401);
    expect(challengeOf(response)['scope']).toBe('notes:read');
  });

  it('is granted its own scopes and who somebody is, whatever else is asked for', async () => {
    const identity = ['openid', 'email', 'offline_access'];
    expect(await grantedFor('https://mcp.example.com/mcp')).toEqual([
      ...identity,
      'notes:read',
      'notes:write',
    ]);
    expect(await grantedFor(all)).toEqual([
      ...identity,
      'notes:read',
      'notes:write',
      'notes:admin',
      'mail:read',
    ]);
    expect(await grantedFor(mail)).toContain('notes:admin');
  });

  it('and the authorization server are of one catalogue', async () => {
    const document = await documentAt('/.well-known/oauth-authorization-server');
    const everything = 'openid profile email offline_access notes:read notes:write notes:admin mail:read';
    // Some clients ask for all that is listed there.
    const later = new Set(['notes:write', 'notes:admin']);
    expect(document['scopes_supported']).toEqual(everything.split(' ').filter((scope) => !later.has(scope)));
    expect((await endpoint.stack.register())['scope']).toBe(everything);
  });
});

describe('a challenge for more scopes', () => {
  const challenged = async (at: Endpoint): Promise<string | undefined> => {
    const { access_token } = await at.stack.signIn({ scope: 'notes:read offline_access' });
    return challengeOf(await post(at, access_token, toolCall('write_note')))['scope'];
  };

  it('does not name offline_access, which is not the resource’s business', async () => {
    expect(await challenged(endpoint)).toBe('notes:read notes:write');
  });

  it('names it where the client would lose its refresh token otherwise', async () => {
    const strict = await Endpoint.start({
      proxy: { tools: { '*': [], 'write_*': ['notes:write'] } },
      config: { ...notes, refresh_token_policy: 'offline_access' },
    });
    expect(await challenged(strict)).toBe('offline_access notes:read notes:write');
    await strict.close();
  });
});
