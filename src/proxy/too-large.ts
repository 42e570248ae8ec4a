import type { HttpResponse } from '../http/exchange.ts';
import { json } from '../http/headers.ts';

/** 413, when a body is larger than the operator allows. @param maxBody bytes */
export function tooLarge(maxBody: number): HttpResponse {
  return json(413, {
    error: 'invalid_request',
    error_description: `the body is larger than ${maxBody} bytes`,
  });
}
