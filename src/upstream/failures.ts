import * as oauth from 'oauth4webapi';
import { SallyportError } from '../types/error.ts';
import { UpstreamError } from './provider.ts';
import type { UpstreamFailure } from './provider.ts';

/** Answers that say "not now" rather than "no": RFC 6749 §4.1.2.1, and what rate limiters and proxies send. */
const passing: ReadonlySet<string> = new Set(['temporarily_unavailable', 'server_error', 'slow_down']);

/** What an `error` code on the callback means (RFC 6749 §4.1.2.1, OpenID Connect Core §3.1.2.6). */
export function failureOfCallbackError(code: string): UpstreamFailure {
  if (passing.has(code)) return 'unavailable';
  return deniedCodes.has(code) ? 'denied' : 'invalid';
}

const deniedCodes: ReadonlySet<string> = new Set([
  'access_denied',
  'consent_required',
  'interaction_required',
  'login_required',
  'account_selection_required',
  'unmet_authentication_requirements',
]);

/** Whether an HTTP status says "try later". */
export function isPassingStatus(status: number): boolean {
  return status >= 500 || status === 429 || status === 408;
}

/** An error code from outside, fit for a log line: anything but the characters of real codes is left out. */
export function printableCode(code: string): string {
  return code.replaceAll(/[^\w.-]/g, '').slice(0, 64);
}

/** Runs one step towards an upstream; whatever it throws comes out as an {@link UpstreamError} without secrets. */
export async function step<T>(at: { upstream: string; step: string }, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toUpstreamError(error, at);
  }
}

function toUpstreamError(error: unknown, at: { upstream: string; step: string }): UpstreamError {
  if (error instanceof UpstreamError) return error;
  // Causes of oauth4webapi hold whole answers, tokens included: only its own words go on.
  const reason = error instanceof Error ? error.message : 'unknown failure';
  const cause = error instanceof SallyportError ? error : new Error(reason);
  return new UpstreamError(failureOf(error), at.upstream, `${at.step}: ${reason}`, { cause });
}

function failureOf(error: unknown): UpstreamFailure {
  if (error instanceof SallyportError) return 'unavailable';
  if (error instanceof oauth.OperationProcessingError && error.cause instanceof Response)
    return isPassingStatus(error.cause.status) ? 'unavailable' : 'invalid';
  return 'invalid';
}
