import { escapeHtml, page, ProtocolError, redirect } from '../exchange.ts';
import type { SimulatedAnswer, SimulatedRequest } from '../exchange.ts';
import { randomText } from '../ledger.ts';
import type { Grant } from '../ledger.ts';
import type { ParameterRule } from '../quirks/authorization.ts';
import type { Simulation } from '../simulation.ts';
import type { SimulatedUser } from '../users.ts';

/**
 * The authorization endpoint (RFC 6749 §3.1): a form, or at once a redirect with a code.
 * @param failure an error to answer with in place of that.
 */
export function answerAuthorize(
  simulation: Simulation,
  request: SimulatedRequest,
  failure: ProtocolError | null = null,
): SimulatedAnswer {
  const { parameters } = request;
  const client = simulation.clients.get(parameters['client_id'] ?? '');
  if (!client) return page(400, '<h1>Unknown client</h1>');
  const redirectUri = parameters['redirect_uri'] ?? '';
  if (!client.redirect_uris.includes(redirectUri))
    return page(400, `<h1>Redirect URI mismatch</h1><p>${escapeHtml(redirectUri)}</p>`);
  try {
    if (failure) throw failure;
    return authorize(simulation, { parameters, redirectUri });
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    const { code, message } = error;
    if (simulation.quirks.authorizeErrors === 'page')
      return page(400, `<h1>Error 400: ${escapeHtml(code)}</h1><p>${escapeHtml(message)}</p>`);
    return respond(simulation, { parameters, redirectUri }, { error: code, error_description: message });
  }
}

interface AuthorizationRequest {
  readonly parameters: SimulatedRequest['parameters'];
  readonly redirectUri: string;
}

function authorize(simulation: Simulation, request: AuthorizationRequest): SimulatedAnswer {
  const { parameters } = request;
  const { quirks } = simulation;
  if (parameters['response_type'] !== 'code')
    throw new ProtocolError('unsupported_response_type', 'only the code flow is served');
  const scopes = readScopes(simulation, parameters);
  checkChallenge(quirks.pkce, parameters);
  checkParameter('audience', quirks.audience, parameters);
  checkParameter('resource', quirks.resourceAtAuthorize, parameters);
  if (parameters['deny'] !== undefined)
    throw new ProtocolError('access_denied', 'the user has denied access to the application');
  const user = findUser(simulation, parameters);
  if (!user) return signInForm(simulation, parameters);
  if (quirks.onlyTenant !== null && user['tid'] !== quirks.onlyTenant)
    throw new ProtocolError('access_denied', 'AADSTS50020: the account is of another tenant');
  return respond(simulation, request, {
    code: issueCode(simulation, { request, scopes, user }),
  });
}

function readScopes({ quirks }: Simulation, parameters: SimulatedRequest['parameters']): string[] {
  const separator = { space: / +/, comma: /,\s*/, either: /[ ,]+/ }[quirks.requestScopeSeparator];
  const scopes = (parameters[quirks.scopeParameter] ?? '').split(separator).filter((scope) => scope !== '');
  const refused = scopes.find((scope) => quirks.refusedScopes.includes(scope));
  if (refused !== undefined)
    throw new ProtocolError('invalid_scope', `some requested scopes were invalid: ${refused}`);
  if (quirks.scopeRequired && scopes.length === 0)
    throw new ProtocolError('invalid_scope', 'scope is missing');
  return scopes;
}

function checkChallenge(
  pkce: 'optional' | 'required' | 'ignored',
  parameters: SimulatedRequest['parameters'],
): void {
  if (pkce === 'ignored') return;
  const challenge = parameters['code_challenge'];
  if (challenge === undefined && pkce === 'required')
    throw new ProtocolError('invalid_request', 'code_challenge is required');
  if (challenge !== undefined && parameters['code_challenge_method'] !== 'S256')
    throw new ProtocolError('invalid_request', 'code_challenge_method has to be S256');
}

/** Applies a rule about one parameter. `opaque-without` demands nothing here. */
export function checkParameter(
  name: string,
  rule: ParameterRule | 'opaque-without',
  parameters: SimulatedRequest['parameters'],
): void {
  const present = (parameters[name] ?? '') !== '';
  const code = name === 'resource' ? 'invalid_target' : 'invalid_request';
  if (rule === 'required' && !present) throw new ProtocolError(code, `${name} is required`);
  if (rule === 'refused' && present) throw new ProtocolError(code, `${name} is not supported`);
}

function findUser(simulation: Simulation, parameters: SimulatedRequest['parameters']): SimulatedUser | null {
  const login = parameters['user'];
  if (login === undefined) return simulation.signedIn;
  return simulation.users.find((user) => user.login === login) ?? null;
}

function signInForm({ users }: Simulation, parameters: SimulatedRequest['parameters']): SimulatedAnswer {
  if (parameters['prompt']?.split(' ').includes('none'))
    throw new ProtocolError('login_required', 'nobody is signed in');
  const names = users.map(({ login }) => `<option>${escapeHtml(login)}</option>`).join('');
  return page(
    200,
    `<title>Sign in</title><form method="post"><label>User <select name="user">${names}</select></label>` +
      '<button>Sign in</button></form><form method="post"><button name="deny" value="1">Cancel</button></form>',
  );
}

function issueCode(
  { quirks, ledger, clock }: Simulation,
  login: { readonly request: AuthorizationRequest; readonly scopes: string[]; readonly user: SimulatedUser },
): string {
  const { parameters, redirectUri } = login.request;
  const clientId = parameters['client_id'] ?? '';
  const returning = ledger.grants.some((grant) => grant.user === login.user && grant.clientId === clientId);
  const grant: Grant = {
    user: login.user,
    clientId,
    scopes: login.scopes,
    audience: parameters['audience'] ?? null,
    resource: parameters['resource'] ?? null,
    nonce: parameters['nonce'] ?? null,
    authTime: Math.floor(clock() / 1000),
    offline: isOffline(quirks, { scopes: login.scopes, parameters, returning }),
    revoked: false,
  };
  const code = randomText(quirks.codeLength);
  const challenge = quirks.pkce === 'ignored' ? null : (parameters['code_challenge'] ?? null);
  ledger.grants.push(grant);
  ledger.codes.set(code, { grant, redirectUri, challenge, expiresAt: clock() + 60_000, used: false });
  return code;
}

function isOffline(
  quirks: Simulation['quirks'],
  login: {
    readonly scopes: readonly string[];
    readonly parameters: SimulatedRequest['parameters'];
    readonly returning: boolean;
  },
): boolean {
  const consented = login.parameters['prompt']?.split(' ').includes('consent') ?? false;
  if (quirks.refreshTokenOnRelogin === 'with-consent' && login.returning && !consented) return false;
  switch (quirks.refreshTokenWhen) {
    case 'always':
      return true;
    case 'never':
      return false;
    case 'scope':
      return login.scopes.includes(quirks.refreshTokenScope);
    case 'access-type-offline':
      return login.parameters['access_type'] === 'offline';
  }
}

function respond(
  { quirks, addresses }: Simulation,
  { parameters, redirectUri }: AuthorizationRequest,
  answer: Readonly<Record<string, string>>,
): SimulatedAnswer {
  const location = new URL(redirectUri);
  for (const [name, value] of Object.entries(answer)) location.searchParams.set(name, value);
  if (parameters['state'] !== undefined) location.searchParams.set('state', parameters['state']);
  if (quirks.issInResponse) location.searchParams.set('iss', addresses.documentIssuer);
  return redirect(location.href);
}
