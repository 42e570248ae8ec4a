import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OAuthErrorCode } from '../../src/oauth/errors.ts';
import { OAuthError, errorBody } from '../../src/oauth/errors.ts';

describe('an OAuth error', () => {
  const statuses: readonly (readonly [OAuthErrorCode, number])[] = [
    ['invalid_request', 400],
    ['invalid_grant', 400],
    ['invalid_target', 400],
    ['invalid_scope', 400],
    ['unauthorized_client', 400],
    ['unsupported_grant_type', 400],
    ['invalid_redirect_uri', 400],
    ['invalid_client_metadata', 400],
    ['interaction_required', 400],
    ['invalid_client', 401],
    ['invalid_token', 401],
    ['access_denied', 403],
    ['insufficient_scope', 403],
    ['server_error', 500],
    ['temporarily_unavailable', 503],
  ];

  it.each(statuses)('%s has the status %i', (code, status) => {
    expect(new OAuthError(code, 'why').status).toBe(status);
  });

  it('says when to come back if something is down, and only then', () => {
    expect(new OAuthError('temporarily_unavailable', 'down').headers['retry-after']).toMatch(/^\d+$/u);
    expect(new OAuthError('server_error', 'broken').headers).toEqual({});
    const later = new OAuthError('temporarily_unavailable', 'down', { headers: { 'retry-after': '30' } });
    expect(later.headers).toEqual({ 'retry-after': '30' });
  });

  it('may carry another status', () => {
    expect(new OAuthError('invalid_request', 'too large', { status: 413 }).status).toBe(413);
  });

  it('keeps what led to it away from the wire', () => {
    const cause = new Error('password is hunter2');
    const error = new OAuthError('server_error', 'unexpected failure', { cause });
    expect(error.cause).toBe(cause);
    expect(errorBody(error)).toBe('{"error":"server_error","error_description":"unexpected failure"}');
    expect(error.message).not.toContain('hunter2');
  });

  it('replaces what RFC 6749 §5.2 does not allow in a description', () => {
    expect(new OAuthError('invalid_request', 'a "b" \\ c\r\nd é 😀').description).toBe('a ?b? ? c??d ? ?');
  });

  it('has a body that is JSON with an allowed description, whatever it describes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const body: unknown = JSON.parse(errorBody(new OAuthError('invalid_request', text)));
        expect(body).toEqual({
          error: 'invalid_request',
          error_description: expect.stringMatching(/^[\x20-\x21\x23-\x5b\x5d-\x7e]*$/u),
        });
      }),
    );
  });
});
