/** Everything that takes an access token of ours, to be knocked at with something else. */
import { sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { generateSigningKeyPem, parseSigningKey } from '../../src/crypto/signing-key.ts';
import type { SigningKey } from '../../src/crypto/signing-key.ts';
import { createProtectedResource } from '../../src/resource/protected-resource.ts';
import { upstreamAccess } from '../../src/server/upstream-access.ts';
import { resource } from '../fixtures/stack.ts';
import type { Tokens } from '../fixtures/stack.ts';
import { Endpoint } from '../proxy/endpoint.ts';

/** A second resource of the same server. */
export const otherResource = 'https://mcp.example.com/other';

const inspectorSecret = 's'.repeat(40);
const files = { '/keys/now.pem': generateSigningKeyPem(), '/keys/before.pem': generateSigningKeyPem() };

export interface Doors {
  readonly endpoint: Endpoint;
  /** A signed-in user: the tokens, and the claims of the access token. */
  readonly good: Tokens & { readonly clientId: string };
  readonly claims: Readonly<Record<string, unknown>>;
  /** The keys that the server signs with and used to sign with, private halves included. */
  readonly keys: { readonly signing: SigningKey; readonly fallback: SigningKey };
  /** The doors that a text opens, by name; none for everything but an access token. */
  opened(text: string): Promise<readonly string[]>;
  close(): Promise<void>;
}

export const allDoors = ['mcp endpoint', 'userinfo', 'introspection', 'guard', 'library'] as const;

export async function openDoors(): Promise<Doors> {
  const inspector = {
    client_id: 'inspector',
    client_secret_env_var: 'INSPECTOR_SECRET',
    token_endpoint_auth_method: 'client_secret_basic',
    redirect_uris: [],
    grant_types: [],
    introspects: [resource],
  };
  const endpoint = await Endpoint.start({
    files,
    env: { INSPECTOR_SECRET: inspectorSecret },
    config: {
      allowed_audiences: [resource, otherResource],
      default_resource: resource,
      clients: [inspector],
      signing_key_config: {
        key_dir: '/keys',
        signing_key_file: 'now.pem',
        fallback_key_files: ['before.pem'],
      },
    },
  });
  const { stack } = endpoint;
  const good = await stack.signIn({ scope: 'openid profile email' });
  const { tokens, sessions } = stack.auth;
  const guard = createProtectedResource({ resource, scopes: [], upstream: null, tokens, sessions });
  const basic = `Basic ${Buffer.from(`inspector:${inspectorSecret}`).toString('base64')}`;
  // One header value each; what cannot stand in a header opens nothing over the wire either.
  const doors: Record<(typeof allDoors)[number], (text: string) => Promise<boolean>> = {
    'mcp endpoint': async (text) => (await endpoint.call(text)).status === 200,
    userinfo: async (text) => {
      const headers = { authorization: `Bearer ${text}` };
      return (await stack.call('/oauth/userinfo', { headers })).status === 200;
    },
    introspection: async (text) => {
      const body = new URLSearchParams({ token: text });
      const headers = { authorization: basic };
      const answer = await stack.call('/oauth/introspect', { method: 'POST', body, headers });
      const { active } = (await answer.json()) as { active?: unknown };
      return active === true;
    },
    guard: async (text) => (await guard.authenticate({ authorization: `Bearer ${text}` })).r === 'ok',
    library: async (text) => (await upstreamAccess(stack.auth, text)) !== null,
  };
  return {
    endpoint,
    good,
    claims: payloadOf(good.access_token),
    keys: {
      signing: stack.auth.keys.signing,
      fallback: parseSigningKey(files['/keys/before.pem'], 'before'),
    },
    async opened(text) {
      const opened: string[] = [];
      for (const name of allDoors) if (await doors[name](text)) opened.push(name);
      return opened;
    },
    close: () => endpoint.close(),
  };
}

export function payloadOf(token: string): Record<string, unknown> {
  const [, payload = ''] = token.split('.');
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
}

export function base64url(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
}

/** A compact JWS over any two texts, honestly signed with ES256. */
export function signed(header: unknown, payload: unknown, key: KeyObject): string {
  const input = `${base64url(header)}.${base64url(payload)}`;
  const signature = sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
}
