import { isIP } from 'node:net';
import { sha256 } from '../../crypto/hash.ts';
import { sourceOf } from '../../http/source.ts';

declare const kind: unique symbol;

/**
 * Text that an audit event may carry. A plain string is not one, and only the functions of this file make one: what they do
 * not let through cannot reach a sink.
 */
export type Label<Kind extends string> = string & { readonly [kind]: Kind };

/** The same from the first page of a login to its code; of one request elsewhere. */
export type CorrelationLabel = Label<'correlation'>;
/** `sid`: ties everything that happens to a grant after its login. */
export type GrantLabel = Label<'grant'>;
/** Our stable id of a user (`sub`). */
export type UserLabel = Label<'user'>;
/** The first 16 characters of SHA-256 over the client id, which itself can be a kilobyte of what strangers chose. */
export type ClientLabel = Label<'client'>;
/** The part of an address that one household or server has for itself. */
export type SourceLabel = Label<'source'>;
/** A name that the operator wrote: upstream, resource, path of a setting, key id. */
export type NameLabel = Label<'name'>;
/** Text from outside: one line, short, without control characters and without anything that looks like a token. */
export type OutsideLabel = Label<'outside'>;

/** Longest text from outside, in characters. */
const longestText = 120;

/** Longest name of ours, in characters. */
const longestName = 512;

/** Ids of ours are short and plain; the codes and tokens that name them are neither. */
const id = /^[\w.\-:]{1,64}$/u;

/** Needs no escaping; most text is like this, and this is quicker to see. */
const harmless = /^[\w .,:;/()@+-]*$/u;

const unreadable = 'unreadable';

/** Of a correlation id made here. */
export function correlationLabel(text: string): CorrelationLabel {
  return idLabel(text);
}

/** Of the two halves of `sid`. */
export function grantLabel({
  bucket,
  grantId,
}: {
  readonly bucket: string;
  readonly grantId: string;
}): GrantLabel {
  return idLabel(`${bucket}.${grantId}`);
}

/** Of a user id of ours. */
export function userLabel(userId: string): UserLabel {
  return idLabel(userId);
}

/** Of a client id, whoever wrote it. */
export function clientLabel(clientId: string): ClientLabel {
  return sha256(clientId).slice(0, 16) as ClientLabel;
}

/** The same, of the hash of an id. */
export function hashedClientLabel(hash: string): ClientLabel {
  return hash.slice(0, 16) as ClientLabel;
}

/** Of a name from the configuration. */
export function nameLabel(text: string): NameLabel {
  return plain(text, longestName) as NameLabel;
}

/** Of text that a client, a user or an upstream chose. */
export function outsideLabel(text: string): OutsideLabel {
  return plain(text, longestText) as OutsideLabel;
}

/** Of a peer's address: an IPv4 address, or the /64 of an IPv6 one. */
export function sourceLabel(address: string | undefined): SourceLabel {
  const prefix = sourceOf(address);
  return (
    prefix === 'unknown' || isIP(prefix.replace(/\/64$/u, '')) > 0 ? prefix : unreadable
  ) as SourceLabel;
}

function idLabel<Kind extends string>(text: string): Label<Kind> {
  return (id.test(text) ? redactTokens(text) : unreadable) as Label<Kind>;
}

function plain(text: string, longest: number): string {
  if (text.length <= longest && harmless.test(text)) return redactTokens(text);
  const visible = redactTokens(text.slice(0, longest * 8)).replaceAll(
    /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\\]/gu,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
  return visible.length > longest ? `${visible.slice(0, longest - 1)}…` : visible;
}

/** Codes and tokens of ours, and JWTs of anybody (RFC 7515 §3.1), wherever they stand in a text. */
function redactTokens(text: string): string {
  if (!text.includes('sp_') && !text.includes('eyJ')) return text;
  return text
    .replaceAll(/sp_[a-z]{2}_[\w-]*/gu, '[redacted]')
    .replaceAll(/\beyJ[\w-]{8,}(?:\.[\w-]*)*/gu, '[redacted]');
}
