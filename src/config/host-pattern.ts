import { isIP } from 'node:net';

/**
 * A host, or `*.` and a host, in the one spelling that they are compared in: what a browser makes of a name, punycode
 * included and without a dot at its end. `null` for what is none.
 */
export function hostPattern(text: string): string | null {
  const [, star = '', name = ''] = /^(\*\.)?([^\s/?#@:*\\%]+)$/u.exec(text) ?? [];
  const host = URL.parse(`https://${name}/`)?.hostname.replace(/\.$/u, '') ?? '';
  return host === '' || isIP(host) !== 0 ? null : star + host;
}

/** `example.com` is that host and no other; `*.example.com` is every host below it, at any depth, and not itself. */
export function matchesHost(host: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) =>
    pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : host === pattern,
  );
}
