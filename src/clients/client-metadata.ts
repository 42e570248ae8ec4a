import { OAuthError } from '../oauth/errors.ts';
import { readRegisteredKeys } from './registered-keys.ts';
import type { RegisteredKeys } from './registered-keys.ts';

/** The members of a registration request that mean something here (RFC 7591 §2), read but not yet judged. */
export interface ClientMetadata {
  readonly redirectUris: readonly string[];
  readonly name: string | null;
  readonly authMethod: string | null;
  readonly grantTypes: readonly string[] | null;
  readonly responseTypes: readonly string[] | null;
  readonly scope: string | null;
  readonly applicationType: string | null;
  readonly softwareId: string | null;
  /** For `private_key_jwt` alone. */
  readonly keys: RegisteredKeys | null;
}

/** Most redirect URIs of one client. */
const maxRedirectUris = 10;

const maxNameLength = 256;
const maxScopeLength = 4096;

/** Longest list of grant or response types, and longest word in it or elsewhere. */
const maxWords = 20;
const maxWordLength = 256;

/**
 * Reads the body of a registration. Members that we do not know are ignored (RFC 7591 §2), and so are those that we only
 * could show (`client_uri`, `logo_uri`, `contacts` …): what strangers write is not shown. `null` counts as absent.
 * @throws {OAuthError} `invalid_redirect_uri`, `invalid_client_metadata`
 */
export function readClientMetadata(body: unknown): ClientMetadata {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw invalid('the metadata must be a JSON object');
  }
  // Any object may be read by name; every value is looked at before it is used.
  const members = body as Readonly<Record<string, unknown>>;
  const authMethod = textOf(members, 'token_endpoint_auth_method', maxWordLength);
  return {
    redirectUris: redirectUrisOf(members['redirect_uris']),
    name: textOf(members, 'client_name', maxNameLength),
    authMethod,
    grantTypes: wordsOf(members, 'grant_types'),
    responseTypes: wordsOf(members, 'response_types'),
    scope: scopeOf(members),
    applicationType: textOf(members, 'application_type', maxWordLength),
    softwareId: softwareIdOf(members),
    keys: readRegisteredKeys(members['jwks'], { jwksUri: members['jwks_uri'], method: authMethod }),
  };
}

function redirectUrisOf(value: unknown): readonly string[] {
  if (isTexts(value) && value.length > 0 && value.length <= maxRedirectUris) return value;
  throw new OAuthError(
    'invalid_redirect_uri',
    `redirect_uris must be a list of 1 to ${maxRedirectUris} URIs`,
  );
}

function textOf(members: Readonly<Record<string, unknown>>, name: string, maxLength: number): string | null {
  const value = members[name] ?? null;
  if (value === null || (typeof value === 'string' && value.length <= maxLength)) return value;
  throw invalid(`${name} must be a text of at most ${maxLength} characters`);
}

function wordsOf(members: Readonly<Record<string, unknown>>, name: string): readonly string[] | null {
  const value = members[name] ?? null;
  if (value === null) return null;
  if (isTexts(value) && value.length <= maxWords && value.every((word) => word.length <= maxWordLength))
    return value;
  throw invalid(`${name} must be a list of at most ${maxWords} texts of at most ${maxWordLength} characters`);
}

/** A text by RFC 7591 §2; some clients send a list. */
function scopeOf(members: Readonly<Record<string, unknown>>): string | null {
  const value = members['scope'] ?? null;
  const text = isTexts(value) ? value.join(' ') : value;
  if (text === null || (typeof text === 'string' && text.length <= maxScopeLength)) return text;
  throw invalid(`scope must be a text of at most ${maxScopeLength} characters`);
}

/** A word for programs (RFC 7591 §2), so that nothing in it can be more than that where it is shown. */
function softwareIdOf(members: Readonly<Record<string, unknown>>): string | null {
  const id = textOf(members, 'software_id', maxWordLength);
  if (id === null || id === '') return null;
  if (/^[\x21-\x7e]+$/u.test(id)) return id;
  throw invalid('software_id must be printable ASCII without spaces');
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((member) => typeof member === 'string');
}

function invalid(description: string): OAuthError {
  return new OAuthError('invalid_client_metadata', description);
}
