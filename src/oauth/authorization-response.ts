/**
 * Adds an authorization response to a redirect URI (RFC 6749 §4.1.2, RFC 9207 §2). What is in the URI already stays byte for
 * byte, and values are encoded so that decoding gives the identical bytes.
 * @throws {TypeError} for a URI that would split the response header, or hide the answer in a fragment
 */
export function authorizationResponseUrl(
  redirectUri: string,
  parameters: Readonly<Record<string, string | undefined>>,
): string {
  if (/[^\x21-\x7e]|#/u.test(redirectUri)) throw new TypeError('the redirect URI was not checked');
  const pairs = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : [`${encode(name)}=${encode(value)}`],
  );
  if (pairs.length === 0) return redirectUri;
  return `${redirectUri}${separatorFor(redirectUri)}${pairs.join('&')}`;
}

function separatorFor(uri: string): string {
  if (!uri.includes('?')) return '?';
  return /[?&]$/u.test(uri) ? '' : '&';
}

/** `encodeURIComponent` throws on lone surrogates, and leaves an apostrophe that would end an attribute. */
function encode(value: string): string {
  return encodeURIComponent(value.toWellFormed()).replaceAll("'", '%27');
}
