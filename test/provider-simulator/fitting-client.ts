/** A client that knows what a provider wants, from its switches: what a right profile would send. */
import { defaultClient } from '../../src/testing/index.ts';
import type { ProviderSimulator, Quirks } from '../../src/testing/index.ts';
import { ask, authorize } from './bare-client.ts';
import type { Told } from './bare-client.ts';

const separators = { space: ' ', comma: ',', either: ' ' };

function scopesFor(quirks: Quirks): string[] {
  if (quirks.api === 'github') return ['read:user', 'user:email', 'read:org'];
  const openid = quirks.protocol === 'oidc' ? ['openid', 'profile', 'email', 'groups'] : ['read'];
  return quirks.refreshTokenWhen === 'scope' ? [...openid, quirks.refreshTokenScope] : openid;
}

async function send(simulator: ProviderSimulator, parameters: Record<string, string>): Promise<Told> {
  const { client_id: id, client_secret: secret = '' } = defaultClient;
  const basic = !simulator.quirks.clientAuthentication.includes('client_secret_post');
  const authorization = `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
  return await ask(simulator.endpoints.token, {
    method: 'POST',
    headers: { accept: 'application/json', ...(basic && { authorization }) },
    body: new URLSearchParams({ ...parameters, ...(!basic && { client_id: id, client_secret: secret }) }),
  });
}

export async function loginFittingly(simulator: ProviderSimulator, user = 'alice'): Promise<Told> {
  const { quirks } = simulator;
  const scopes = scopesFor(quirks).join(separators[quirks.requestScopeSeparator]);
  const { code = '' } = await authorize(
    simulator,
    {
      scope: quirks.scopeParameter === 'scope' ? scopes : undefined,
      [quirks.scopeParameter]: scopes,
      audience: quirks.audience === 'ignored' ? undefined : 'api.example.com',
      access_type: 'offline',
    },
    user,
  );
  return await send(simulator, {
    grant_type: 'authorization_code',
    code,
    redirect_uri: defaultClient.redirect_uris[0] ?? '',
    code_verifier: 'a-verifier-that-has-more-than-forty-three-characters',
  });
}

/** The tokens of an answer, wherever the provider puts them. */
export function tokensIn({ quirks }: ProviderSimulator, { body }: Told): Record<string, unknown> {
  const inner = quirks.nestedToken === null ? undefined : body[quirks.nestedToken];
  return typeof inner === 'object' && inner !== null ? { ...inner } : body;
}

export async function refreshFittingly(simulator: ProviderSimulator, token: unknown): Promise<Told> {
  const { quirks } = simulator;
  const repeats = quirks.scopeOnRefresh === 'required' || quirks.scopeOnRefresh === 'narrowed-without';
  return await send(simulator, {
    grant_type: 'refresh_token',
    refresh_token: String(token),
    ...(repeats && { scope: scopesFor(quirks).join(' ') }),
    ...(quirks.audienceOnRefresh === 'required' && { audience: 'api.example.com' }),
  });
}

export async function badCode(simulator: ProviderSimulator): Promise<Told> {
  return await send(simulator, { grant_type: 'authorization_code', code: 'wrong' });
}

export async function userinfoFittingly(simulator: ProviderSimulator, token: unknown): Promise<Told> {
  const { userinfo, requiredApiHeaders } = simulator.quirks;
  const headers = Object.fromEntries(requiredApiHeaders.map((name) => [name, 'test']));
  return await ask(simulator.endpoints.userinfo, {
    method: userinfo === 'post-only' ? 'POST' : 'GET',
    headers: { ...headers, authorization: `Bearer ${String(token)}` },
  });
}
