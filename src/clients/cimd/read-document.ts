import { checkRedirectUri, classOf } from '../../oauth/redirect-uri.ts';
import { parseScope } from '../../oauth/scope.ts';
import { cleanName } from '../clean-name.ts';
import type { ClientKeys } from '../client.ts';
import { ClientProblem } from '../client-problem.ts';
import { JwtProblem, readJwtClaims } from '../signed-jwt.ts';
import type { ClientDocument, StatedDocument } from './document.ts';
import type { UrlRules } from './document-url.ts';
import { checkNamedUrl } from './document-url.ts';
import { readKeys } from './document-keys.ts';
import { Members } from './members.ts';
import { invalidDocument } from './problems.ts';

/** What we serve; the rest of what a document lists is for other servers. */
const servedGrants = ['authorization_code', 'refresh_token'] as const;

const maxRedirectUris = 50;
const maxNameLength = 256;
const maxWordLength = 256;
const maxScopeLength = 4096;

/** Longest address of a logo, in characters: it travels with every login. */
const maxLogoUri = 512;

/**
 * Reads a document and judges it (CIMD draft-02 §4). A document is written once for every server there is: of what it
 * lists, we take what we serve and leave the rest alone. What must be there, must be right; what must not be there, is
 * refused (§4.1: no shared secrets, no private keys).
 * @throws {ClientProblem} `invalid`, with the field that stopped it
 */
export function readDocument(text: string, clientId: string, rules: UrlRules): ClientDocument {
  const members = parse(text);
  return { ...readMembers(members, clientId, rules), stated: readStatement(members, clientId, rules) };
}

/** A statement that is none, or that does not make a document, is as good as none: the document speaks for itself. */
function readStatement(members: Members, clientId: string, rules: UrlRules): StatedDocument | null {
  const statement = members.raw('software_statement');
  if (typeof statement !== 'string') return null;
  try {
    const stated = members.with(readJwtClaims(statement));
    return { statement, document: { ...readMembers(stated, clientId, rules), stated: null } };
  } catch (error) {
    if (error instanceof JwtProblem || error instanceof ClientProblem) return null;
    throw error;
  }
}

function readMembers(members: Members, clientId: string, rules: UrlRules): Omit<ClientDocument, 'stated'> {
  if (members.raw('client_id') !== clientId)
    throw invalidDocument('client_id in it is not the very address that it was fetched from');
  for (const field of ['client_secret', 'client_secret_expires_at'])
    if (members.raw(field) !== undefined)
      throw invalidDocument(`it holds ${field}: secrets do not belong there`);
  const name = cleanName(members.text('client_name', maxNameLength));
  if (name === null) throw invalidDocument('client_name is missing');
  const redirectUris = readRedirectUris(members);
  return {
    clientId,
    name,
    redirectUris,
    grantTypes: readGrants(members),
    ...readAuthentication(members, readKeys(members, rules)),
    scopes: readScopes(members),
    applicationType: readApplicationType(members, redirectUris),
    softwareId: members.text('software_id', maxWordLength),
    logoUri: readLogo(members, rules),
  };
}

function parse(text: string): Members {
  try {
    const value: unknown = JSON.parse(text);
    return new Members(value);
  } catch (error) {
    if (error instanceof ClientProblem) throw error;
    throw invalidDocument('it is not JSON');
  }
}

/** One that cannot be used here, such as another server's scheme, hides none of the others. */
function readRedirectUris(members: Members): readonly string[] {
  const listed = members.texts('redirect_uris', { most: maxRedirectUris, longest: 2048 }) ?? [];
  if (listed.length === 0) throw invalidDocument('redirect_uris is missing');
  const usable = [...new Set(listed)].filter((uri) => checkRedirectUri(uri) === null);
  if (usable.length > 0) return usable;
  const [first = ''] = listed;
  throw invalidDocument(
    `none of its redirect_uris can be used here: the first ${checkRedirectUri(first) ?? ''}`,
  );
}

/** Absent means both, though RFC 7591 §2 has another default: every MCP client refreshes. */
function readGrants(members: Members): readonly string[] {
  const listed = members.words('grant_types');
  const granted = servedGrants.filter((type) => listed?.includes(type) ?? true);
  if (!granted.includes('authorization_code'))
    throw invalidDocument('grant_types has no authorization_code, the only way to sign in here');
  const responses = members.words('response_types');
  if (responses && !responses.includes('code'))
    throw invalidDocument('response_types has no code, the only answer that is given here');
  return granted;
}

type Authentication = Pick<ClientDocument, 'authMethod' | 'proofOptional' | 'keys'>;

/**
 * How the client proves to be it. Some documents prefer `private_key_jwt` and list `none` beside it; who lists keys and
 * nothing else must use them (draft-02 §8.2). Absent means `none`: the default of RFC 7591 is a shared secret, which no
 * document can have.
 */
function readAuthentication(members: Members, keys: ClientKeys | null): Authentication {
  const preferred = members.text('token_endpoint_auth_method', maxWordLength);
  if (preferred?.startsWith('client_secret'))
    throw invalidDocument(`token_endpoint_auth_method is ${preferred}, and a document can hold no secret`);
  const others = members.words('token_endpoint_auth_methods_supported') ?? [];
  const offered = preferred === null && others.length === 0 ? ['none'] : [preferred, ...others];
  const open = offered.includes('none');
  if (offered.includes('private_key_jwt') && keys)
    return { authMethod: 'private_key_jwt', proofOptional: open, keys };
  if (open) return { authMethod: 'none', proofOptional: false, keys: null };
  if (offered.includes('private_key_jwt'))
    throw invalidDocument(
      'token_endpoint_auth_method is private_key_jwt, and there is neither jwks nor jwks_uri to check it by',
    );
  throw invalidDocument('token_endpoint_auth_method is neither none nor private_key_jwt');
}

function readScopes(members: Members): readonly string[] | null {
  const scope = members.text('scope', maxScopeLength);
  return scope === null ? null : parseScope(scope);
}

/** Told, or seen from where answers go: who has nothing but addresses of the user's own device is an app there. */
function readApplicationType(members: Members, redirectUris: readonly string[]): 'native' | 'web' {
  const type = members.text('application_type', maxWordLength);
  if (type === 'native' || type === 'web') return type;
  return redirectUris.every((uri) => classOf(uri) !== 'https') ? 'native' : 'web';
}

/** A picture is decoration: one that cannot be fetched safely is left out. */
function readLogo(members: Members, rules: UrlRules): string | null {
  const uri = members.raw('logo_uri');
  if (typeof uri !== 'string' || uri.length > maxLogoUri) return null;
  return checkNamedUrl(uri, rules) === null ? uri : null;
}
