import { page } from '../http/headers.ts';
import { limitHeaders } from '../http/limit-headers.ts';
import { renderErrorPage } from '../ui/error.ts';
import { contentSecurityPolicy } from '../ui/page.ts';
import type { ScopedHandler } from './answer.ts';
import type { ServerContext } from './context.ts';

/** A page that one source may visit so often: whoever wants more is told when. */
export function limitPage(context: ServerContext, handler: ScopedHandler): ScopedHandler {
  const { limits, config } = context;
  const { pagesPerMinute: perMinute } = config.limits;
  return async (request, scope) => {
    const turn = limits.take('pages', request.remoteAddress, { perMinute, what: '' });
    if (!turn) return handler(request, scope);
    const headers = limitHeaders('pages', turn, perMinute);
    if (turn.granted) {
      const response = await handler(request, scope);
      return { ...response, headers: { ...response.headers, ...headers } };
    }
    const html = renderErrorPage({
      brand: config.brand,
      title: 'Too many requests from where you are',
      explanation:
        'Somebody on your network asks for these pages very often, and everybody there has to wait.',
      action: `Try again in ${turn.wait} seconds, or ask whoever runs this server.`,
      correlationId: scope?.correlationId ?? '',
      returnLink: null,
    });
    return page(429, html, {
      'content-security-policy': contentSecurityPolicy(config.brand),
      ...headers,
    });
  };
}
