import type { HttpRequest } from '../../http/exchange.ts';
import { PageError } from '../answer.ts';
import type { ServerContext } from '../context.ts';

/**
 * The form must be sent by our own page. Browsers put `Origin` on every POST; where an extension or policy blanks it,
 * `Sec-Fetch-Site`, which no page can forge, must say the same (Fetch Metadata §2.3).
 */
export function checkSameOrigin({ locations }: ServerContext, { headers }: HttpRequest): void {
  const { origin } = headers;
  if (origin === locations.origin) return;
  const blanked = origin === undefined || origin === 'null';
  if (blanked && headers['sec-fetch-site'] === 'same-origin') return;
  throw new PageError('This form was sent from another site', {
    status: 403,
    explanation: 'For your safety the answer was not accepted.',
    action: 'Go back to the app and connect again.',
  });
}
