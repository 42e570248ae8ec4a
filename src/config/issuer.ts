import type { Complaint } from './problems.ts';
import type { Resolving } from './resolving.ts';
import { checkTransport } from './urls.ts';

/** Our own address, and where browsers find the authorization endpoint. `null`: refused, or missing. */
export interface OwnAddress {
  readonly issuer: string | null;
  readonly authorizationBaseUrl: string | null;
}

/** Reads `issuer` and `authorization_endpoint_base_url`, which follow the same rules. */
export function resolveIssuer({ config, findings }: Resolving): OwnAddress {
  const allowHttp = config.insecure_allow_http ?? false;
  const checked = (field: 'issuer' | 'authorization_endpoint_base_url'): string | null => {
    const text = config[field];
    if (text === undefined) return null;
    const complaint = checkIssuer(text, { allowHttp });
    if (complaint) findings.refuse([field], complaint);
    return complaint ? null : text;
  };
  const issuer = checked('issuer');
  const base = checked('authorization_endpoint_base_url');
  return {
    issuer,
    authorizationBaseUrl: config.authorization_endpoint_base_url === undefined ? issuer : base,
  };
}

/**
 * The rules for an issuer (RFC 8414 §2, and plainer), the first that is broken. Never quotes it: it may hold a password.
 * `null`: it is fine.
 */
function checkIssuer(text: string, rules: { readonly allowHttp: boolean }): Complaint | null {
  return checkParts(text) ?? checkScheme(text, rules) ?? checkEnd(text);
}

function checkParts(text: string): Complaint | null {
  const fix = 'write something like https://mcp.example.com';
  if (text === '') return { problem: 'is empty', fix };
  if (/[^\x21-\x7e]|[\\"<>^`{|}]/.test(text))
    return { problem: 'holds characters that do not belong in a URL', fix };
  if (!/^[a-z][a-z0-9+.-]*:/i.test(text)) return { problem: 'has no scheme', fix };
  const [, authority = ''] = /^[^:]*:\/\/([^/?#]*)/.exec(text) ?? [];
  if (authority.replace(/^.*@/, '').replace(/:\d*$/, '') === '') return { problem: 'has no host', fix };
  if (/^[^#]*\?/.test(text)) return { problem: 'has a query', fix: 'remove ? and what follows' };
  if (text.includes('#')) return { problem: 'has a fragment', fix: 'remove # and what follows' };
  if (authority.includes('@')) return { problem: 'holds a user name or password', fix: 'remove it' };
  return URL.canParse(text) ? null : { problem: 'is not a URL', fix };
}

function checkScheme(text: string, rules: { readonly allowHttp: boolean }): Complaint | null {
  if (!/^https?:/i.test(text)) return { problem: 'has a scheme that is not https', fix: 'write https://…' };
  return checkTransport(text, rules);
}

function checkEnd(text: string): Complaint | null {
  if (text.endsWith('/')) return { problem: 'ends with a slash', fix: 'remove the slash at the end' };
  const [, path = ''] = /^[^:]*:\/\/[^/]*(.*)$/.exec(text) ?? [];
  if (path !== '' && new URL(text).pathname !== path)
    return {
      problem: 'has a path that is not in its normal form',
      fix: 'write the path without . and .. segments',
    };
  return null;
}
