/** The value of a cookie; `undefined` when it is absent or came twice with different values (somebody planted one). */
export function readCookie(header: string | undefined, name: string): string | undefined {
  if (header === undefined) return undefined;
  let found: string | undefined;
  for (const pair of header.split(';')) {
    const equals = pair.indexOf('=');
    if (equals < 0 || pair.slice(0, equals).trim() !== name) continue;
    const value = pair.slice(equals + 1).trim();
    if (found !== undefined && found !== value) return undefined;
    found = value;
  }
  return found;
}

/** A session cookie that scripts cannot read, sent on top-level navigation only (RFC 6265bis §5.6.7). */
export function sessionCookie(name: string, value: string, options: { readonly secure: boolean }): string {
  return `${name}=${value}; Path=/; HttpOnly; SameSite=Lax${options.secure ? '; Secure' : ''}`;
}
