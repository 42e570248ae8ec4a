import type { Metrics } from '../observe/metrics/metrics.ts';
import type { Tracer } from '../observe/traces/tracer.ts';
import { UpstreamError } from './provider.ts';
import type { UpstreamProvider } from './provider.ts';

type Call = 'authorization_url' | 'exchange' | 'refresh' | 'userinfo' | 'revoke';

/** The same provider, with each call timed, and in a span of its own when there are traces. */
export function observeProvider(
  provider: UpstreamProvider,
  { metrics, traces }: { readonly metrics: Metrics; readonly traces: Tracer | null },
): UpstreamProvider {
  const upstream = provider.name;
  const timed = <T>(call: Call, work: () => Promise<T>): Promise<T> => {
    const began = performance.now();
    const ended = (outcome: string): void =>
      metrics.upstreamSeconds.observe([upstream, call, outcome], (performance.now() - began) / 1000);
    const attributes = { 'sallyport.upstream': upstream };
    const result = traces
      ? traces.span({ name: `upstream ${call}`, kind: 'client', attributes }, work)
      : work();
    result.then(
      () => ended('ok'),
      (error: unknown) => ended(error instanceof UpstreamError ? error.failure : 'failed'),
    );
    return result;
  };
  const observed: Partial<UpstreamProvider> = {
    authorizationUrl: (request) => timed('authorization_url', () => provider.authorizationUrl(request)),
    exchange: (exchange) => timed('exchange', () => provider.exchange(exchange)),
    refresh: (tokens) => timed('refresh', () => provider.refresh(tokens)),
    userinfo: (tokens) => timed('userinfo', () => provider.userinfo(tokens)),
    revoke: (tokens) => timed('revoke', () => provider.revoke(tokens)),
  };
  // Inherits the rest: some of a provider's properties change when its metadata arrives.
  return Object.assign(Object.create(provider) as UpstreamProvider, observed);
}
