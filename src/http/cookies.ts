/** The value of a cookie; `undefined` when it is absent or came twice with different values (somebody planted one). */
export function readCookie(header: string | undefined, name: string): string | undefined {
  if (header === undefined) return undefined;
  let found: string | undefined;
  for (const pair of header.split(';')) {
    const equals = pair.indexOf('=');
    if (equals < 0 || withoutSpace(pair.slice(0, equals)) !== name) continue;
    const value = withoutSpace(pair.slice(equals + 1));
    if (found !== undefined && found !== value) return undefined;
    found = value;
  }
  return found;
}

/**
 * Without the spaces and tabs around it (RFC 6265bis §5.6), and nothing more: `trim` would take other characters away, behind
 * which a neighbouring host can hide a `__Host-` name from the browser that is to keep it from writing one.
 */
function withoutSpace(text: string): string {
  let start = 0;
  let end = text.length;
  // A pattern anchored at the end would take quadratic time over a long run of spaces.
  while (start < end && isSpace(text[start])) start += 1;
  while (end > start && isSpace(text[end - 1])) end -= 1;
  return text.slice(start, end);
}

function isSpace(character: string | undefined): boolean {
  return character === ' ' || character === '\t';
}

/** A session cookie that scripts cannot read, sent on top-level navigation only (RFC 6265bis §5.6.7). */
export function sessionCookie(name: string, value: string, options: { readonly secure: boolean }): string {
  return `${name}=${value}; Path=/; HttpOnly; SameSite=Lax${options.secure ? '; Secure' : ''}`;
}
