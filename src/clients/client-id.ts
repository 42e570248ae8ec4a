import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { findMac, mac } from '../crypto/hmac.ts';
import type { MacKey } from '../crypto/hmac.ts';
import { OAuthError } from '../oauth/errors.ts';
import { formatScope, parseScope } from '../oauth/scope.ts';
import type { Seconds } from '../types/time.ts';
import { essentialKey } from './public-keys.ts';
import type { RegisteredKeys } from './registered-keys.ts';

/** What a registered client's id carries: the validated metadata, and nothing that changes. */
export interface Registration {
  readonly redirectUris: readonly string[];
  readonly name: string | null;
  readonly grantTypes: readonly string[];
  readonly authMethod: 'none' | 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt';
  readonly anySecretMethod: boolean;
  /** `null`: whatever is supported. */
  readonly scopes: readonly string[] | null;
  readonly applicationType: 'native' | 'web' | null;
  /** As it says (RFC 7591 §2); proves nothing. */
  readonly softwareId: string | null;
  /** Somebody whom the operator trusts stood up for it: an initial access token was sent. */
  readonly vouched: boolean;
  /** Of a confidential client: 128 random bits, so that two registrations never share a secret. */
  readonly nonce: string | null;
  /** End of a confidential client's secret; 0 for a public client. */
  readonly secretExpiresAt: Seconds;
  /** What `private_key_jwt` is measured by; absent: nothing. */
  readonly keys?: RegisteredKeys;
  /** The issuer of the statement that vouches for it (RFC 7591 §2.3); absent: there was none. */
  readonly voucher?: string;
}

/**
 * Each form carries what the one before has no place for. Whatever fits into the first is written in it, so that a client
 * that registers again stays who it is. All are read for ever.
 */
const prefixes = ['sp_c1_', 'sp_c2_', 'sp_c3_'] as const;
type Prefix = (typeof prefixes)[number];

/** Longest id that clients and URLs carry well, in characters. */
const maxClientIdLength = 1024;

const tagLength = 16;

/** Longest metadata that are taken, in bytes: ten URIs of one repeated letter would pack into a short id. */
const maxMetadataBytes = 4096;

const methods = ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'] as const;

/**
 * The id of a registration (RFC 7591 appendix A.5.2): its signed encoding. The same metadata give the same id.
 * @throws {OAuthError} `invalid_client_metadata` for metadata that do not fit
 */
export function encodeClientId(registration: Registration, keys: readonly MacKey[]): string {
  const [key] = keys;
  if (!key) throw new TypeError('client ids need a key');
  const text = write(registration);
  if (Buffer.byteLength(text) > maxMetadataBytes) throw tooLong(`${maxMetadataBytes} bytes`);
  const prefix = prefixOf(registration);
  const body = deflateRawSync(text, { level: 9 });
  const tag = mac(key, signed(prefix, body)).subarray(0, tagLength);
  const id = prefix + Buffer.concat([tag, body]).toString('base64url');
  if (id.length > maxClientIdLength) throw tooLong(`a client_id of ${maxClientIdLength} characters`);
  return id;
}

/** `null` for an id that we did not issue, or that is not in the one form in which we issue it. */
export function decodeClientId(id: string, keys: readonly MacKey[]): Registration | null {
  const prefix = prefixes.find((each) => id.startsWith(each));
  if (id.length > maxClientIdLength || prefix === undefined) return null;
  const bytes = Buffer.from(id.slice(prefix.length), 'base64url');
  if (bytes.length <= tagLength || bytes.toString('base64url') !== id.slice(prefix.length)) return null;
  const body = bytes.subarray(tagLength);
  return findMac(keys, signed(prefix, body), bytes.subarray(0, tagLength)) && decode(prefix, body);
}

function tooLong(limit: string): OAuthError {
  return new OAuthError(
    'invalid_client_metadata',
    `the metadata are longer than the limit of ${limit}; register fewer or shorter redirect_uris, scopes or a shorter client_name, and jwks_uri in place of jwks`,
  );
}

function prefixOf({ softwareId, vouched, keys, voucher }: Registration): Prefix {
  if (keys !== undefined || voucher !== undefined) return 'sp_c3_';
  return softwareId === null && !vouched ? 'sp_c1_' : 'sp_c2_';
}

function signed(prefix: Prefix, body: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(prefix), body]);
}

/** Only what `write` wrote comes back. The text is compared, not its packed form, which differs between builds of zlib. */
function decode(prefix: Prefix, body: Buffer): Registration | null {
  try {
    const text = inflateRawSync(body, { maxOutputLength: maxMetadataBytes }).toString();
    const compact: unknown = JSON.parse(text);
    const registration = isCompact(compact) ? read(compact) : null;
    return registration && prefixOf(registration) === prefix && write(registration) === text
      ? registration
      : null;
  } catch {
    return null;
  }
}

type Compact = readonly [
  redirectUris: readonly string[],
  name: string | null,
  refresh: 0 | 1,
  method: number,
  any: 0 | 1,
  scopes: string | null,
  applicationType: 'native' | 'web' | null,
  nonce: string | null,
  secretExpiresAt: Seconds,
  // From the second form on.
  softwareId?: string | null,
  vouched?: 0 | 1,
  // From the third form on: an address is a text, and a set is a list.
  keys?: string | readonly Readonly<Record<string, unknown>>[] | null,
  voucher?: string | null,
];

/** Types only; what values may be there is settled by writing them again. */
function isCompact(value: unknown): value is Compact {
  if (!Array.isArray(value)) return false;
  const [
    redirectUris,
    name,
    refresh,
    method,
    any,
    scopes,
    applicationType,
    nonce,
    end,
    softwareId,
    vouched,
    keys,
    voucher,
  ]: unknown[] = value;
  return (
    Array.isArray(redirectUris) &&
    redirectUris.every((uri) => typeof uri === 'string') &&
    [name, scopes, nonce, softwareId ?? null, voucher ?? null].every(isTextOrNull) &&
    [refresh, method, any, end, vouched ?? 0].every(Number.isSafeInteger) &&
    (isTextOrNull(keys ?? null) || (Array.isArray(keys) && keys.every(isObject))) &&
    (applicationType === null || applicationType === 'native' || applicationType === 'web')
  );
}

function isTextOrNull(value: unknown): boolean {
  return value === null || typeof value === 'string';
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function write(registration: Registration): string {
  const compact: Compact = [
    registration.redirectUris,
    registration.name,
    registration.grantTypes.includes('refresh_token') ? 1 : 0,
    methods.indexOf(registration.authMethod),
    registration.anySecretMethod ? 1 : 0,
    registration.scopes && formatScope(registration.scopes),
    registration.applicationType,
    registration.nonce,
    registration.secretExpiresAt,
  ];
  const prefix = prefixOf(registration);
  if (prefix === 'sp_c1_') return JSON.stringify(compact);
  const second = [...compact, registration.softwareId, registration.vouched ? 1 : 0];
  if (prefix === 'sp_c2_') return JSON.stringify(second);
  const { keys, voucher = null } = registration;
  const written = keys && ('jwks' in keys ? keys.jwks.keys : keys.jwksUri);
  return JSON.stringify([...second, written ?? null, voucher]);
}

function read(compact: Compact): Registration {
  const [redirectUris, name, refresh, method, any, scopes, applicationType, nonce, secretExpiresAt] = compact;
  const [softwareId = null, vouched = 0] = [compact[9], compact[10]];
  return {
    redirectUris,
    name,
    grantTypes: refresh === 1 ? ['authorization_code', 'refresh_token'] : ['authorization_code'],
    authMethod: methods[method] ?? 'none',
    anySecretMethod: any === 1,
    scopes: scopes === null ? null : parseScope(scopes),
    applicationType,
    softwareId,
    vouched: vouched === 1,
    nonce,
    secretExpiresAt,
    ...readKeys(compact[11] ?? null),
    ...((compact[12] ?? null) !== null && { voucher: String(compact[12]) }),
  };
}

/** Only keys as they are written come back the same. */
function readKeys(keys: NonNullable<Compact[11]> | null): Pick<Registration, 'keys'> {
  if (keys === null) return {};
  if (typeof keys === 'string') return { keys: { jwksUri: keys } };
  const read = keys.map(essentialKey);
  return { keys: { jwks: { keys: read.filter((key) => typeof key === 'object' && key !== null) } } };
}
