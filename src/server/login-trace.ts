import type { Client } from '../clients/client.ts';
import type { HttpRequest } from '../http/exchange.ts';
import { knownClients } from '../known-clients/known-clients.ts';
import type { Recognised } from '../known-clients/recognise.ts';
import { recogniseClient, recognisedLabel } from '../known-clients/recognise.ts';
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
  /** The well-known client that it was taken for, and how sure that is; `null`: none. */
  readonly knownAs: { readonly id: string; readonly standing: Recognised['standing'] } | null;
}

const standings = ['verified', 'claimed', 'contradicted'] as const;
/** Of these, in their order. */
const letters = 'vcx';

/** Two letters, and up to three words: it is kept a million times. */
export function traceOf(
  client: Pick<Client, 'id' | 'source' | 'name' | 'softwareId' | 'host'>,
  { request, redirectUri }: { readonly request: Pick<HttpRequest, 'headers'>; readonly redirectUri: string },
): string {
  const { kind, display } = redirectTarget(redirectUri);
  const target = kind === 'loopback' ? '' : display;
  const host = client.host === target ? null : client.host;
  const known = client.source === 'static' ? null : recogniseClient(client, redirectUri);
  const knownAs = known ? letters.charAt(standings.indexOf(known.standing)) + known.row.id : '';
  const words = [target, host ?? '', knownAs].join(' ').trimEnd();
  return seenBrowser(request.headers['user-agent']) + words;
}

/** Of {@link traceOf}; `null` for a grant that is older than such traces. */
export function readTrace(trace: string): LoginTrace | null {
  if (trace === '') return null;
  const [target = '', host = '', known = ''] = trace.slice(2).split(' ');
  const standing = standings[letters.indexOf(known.charAt(0))];
  const knownAs = known === '' || !standing ? null : { id: known.slice(1), standing };
  return { browser: trace.slice(0, 2), target, host, knownAs };
}

/** In words, how sure that is among them; `null` for none, and for one that we know no more. */
export function knownLabel({ knownAs }: LoginTrace): string | null {
  const row = knownClients.find(({ id }) => id === knownAs?.id);
  return row && knownAs ? recognisedLabel({ row, standing: knownAs.standing }) : null;
}
