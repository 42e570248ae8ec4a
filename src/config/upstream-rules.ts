import type { Findings, Path } from './problems.ts';
import { textsOf } from './resolving.ts';
import type { Sieved } from './shape.ts';
import { checkUrl } from './urls.ts';

interface Place {
  readonly path: Path;
  readonly findings: Findings;
}

/** Longest redirect URI, in characters. */
const maxRedirectLength = 2048;

/**
 * Parameters of the authorization request that are ours to set, or that would replace those that we set (OpenID Connect
 * Core §6: `request`, `request_uri`), take the answer elsewhere (`response_mode`) or change whom it is about.
 */
const reservedParams: ReadonlySet<string> = new Set([
  'response_type',
  'client_id',
  'redirect_uri',
  'scope',
  'state',
  'code_challenge',
  'code_challenge_method',
  'nonce',
  'response_mode',
  'request',
  'request_uri',
  'claims',
  'resource',
]);

/** Parameters to add to the authorization request. */
export function checkAuthorizationParams(
  params: Sieved<Record<string, string>> | undefined,
  { path, findings }: Place,
): void {
  for (const [name] of textsOf(params)) {
    if (reservedParams.has(name))
      findings.refuse([...path, name], { problem: 'is a parameter that we set ourselves', fix: 'remove it' });
  }
}

/** Where the upstream sends people back to: https, http on loopback, or http anywhere when that is allowed. */
export function checkRedirect(
  uri: string,
  context: Place & { readonly issuer: string | null; readonly insecureAllowHttp: boolean },
): void {
  const { path, findings, issuer, insecureAllowHttp } = context;
  const complaint = checkUrl(uri, { allowHttp: insecureAllowHttp });
  if (complaint) return findings.refuse(path, complaint);
  if (uri.length > maxRedirectLength)
    return findings.refuse(path, {
      problem: `is longer than ${maxRedirectLength} characters`,
      fix: 'leave it out: the default is {issuer}/oauth/callback',
    });
  if (issuer !== null && new URL(uri).origin !== new URL(issuer).origin)
    findings.warn(path, 'is on another origin than the issuer: this server must be reachable there too');
}
