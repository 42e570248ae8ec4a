import { createHash } from 'node:crypto';
import type { RequestText } from '../load/plan.ts';

/** The client's half of PKCE: the same in every benchmark, because only its hash costs anything. */
const verifier = 'bench-verifier-bench-verifier-bench-verifier-0';
export const challenge: string = createHash('sha256').update(verifier).digest('base64url');
export const redirectUri = 'http://127.0.0.1:33418/callback';

/** A form for a token endpoint. */
export function tokenRequest(path: string, form: Readonly<Record<string, string>>): RequestText {
  return {
    method: 'POST',
    path,
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    body: new URLSearchParams(form).toString(),
  };
}

export function refreshForm(clientId: string, token: string): Record<string, string> {
  return { grant_type: 'refresh_token', client_id: clientId, refresh_token: token };
}

export function codeForm(clientId: string, code: string): Record<string, string> {
  return {
    grant_type: 'authorization_code',
    client_id: clientId,
    code,
    code_verifier: verifier,
    redirect_uri: redirectUri,
  };
}
