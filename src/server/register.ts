import type { Handler } from '../http/exchange.ts';
import { maxBodyBytes } from '../http/exchange.ts';
import { json } from '../http/headers.ts';
import { OAuthError } from '../oauth/errors.ts';
import { answerJson } from './answer.ts';
import type { ServerContext } from './context.ts';

/** `POST /oauth/register` (RFC 7591 §3). Nothing is stored: the `client_id` is the registration. */
export function register(context: ServerContext): Handler {
  return answerJson(context, async (request) => {
    const [type = ''] = (request.headers['content-type'] ?? '').split(';', 1);
    if (type.trim().toLowerCase() !== 'application/json') {
      throw new OAuthError('invalid_client_metadata', 'the body must be application/json');
    }
    return json(201, context.clients.register(parse(await request.text(maxBodyBytes))));
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new OAuthError('invalid_client_metadata', 'the body is not JSON', { cause: error });
  }
}
