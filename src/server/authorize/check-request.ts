import { OAuthError } from '../../oauth/errors.ts';
import type { Parameters } from '../../oauth/parameters.ts';

/** Longest `state` that is echoed, in bytes. */
const maxStateBytes = 4096;

/** Only the code flow, answered in the query (OAuth 2.1 §4.1; RFC 9101 request objects are not served). */
export function checkRequestForm(parameters: Parameters): void {
  if (parameters.has('request'))
    throw new OAuthError('request_not_supported', 'request objects are not supported');
  if (parameters.has('request_uri')) {
    throw new OAuthError('request_uri_not_supported', 'request_uri is not supported');
  }
  if (parameters.has('registration')) {
    throw new OAuthError('registration_not_supported', 'registration is not supported here');
  }
  const type = parameters.get('response_type');
  if (type === undefined) throw new OAuthError('invalid_request', 'response_type is missing');
  if (type !== 'code') throw new OAuthError('unsupported_response_type', 'response_type must be code');
  const mode = parameters.get('response_mode');
  if (mode !== undefined && mode !== 'query') {
    throw new OAuthError('invalid_request', 'response_mode must be query');
  }
}

/** `state` is the client's business: absent or opaque, echoed byte for byte. */
export function checkState(parameters: Parameters): string | null {
  const state = parameters.get('state');
  if (state !== undefined && Buffer.byteLength(state) > maxStateBytes) {
    throw new OAuthError('invalid_request', `state is longer than ${maxStateBytes} bytes`);
  }
  return state ?? null;
}

/** `prompt` (OpenID Connect Core §3.1.2.1): we always ask, so `none` cannot be served; the rest may reach the upstream. */
export function checkPrompt(parameters: Parameters): string | null {
  const prompts = (parameters.get('prompt') ?? '').split(' ');
  if (prompts.includes('none')) {
    throw new OAuthError('interaction_required', 'signing in needs a person');
  }
  if (prompts.includes('select_account')) return 'select_account';
  return prompts.includes('login') ? 'login' : null;
}

/** `max_age` in seconds (OpenID Connect Core §3.1.2.1). */
export function checkMaxAge(parameters: Parameters): number | null {
  const text = parameters.get('max_age');
  if (text === undefined) return null;
  if (!/^\d{1,9}$/u.test(text))
    throw new OAuthError('invalid_request', 'max_age must be a number of seconds');
  return Number(text);
}
