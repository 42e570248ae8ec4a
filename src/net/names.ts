/** Top-level names that are nobody's on the public internet: RFC 6761, 6762, 8375, 9476, and what ICANN keeps for private use. */
const privateNames: ReadonlySet<string> = new Set([
  'alt',
  'corp',
  'home',
  'internal',
  'intranet',
  'invalid',
  'lan',
  'local',
  'localdomain',
  'localhost',
  'mail',
  'onion',
  'private',
  'test',
]);

/**
 * Whether a host name could be one of the public internet, judged by the name alone: at least two labels, and no top-level
 * name that is kept for private networks.
 * @param host as `URL.hostname` has it: lower case
 */
export function isPublicName(host: string): boolean {
  const labels = host.replace(/\.$/u, '').split('.');
  if (labels.length < 2 || labels.includes('')) return false;
  return !privateNames.has(labels.at(-1) ?? '') && !host.replace(/\.$/u, '').endsWith('.home.arpa');
}
