import type { UpstreamConfig } from '../config/config.ts';
import type { AuthorizationRequest } from './provider.ts';

/**
 * Builds the URL that the browser goes to. Parameters from configuration come first and never replace one of ours;
 * only `prompt` is united, because providers that hand out refresh tokens after consent need both (Google).
 * @param endpoint may have a query of its own, which is kept (RFC 6749 §3.1).
 */
export function buildAuthorizationUrl(
  endpoint: string,
  request: AuthorizationRequest,
  { config, scopes, nonce }: { config: UpstreamConfig; scopes: readonly string[]; nonce: boolean },
): string {
  const url = new URL(endpoint);
  const { scopeParameter, scopeSeparator, pkce } = config.settings;
  const ours: Record<string, string | null> = {
    response_type: 'code',
    client_id: config.clientId,
    redirect_uri: config.redirectUri,
    scope: null,
    state: request.state,
    nonce: nonce ? request.nonce : null,
    code_challenge: pkce === 'always' ? request.codeChallenge : null,
    code_challenge_method: pkce === 'always' ? 'S256' : null,
    [scopeParameter]: scopes.length > 0 ? scopes.join(scopeSeparator) : null,
  };
  for (const [name, value] of Object.entries(config.additionalAuthorizationParams))
    if (!Object.hasOwn(ours, name)) url.searchParams.set(name, value);
  for (const [name, value] of Object.entries(ours)) if (value !== null) url.searchParams.set(name, value);
  const prompt = unitePrompts(request.prompt, config.additionalAuthorizationParams['prompt']);
  if (prompt !== null) url.searchParams.set('prompt', prompt);
  if (request.maxAge !== null) url.searchParams.set('max_age', String(request.maxAge));
  if (request.loginHint !== null) url.searchParams.set('login_hint', request.loginHint);
  return url.href;
}

/** `none` excludes every other value (OpenID Connect Core §3.1.2.1), so it never joins those of a request. */
function unitePrompts(requested: string | null, configured: string | undefined): string | null {
  if (requested === null) return null;
  const configuredPrompts = (configured ?? '').split(' ').filter((prompt) => prompt !== 'none');
  const prompts = new Set([...requested.split(' '), ...configuredPrompts]);
  return [...prompts].filter((prompt) => prompt !== '').join(' ');
}
