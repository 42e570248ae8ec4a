import { randomToken } from '../crypto/random.ts';
import type { Handler, HttpRequest, HttpResponse } from '../http/exchange.ts';
import type { RequestScope, ScopedHandler } from './answer.ts';
import type { ServerContext } from './context.ts';

/** What an endpoint is called in numbers and traces; paths differ between configurations. */
export type EndpointName =
  | 'authorize'
  | 'consent_page'
  | 'consent'
  | 'client_logo'
  | 'callback'
  | 'connections_page'
  | 'connections'
  | 'token'
  | 'register'
  | 'registration'
  | 'revoke'
  | 'userinfo'
  | 'introspect';

/** Counts and times what an endpoint answers, and tells the log and the tracing system. */
export function observeEndpoint(
  { observer: { metrics, traces }, log }: ServerContext,
  name: EndpointName,
  handler: ScopedHandler,
): Handler {
  const seconds = [name] as const;
  const answered = (request: HttpRequest, scope: RequestScope, began: number): ((status: number) => void) => {
    return (status) => {
      const ms = performance.now() - began;
      metrics.requests.add([name, String(status)]);
      metrics.requestSeconds.observe(seconds, ms / 1000);
      const { correlationId } = scope;
      log.debug({ method: request.method, endpoint: name, status, ms, correlationId }, 'answered');
    };
  };
  return (request) => {
    const scope = { correlationId: randomToken(9) };
    const tell = answered(request, scope, performance.now());
    if (!traces) return told(handler(request, scope), tell);
    const { method, headers: caller } = request;
    const attributes = { 'http.request.method': method, 'http.route': name };
    return traces.span({ name: `${method} ${name}`, kind: 'server', attributes, caller }, async (span) => {
      const response = await told(handler(request, scope), tell);
      const { correlationId } = scope;
      span.set({
        'http.response.status_code': response.status,
        'sallyport.correlation_id': correlationId,
      });
      if (response.status >= 500) span.fail();
      return response;
    });
  };
}

/** A document whose bytes are made once: counted, and nothing else, because counting is most of what it costs. */
export function countDocument({ observer: { metrics } }: ServerContext, handler: Handler): Handler {
  const labels = ['metadata', '200'] as const;
  return (request) => {
    metrics.requests.add(labels);
    return handler(request);
  };
}

/** The answer itself, which nobody has to wait longer for. Handlers answer their own failures. */
function told(
  answer: HttpResponse | Promise<HttpResponse>,
  tell: (status: number) => void,
): HttpResponse | Promise<HttpResponse> {
  if (!(answer instanceof Promise)) tell(answer.status);
  else
    answer.then(
      ({ status }) => tell(status),
      () => tell(500),
    );
  return answer;
}
