/** Profiles at the simulated provider that they are for: the real settings, at the simulator's addresses. */
import type { ProviderSettings } from '../../src/profiles/settings.ts';
import { createProviderSimulator } from '../../src/testing/index.ts';
import type { PresetName, ProviderSimulator, Quirks } from '../../src/testing/index.ts';
import type { Stack } from '../fixtures/stack.ts';
import { issuer, upstreamSecret } from '../fixtures/stack.ts';
import type { Json } from '../run-config/fixture.ts';
import { upstreamOf } from './fixture.ts';

/** A clock that tests move. */
export interface Clock {
  now: number;
}

/** A simulator that knows us. */
export async function startSimulator(
  preset: PresetName,
  { clock = { now: 0 }, quirks = {} }: { clock?: Clock; quirks?: Partial<Quirks> } = {},
): Promise<ProviderSimulator> {
  const client = {
    client_id: 'sallyport',
    client_secret: upstreamSecret,
    redirect_uris: [`${issuer}/oauth/callback`],
  };
  const simulator = createProviderSimulator({
    preset,
    // Entra's has the number of one documented refusal in all of them, and the number tells more than the code.
    quirks: { errorFields: {}, ...quirks },
    clients: [client],
    clock: () => Date.now() + clock.now,
  });
  return await simulator.start();
}

/** A simulator in the place of the provider that whole-server fixtures start by themselves. */
export function asProvider(simulator: ProviderSimulator): Stack['provider'] {
  return {
    issuer: simulator.issuer,
    port: Number(new URL(simulator.issuer).port),
    requests: [],
    signIn: (url, account) => simulator.signIn(url, account),
    rotateKeys: () => simulator.rotateKeys(),
    pause: () => simulator.pause(),
    resume: () => simulator.resume(),
    intercept() {},
    close: () => simulator.close(),
  };
}

const client = { client_id: 'sallyport', client_secret_env_var: 'UPSTREAM_SECRET' };

/** Nothing but addresses is changed, so that whatever else a profile says is what is tested. */
export async function upstreamAt(simulator: ProviderSimulator, fields: Json): Promise<Json> {
  const { type, settings, ...plain } = await upstreamOf({ ...fields, client_id: 'sallyport' });
  const { endpoints } = simulator;
  const own: Partial<Record<keyof ProviderSettings, unknown>> =
    type === 'oidc'
      ? { issuer_url: simulator.issuer }
      : { authorization_endpoint: endpoints.authorize, token_endpoint: endpoints.token };
  const { origin } = new URL(simulator.issuer);
  const { issuerRule, revocation } = settings;
  if (issuerRule.kind === 'tenant')
    own.issuer_template = issuerRule.template.replace('https://login.microsoftonline.com', origin);
  if (issuerRule.kind === 'also') own.issuer_aliases = await aliasesAt(simulator, issuerRule.issuers);
  const revokedAt = { github_grant: endpoints.revoke.replace(/token$/u, 'grant') } as Record<string, string>;
  if (revocation?.endpoint)
    own.revocation = {
      style: revocation.style,
      endpoint: (revokedAt[revocation.style] ?? endpoints.revoke).replace('{client_id}', 'sallyport'),
    };
  if (plain.userinfo && type === 'oauth2') own.userinfo = { endpoint_url: userinfoAt(simulator) };
  return { ...fields, ...client, ...own };
}

/** Google's has no scheme, and the first version of Entra ID's is on another host. */
async function aliasesAt(
  { issuer: at, discovery: [document = ''] }: ProviderSimulator,
  aliases: readonly string[],
): Promise<string[]> {
  // Metadata have an issuer.
  const { issuer: told } = (await (await fetch(document)).json()) as { issuer: string };
  return aliases.map((alias) =>
    alias
      .replace('https://sts.windows.net', new URL(told).origin)
      .replace('accounts.google.com', new URL(at).host),
  );
}

/** The same client with nothing but what every provider needs: what an operator would try first. */
export function genericAt(simulator: ProviderSimulator, scopes: readonly string[] | null): Json {
  const { endpoints, quirks, issuer: at } = simulator;
  if (quirks.protocol === 'oidc') return { profile: 'generic-oidc', issuer_url: at, ...client };
  return {
    profile: 'generic-oauth2',
    authorization_endpoint: endpoints.authorize,
    token_endpoint: endpoints.token,
    userinfo: { endpoint_url: userinfoAt(simulator) },
    ...(scopes && { scopes }),
    ...client,
  };
}

function userinfoAt({ api, endpoints, quirks }: ProviderSimulator): string {
  return quirks.api === 'slack' ? `${api}/api/auth.test` : endpoints.userinfo;
}
