import type { AuthorizationServer } from 'oauth4webapi';
import type { Log } from '../observe/log.ts';
import type { Clock, Milliseconds } from '../types/time.ts';
import { keepTrying, longestPause } from './keep-trying.ts';
import { UpstreamError } from './provider.ts';

/** Keeps an upstream's metadata at hand, however unreliable the upstream is. */
export interface Discovery {
  /** The document; fetched now when there is none. An old one is answered at once and renewed behind the scenes. */
  current(): Promise<AuthorizationServer>;
  /** A document fetched anew, with an empty key cache: for when the one at hand or its keys proved wrong. */
  reload(): Promise<AuthorizationServer>;
  known(): AuthorizationServer | null;
  /** Why there is no document yet, or `null`. */
  notReady(): string | null;
  close(): void;
}

const maxAge: Milliseconds = 3_600_000;

/** Starts to load in the background, at once and then with growing pauses until it works; never holds the process open. */
export function createDiscovery(options: {
  readonly upstream: string;
  /** Fetches and checks the document; rejects with {@link UpstreamError}. */
  readonly load: () => Promise<AuthorizationServer>;
  readonly clock: Clock;
  readonly log: Log;
  /** Hears of every look whether a document was at hand. */
  readonly onLook?: ((hit: boolean) => void) | undefined;
}): Discovery {
  const { upstream, load, clock, log, onLook } = options;
  let known: { readonly document: AuthorizationServer; readonly at: Milliseconds } | null = null;
  let problem = 'its metadata has not been loaded yet';
  let loading: Promise<AuthorizationServer> | null = null;
  let closed = false;
  /** When an old document was last to be renewed, whatever came of it. */
  let renewedAt: Milliseconds = Number.NEGATIVE_INFINITY;

  const reload = (): Promise<AuthorizationServer> => {
    if (closed) return Promise.reject(new UpstreamError('unavailable', upstream, 'the provider is closed'));
    loading ??= load()
      .then((document) => {
        known = { document, at: clock() };
        return document;
      })
      .catch((error: unknown) => {
        problem = error instanceof Error ? error.message : String(error);
        log.warn({ upstream, problem }, 'upstream metadata could not be loaded');
        throw error;
      })
      .finally(() => (loading = null));
    return loading;
  };

  const stop = keepTrying(async () => {
    // A failure is logged where it happens.
    if (!known) await reload().catch(() => null);
    return known !== null;
  });

  const current = async (): Promise<AuthorizationServer> => {
    onLook?.(known !== null);
    if (!known) return await reload();
    // The warning above has told about a failure; the document at hand stays good meanwhile.
    if (clock() - known.at >= maxAge && Math.abs(clock() - renewedAt) >= longestPause) {
      renewedAt = clock();
      reload().catch(() => {});
    }
    return known.document;
  };

  return {
    current,
    reload,
    known: () => known?.document ?? null,
    notReady: () => (known ? null : problem),
    close: () => {
      closed = true;
      stop();
    },
  };
}
