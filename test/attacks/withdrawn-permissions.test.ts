/**
 * What the operator has taken back since a grant was made: a resource, a scope, a grant type, the client itself. Signatures and
 * stored grants prove what was allowed, not what is (RFC 6749 §6: never more than the owner granted; RFC 8707 §2.2); a session
 * lasts 90 days, and toolhive let old grants add audiences for ever.
 */
import { afterEach, describe, expect, it } from 'vitest';
import type { Stack, Tokens } from '../fixtures/stack.ts';
import { resource, startStack } from '../fixtures/stack.ts';
import type { Code } from './login-steps.ts';
import { codeFor, outcome } from './login-steps.ts';

const other = 'https://mcp.example.com/other';
const files = { '/hmac': Buffer.alloc(32, 3), '/secret': 's'.repeat(40) };
const web = 'https://app.example.com/cb';
const app = { client_id: 'app', redirect_uris: [web] };
const usual = {
  hmac_secret_files: ['/hmac'],
  clients: [app],
  allowed_audiences: [resource, other],
  default_resource: resource,
  scopes_supported: ['openid', 'offline_access', 'files:read', 'files:write'],
};

const open: Stack[] = [];
afterEach(async () => {
  for (const stack of open.splice(0)) await stack.close();
});

/** The server as it was, with a signed-in client, and the same server with another configuration. */
async function change(
  config: object,
  { form: more = {} }: { readonly form?: Record<string, string> } = {},
): Promise<{
  readonly after: Stack;
  readonly tokens: Tokens;
  readonly code: Code;
}> {
  const before = await startStack(usual, { files });
  open.push(before);
  const { store, provider } = before;
  const scope = 'openid offline_access files:read files:write';
  const asked = { redirect_uri: web, scope, ...more };
  const answer = await before.token({ ...(await codeFor(before, 'app', asked)).form });
  const tokens = (await answer.json()) as Tokens;
  const code = await codeFor(before, 'app', asked);
  const after = await startStack({ ...usual, ...config }, { files, store, provider });
  return { after, tokens, code };
}

const claimsOf = (token: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
const scopesOf = async (answer: Response): Promise<readonly unknown[]> => {
  const { scope, access_token } = (await answer.json()) as Tokens;
  return [scope, claimsOf(access_token)['scope']];
};

describe('a grant from before a change', () => {
  it('goes on when nothing was taken back, so that the refusals below mean something', async () => {
    const { after, tokens, code } = await change({});
    const all = 'openid offline_access files:read files:write';
    expect(await scopesOf(await after.refresh('app', tokens.refresh_token))).toEqual([all, all]);
    expect(await scopesOf(await after.token(code.form))).toEqual([all, all]);
  });

  it('gives no token for a resource that is no longer served', async () => {
    const form = { resource: other };
    const { after, tokens, code } = await change({ allowed_audiences: [resource] }, { form });
    expect(claimsOf(tokens.access_token)['aud']).toBe(other);
    expect(await outcome(await after.refresh('app', tokens.refresh_token))).toBe('400 invalid_grant');
    expect(await outcome(await after.token(code.form))).toBe('400 invalid_grant');
    // Nor for another one instead.
    const elsewhere = await after.refresh('app', tokens.refresh_token, { resource });
    expect(await outcome(elsewhere)).toBe('400 invalid_target');
  });

  it('gives no scope that the server no longer has', async () => {
    const { after, tokens, code } = await change({
      scopes_supported: ['openid', 'offline_access', 'files:read'],
    });
    const less = 'openid offline_access files:read';
    expect(await scopesOf(await after.refresh('app', tokens.refresh_token))).toEqual([less, less]);
    const again = await after.refresh('app', tokens.refresh_token, { scope: 'files:write' });
    expect(await scopesOf(again)).toEqual([less, less]);
    expect(await scopesOf(await after.token(code.form))).toEqual([less, less]);
  });

  it('gives no scope that its client may no longer have', async () => {
    const clients = [{ ...app, scopes: ['openid', 'files:read'] }];
    const { after, tokens, code } = await change({ clients });
    const less = 'openid files:read';
    expect(await scopesOf(await after.refresh('app', tokens.refresh_token))).toEqual([less, less]);
    expect(await scopesOf(await after.token(code.form))).toEqual([less, less]);
  });

  const another = {
    name: 'another',
    type: 'oidc',
    oidc_config: {
      issuer_url: 'https://another.example.com',
      client_id: 'sallyport',
      client_secret_env_var: 'UPSTREAM_SECRET',
    },
  };

  it.each([
    ['is gone', [another]],
    ['only lends tokens now', [another, { ...another, name: 'demo' }]],
    ['may only be connected later now', [{ ...another, name: 'demo', when: 'later' }, another]],
  ])('gives nothing to who signed in at an identity provider that %s', async (_, upstreams) => {
    const { after, tokens, code } = await change({ upstreams });
    expect(await outcome(await after.refresh('app', tokens.refresh_token))).toBe('400 invalid_grant');
    expect(await outcome(await after.token(code.form))).toBe('400 invalid_grant');
  });

  it('gives nothing to a client that is gone, or that must prove itself now', async () => {
    const secret = { ...app, client_secret_file: '/secret' };
    for (const clients of [[], [secret]]) {
      const { after, tokens, code } = await change({ clients });
      expect(await outcome(await after.refresh('app', tokens.refresh_token))).toBe('401 invalid_client');
      expect(await outcome(await after.token(code.form))).toBe('401 invalid_client');
    }
  });

  it('gives no refresh to a client that may no longer have it', async () => {
    const { after, tokens, code } = await change({
      clients: [{ ...app, grant_types: ['authorization_code'] }],
    });
    expect(await outcome(await after.refresh('app', tokens.refresh_token))).toBe('400 unauthorized_client');
    const redeemed = (await (await after.token(code.form)).json()) as Partial<Tokens>;
    expect(redeemed.refresh_token).toBeUndefined();
  });
});
