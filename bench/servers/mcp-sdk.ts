/**
 * The router of the MCP SDK, version 1, on Express, with the least that can be behind it: a `Map` and the same signing as
 * the limit. Its rate limits are off.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mcpAuthRouter } from '@modelcontextprotocol/sdk/server/auth/router.js';
import type { OAuthServerProvider } from '@modelcontextprotocol/sdk/server/auth/provider.js';
import type { OAuthClientInformationFull, OAuthTokens } from '@modelcontextprotocol/sdk/shared/auth.js';
import express from 'express';
import type { RequestText } from '../load/plan.ts';
import { answerParent } from '../process/remote.ts';
import { batchedSigner } from './batched-signer.ts';
import { challenge, codeForm, redirectUri, refreshForm, tokenRequest } from './form.ts';
import { listenOnLoopback } from './listen.ts';

const clientId = 'bench';
const client: OAuthClientInformationFull = {
  client_id: clientId,
  redirect_uris: [redirectUri],
  token_endpoint_auth_method: 'none',
  grant_types: ['authorization_code', 'refresh_token'],
};

const sign = batchedSigner(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
const users = new Map<string, string>();

function keep(user: string): string {
  const token = randomBytes(32).toString('base64url');
  users.set(token, user);
  return token;
}

async function exchange(token: string): Promise<OAuthTokens> {
  const sub = users.get(token);
  if (sub === undefined) throw new Error('unknown token');
  users.delete(token);
  const iat = Math.floor(Date.now() / 1000);
  const claims = { iss: 'http://127.0.0.1', sub, aud: 'http://127.0.0.1/mcp', exp: iat + 3600, iat };
  return {
    access_token: await sign({ ...claims, jti: randomBytes(16).toString('base64url'), client_id: clientId }),
    token_type: 'Bearer',
    expires_in: 3600,
    scope: 'offline_access',
    refresh_token: keep(sub),
  };
}

const nothing = (): Promise<never> => Promise.reject(new Error('not part of the benchmark'));

const provider: OAuthServerProvider = {
  clientsStore: { getClient: (id) => (id === clientId ? client : undefined) },
  authorize: nothing,
  verifyAccessToken: nothing,
  challengeForAuthorizationCode: () => Promise.resolve(challenge),
  exchangeAuthorizationCode: (_client, code) => exchange(code),
  exchangeRefreshToken: (_client, token) => exchange(token),
};

const app = express();
app.use(
  mcpAuthRouter({
    provider,
    issuerUrl: new URL('http://127.0.0.1:8080'),
    tokenOptions: { rateLimit: false },
  }),
);

const tokens = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => keep(`user-${index}`));

answerParent({
  start: () => null,
  listen: () => listenOnLoopback(app),
  refreshes: (count: number): RequestText[] =>
    tokens(count).map((token) => tokenRequest('/token', refreshForm(clientId, token))),
  codes: (count: number): RequestText[] =>
    tokens(count).map((code) => tokenRequest('/token', codeForm(clientId, code))),
});
