import type * as api from '@opentelemetry/api';
import { SallyportError } from '../../types/error.ts';
import type { RunningSpan, SpanStart, Tracer } from './tracer.ts';

type Api = typeof api;

/**
 * Spans through whatever SDK the process has registered with `@opentelemetry/api`; without one they go nowhere.
 * @throws {SallyportError} `config_invalid` when the package is not installed
 */
export async function openTracer(
  load: () => Promise<Api> = () => import('@opentelemetry/api'),
): Promise<Tracer> {
  try {
    return tracerOf(await load());
  } catch (error) {
    throw new SallyportError('config_invalid', 'observe.traces needs the package @opentelemetry/api', {
      cause: error,
    });
  }
}

function tracerOf({ trace, context, propagation, SpanKind, SpanStatusCode }: Api): Tracer {
  const tracer = trace.getTracer('sallyport');
  const kinds: Readonly<Record<SpanStart['kind'], api.SpanKind>> = {
    server: SpanKind.SERVER,
    client: SpanKind.CLIENT,
    internal: SpanKind.INTERNAL,
  };
  const running = (span: api.Span): RunningSpan => ({
    set: (attributes) => void span.setAttributes(attributes),
    fail: () => void span.setStatus({ code: SpanStatusCode.ERROR }),
  });
  return {
    span({ name, kind, attributes, caller }, work) {
      const active = context.active();
      const parent = caller ? propagation.extract(active, traceHeaders(caller)) : active;
      return tracer.startActiveSpan(name, { kind: kinds[kind], attributes }, parent, async (span) => {
        try {
          return await work(running(span));
        } catch (error) {
          // The message of an error may hold what a stranger sent; it belongs in the log alone.
          span.setStatus({ code: SpanStatusCode.ERROR });
          throw error;
        } finally {
          span.end();
        }
      });
    },
    outgoing() {
      const carrier: Record<string, string> = {};
      propagation.inject(context.active(), carrier);
      return traceHeaders(carrier);
    },
  };
}

/** Nothing else of a propagator passes: baggage of strangers is not ours to carry. */
function traceHeaders(headers: SpanStart['caller'] & object): Record<string, string> {
  const { traceparent, tracestate } = headers;
  return {
    ...(typeof traceparent === 'string' && { traceparent }),
    ...(typeof tracestate === 'string' && { tracestate }),
  };
}
