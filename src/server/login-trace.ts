import type { Client } from '../clients/client.ts';
import type { HttpRequest } from '../http/exchange.ts';
import { redirectTarget } from '../oauth/redirect-uri.ts';
import type { SeenBrowser } from './seen-browser.ts';
import { seenBrowser } from './seen-browser.ts';

/** What tells a grant from another of the same app, for the person who looks at them. */
export interface LoginTrace {
  readonly browser: SeenBrowser;
  /** Where its codes went: a host, an app's scheme with its colon; '' for an app on a computer, whose port means nothing. */
  readonly target: string;
  /** The host that describes the app; '' for none. */
  readonly host: string;
}

/** Two letters, target and host: it is kept a million times. */
export function traceOf(
  client: Pick<Client, 'host'>,
  { request, redirectUri }: { readonly request: Pick<HttpRequest, 'headers'>; readonly redirectUri: string },
): string {
  const { kind, display } = redirectTarget(redirectUri);
  const target = kind === 'loopback' ? '' : display;
  const { host } = client;
  const described = host === null || host === target ? '' : ` ${host}`;
  return seenBrowser(request.headers['user-agent']) + target + described;
}

/** Of {@link traceOf}; `null` for a grant that is older than such traces. */
export function readTrace(trace: string): LoginTrace | null {
  if (trace === '') return null;
  const [target = '', host = ''] = trace.slice(2).split(' ');
  return { browser: trace.slice(0, 2), target, host };
}
