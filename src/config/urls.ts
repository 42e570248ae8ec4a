import type { Complaint } from './problems.ts';

/** What must hold for the URLs of other servers. */
export interface UrlRules {
  /** http on hosts that are not loopback. */
  readonly allowHttp: boolean;
}

/** Whether a URL's host is `localhost`, in 127.0.0.0/8 or `[::1]`. */
export function isLoopbackUrl(text: string): boolean {
  const host = URL.parse(text)?.hostname ?? '';
  return host === 'localhost' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/**
 * Checks the URL of another server: absolute, http or https as the rules say, without user name, password and fragment.
 * Never quotes it. `null`: it is fine.
 */
export function checkUrl(text: string, rules: UrlRules): Complaint | null {
  const fix = 'write an absolute URL, such as https://idp.example.com/path';
  if (/[^\x21-\x7e]|[\\"<>^`{|}]/.test(text))
    return { problem: 'holds characters that do not belong in a URL', fix };
  if (!URL.canParse(text)) return { problem: 'is not an absolute URL', fix };
  const [, scheme = '', authority = ''] = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)/i.exec(text) ?? [];
  if (!/^https?$/i.test(scheme)) return { problem: 'is not an https URL', fix };
  if (authority.includes('@')) return { problem: 'holds a user name or password', fix: 'remove it' };
  if (text.includes('#')) return { problem: 'has a fragment', fix: 'remove # and what follows' };
  return checkTransport(text, rules);
}

/** https, or http where it is allowed. `null`: it is fine. */
export function checkTransport(text: string, { allowHttp }: UrlRules): Complaint | null {
  if (!/^http:/i.test(text) || allowHttp || isLoopbackUrl(text)) return null;
  return {
    problem: 'uses http on a host that is not loopback',
    fix: 'write https://…; for tests, insecure_allow_http: true',
  };
}
