import type { UpstreamTransport } from '../config/upstream-settings.ts';
import type { Milliseconds } from '../types/time.ts';

/** One answer of a name server. */
export interface ResolvedAddress {
  readonly address: string;
  /** 4 or 6. */
  readonly family: number;
}

/** Resolves a host name to all of its addresses. */
export type Lookup = (hostname: string) => Promise<readonly ResolvedAddress[]>;

/** What a guarded fetch may reach. Provenance decides: open something only for hosts that an operator named. */
export interface FetchPolicy {
  /** Plain http, to any host that the address check admits. */
  readonly allowHttp: boolean;
  /** Private addresses as well as public ones; see `isPrivateOrPublicAddress`. */
  readonly allowPrivate: boolean;
  /** Narrows `allowPrivate` to hosts as `URL.hostname` has them, whatever the port: those that an operator named. */
  readonly privateHosts?: readonly string[];
  /** Loopback hosts, over http too: for an operator whose own configuration names one. Names no other host. */
  readonly allowLoopback?: boolean;
  /** For everything from the first lookup to the last byte, redirects included. Default 30,000. */
  readonly timeout?: Milliseconds;
  /** Bytes of a body, counted after decompression. Default 1 MiB. */
  readonly maxBytes?: number;
  readonly lookup?: Lookup;
  /** `return` hands a redirect to the caller instead of following it within the origin. */
  readonly redirects?: 'return';
  /**
   * Certificates, and a proxy that connects us. With a proxy the names are its to resolve, so that what a name leads to
   * is judged by the name alone; loopback hosts are never asked of it. The environment's proxy is nobody's to obey.
   */
  readonly transport?: UpstreamTransport;
}

/** Used when the policy names none. */
export const defaultTimeout: Milliseconds = 30_000;
