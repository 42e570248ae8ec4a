/** oidc-provider 9 with its rows in a `Map`: JWT access tokens signed with ES256, refresh tokens that rotate. */
import { generateKeyPairSync } from 'node:crypto';
import { Provider } from 'oidc-provider';
import type { Client } from 'oidc-provider';
import { createOidcStorage } from '../../test/fixtures/oidc-storage.ts';
import type { RequestText } from '../load/plan.ts';
import { answerParent } from '../process/remote.ts';
import { challenge, codeForm, redirectUri, refreshForm, tokenRequest } from './form.ts';
import { listenOnLoopback } from './listen.ts';

const issuer = 'http://127.0.0.1:8080';
const resource = 'http://127.0.0.1:8080/mcp';
const clientId = 'bench';
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

const provider = new Provider(issuer, {
  adapter: createOidcStorage(),
  clients: [
    {
      client_id: clientId,
      token_endpoint_auth_method: 'none',
      redirect_uris: [redirectUri],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      application_type: 'native',
      id_token_signed_response_alg: 'ES256',
    },
  ],
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig', kid: 'bench' }] },
  cookies: { keys: ['a key for the cookies of a benchmark'] },
  features: {
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => resource,
      getResourceServerInfo: () => ({
        scope: 'offline_access',
        audience: resource,
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'ES256' } },
      }),
      useGrantedResource: () => true,
    },
  },
  findAccount: (_context, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
  rotateRefreshToken: true,
  issueRefreshToken: () => true,
  ttl: { AccessToken: 3600, AuthorizationCode: 3600, Grant: 86_400, IdToken: 3600, RefreshToken: 86_400 },
});

interface Login {
  readonly client: Client;
  readonly accountId: string;
  readonly grantId: string;
}

let logins = 0;

async function login(): Promise<Login> {
  const client = await provider.Client.find(clientId);
  if (!client) throw new Error('the client is not there');
  logins += 1;
  const accountId = `account-${logins}`;
  const grant = new provider.Grant({ accountId, clientId });
  // No `openid`: one signature for each answer, as the others have it.
  grant.addResourceScope(resource, 'offline_access');
  return { client, accountId, grantId: await grant.save() };
}

async function refreshToken(): Promise<string> {
  const token = new provider.RefreshToken({
    ...(await login()),
    scope: 'offline_access',
    resource,
    gty: 'authorization_code',
    rotations: 0,
    iiat: Math.floor(Date.now() / 1000),
  });
  return token.save();
}

async function code(): Promise<string> {
  const made = new provider.AuthorizationCode({
    ...(await login()),
    scope: 'offline_access',
    resource,
    redirectUri,
    codeChallenge: challenge,
    codeChallengeMethod: 'S256',
    gty: 'authorization_code',
  });
  return made.save();
}

async function requests(count: number, make: () => Promise<Record<string, string>>): Promise<RequestText[]> {
  const forms = await Promise.all(Array.from({ length: count }, make));
  return forms.map((form) => tokenRequest('/token', form));
}

answerParent({
  start: () => null,
  listen: () => listenOnLoopback((request, response) => void provider.callback()(request, response)),
  refreshes: (count: number) => requests(count, async () => refreshForm(clientId, await refreshToken())),
  codes: (count: number) => requests(count, async () => codeForm(clientId, await code())),
});
