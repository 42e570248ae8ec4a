import type { HttpRequest } from '../http/exchange.ts';
import { OAuthError } from '../oauth/errors.ts';
import type { Parameters } from '../oauth/parameters.ts';
import type { Client } from './client.ts';
import { assertionType, claimedClient } from './client-assertion.ts';
import type { Clients } from './clients.ts';

interface Credentials {
  readonly id: string;
  /** `null` for none; an empty one counts as none, since many public clients send it. */
  readonly secret: string | null;
  readonly basic: boolean;
  /** `null` for none. */
  readonly assertion: string | null;
}

/** Whom the credentials are shown to. */
export interface Authenticators {
  readonly find: Clients['find'];
  /**
   * True for an assertion of the client that was not used before; see `client-assertion.ts`.
   * @throws {ClientProblem}
   * @throws {SallyportError} `storage_failed`
   */
  readonly checkAssertion: (client: Client, assertion: string) => Promise<boolean>;
}

/**
 * Authenticates a client by exactly the method that it registered (RFC 6749 §2.3).
 * @throws {OAuthError} `invalid_client`, the same for an unknown client and a wrong secret; `invalid_request`
 * @throws {ClientProblem}
 */
export async function authenticateClient(
  request: { readonly headers: HttpRequest['headers']; readonly parameters: Parameters },
  authenticators: Authenticators,
): Promise<Client> {
  const credentials = readCredentials(request.headers['authorization'], request.parameters);
  const client = await authenticators.find(credentials.id);
  if (client && credentials.assertion !== null) {
    const good = client.keys !== null && (await authenticators.checkAssertion(client, credentials.assertion));
    // Who need not prove itself, and does, has proven itself.
    if (good) return client.authMethod === 'none' ? { ...client, authMethod: 'private_key_jwt' } : client;
  } else if (client && proves(client, credentials)) return client;
  throw new OAuthError('invalid_client', 'the client is not known here, or did not prove to be it', {
    // RFC 6749 §5.2: a challenge only for who tried this header.
    headers: credentials.basic ? { 'www-authenticate': 'Basic realm="sallyport", charset="UTF-8"' } : {},
  });
}

/** Whom a request claims to come from, however it says so; '' for what nobody can read. Proves nothing. */
export function claimedId(headers: HttpRequest['headers'], parameters: Parameters): string {
  try {
    return readCredentials(headers['authorization'], parameters).id;
  } catch {
    return '';
  }
}

function proves(client: Client, { secret, basic }: Credentials): boolean {
  if (client.authMethod === 'none') return secret === null;
  if (secret === null) return false;
  const presented = basic ? 'client_secret_basic' : 'client_secret_post';
  return (client.anySecretMethod || client.authMethod === presented) && client.checkSecret(secret);
}

function readCredentials(authorization: string | undefined, parameters: Parameters): Credentials {
  const basic = authorization === undefined ? null : readBasic(authorization);
  const secret = parameters.get('client_secret') ?? null;
  const assertion = readAssertion(parameters);
  if ([basic !== null, secret !== null, assertion !== null].filter(Boolean).length > 1) {
    throw new OAuthError('invalid_request', 'the client used two ways to authenticate');
  }
  const id =
    parameters.get('client_id') ?? (assertion === null ? undefined : (claimedClient(assertion) ?? ''));
  if (basic) {
    if (id === undefined || id === basic.id) return basic;
    throw new OAuthError('invalid_request', 'client_id differs between header and body');
  }
  if (id === undefined) throw new OAuthError('invalid_request', 'client_id is missing');
  return { id, secret, basic: false, assertion };
}

/** RFC 7521 §4.2: both parameters, or neither. */
function readAssertion(parameters: Parameters): string | null {
  const assertion = parameters.get('client_assertion');
  const type = parameters.get('client_assertion_type');
  if (assertion === undefined && type === undefined) return null;
  if (assertion !== undefined && type === assertionType) return assertion;
  throw new OAuthError(
    'invalid_request',
    `client_assertion needs the client_assertion_type ${assertionType}, and the other way round`,
  );
}

/** RFC 7617, each part form-encoded before (RFC 6749 §2.3.1). Other schemes are not client authentication. */
function readBasic(authorization: string): Credentials | null {
  if (!/^basic(?![\w-])/iu.test(authorization)) return null;
  const [, encoded = '', padding = ''] = /^basic +([A-Za-z0-9+/]+)(={0,2}) *$/iu.exec(authorization) ?? [];
  const bytes = Buffer.from(encoded, 'base64');
  const text = bytes.toString('latin1');
  const colon = text.indexOf(':');
  // Form encoding leaves printable ASCII only; padding that some clients forget changes nothing.
  const canonical = bytes.toString('base64');
  const whole = canonical === encoded + padding || canonical.replace(/=+$/u, '') === encoded + padding;
  if (!whole || colon < 1 || /[^\x20-\x7e]/u.test(text)) throw malformed();
  const secret = formDecode(text.slice(colon + 1));
  return {
    id: formDecode(text.slice(0, colon)),
    secret: secret === '' ? null : secret,
    basic: true,
    assertion: null,
  };
}

function formDecode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch (error) {
    throw malformed(error);
  }
}

function malformed(cause?: unknown): OAuthError {
  return new OAuthError('invalid_request', 'the Authorization header is not well-formed Basic', { cause });
}
