import type { Config } from '../config/config.ts';
import type { BlockList } from '../clients/block-list.ts';
import type { Clients } from '../clients/clients.ts';
import type { JwtSigner } from '../crypto/sign.ts';
import type { JwtVerifier } from '../crypto/verify.ts';
import type { MissedKey } from '../keys/key-history.ts';
import type { KeySet } from '../keys/key-set.ts';
import type { KeyRings } from '../keys/rings.ts';
import type { TokenCodec } from '../oauth/opaque-token.ts';
import type { Log } from '../observe/log.ts';
import type { Observer } from '../observe/observer.ts';
import type { Sessions } from '../resource/sessions.ts';
import type { StepUps } from '../resource/step-ups.ts';
import type { AccessTokenVerifier } from '../resource/verify-access-token.ts';
import type { AuthStore } from '../store/contract.ts';
import type { Clock, Milliseconds } from '../types/time.ts';
import type { Lookups } from '../upstream/access/lookups.ts';
import type { AccessPolicy } from '../upstream/access/policy.ts';
import type { UpstreamProvider } from '../upstream/provider.ts';
import type { UpstreamFilter } from './callback/chain.ts';
import type { ClientDocuments } from './client-documents.ts';
import type { RateLimits } from './rate-limits.ts';
import type { Vault } from '../vault/vault.ts';

/** What every endpoint works with, made once at construction. */
export interface ServerContext {
  readonly config: Config;
  readonly store: AuthStore;
  readonly keys: KeySet;
  readonly signer: JwtSigner;
  /** Since when this process signs with this key. */
  readonly signingSince: Milliseconds;
  /** What the HMAC secret that signs is called. */
  readonly hmacSigner: string;
  /** Keys that were taken away while tokens of them may live. */
  readonly missedKeys: readonly MissedKey[];
  readonly jwts: JwtVerifier;
  readonly rings: KeyRings;
  readonly codec: TokenCodec;
  readonly clients: Clients;
  readonly clientDocuments: ClientDocuments;
  /** Who is shut out. */
  readonly blocks: BlockList;
  /** Every upstream by name, in the order of the configuration. */
  readonly providers: ReadonlyMap<string, UpstreamProvider>;
  /** Of a host program; see `chain.ts`. */
  readonly upstreamFilter: UpstreamFilter | undefined;
  /** Those that a login leads to: to one of them or to each, as `config.signIn` says. Never empty. */
  readonly signIn: readonly UpstreamProvider[];
  /** Who may sign in. */
  readonly access: AccessPolicy;
  /** What the access rules need to know and no sign-in tells. */
  readonly lookups: Lookups;
  readonly vault: Vault;
  readonly sessions: Sessions;
  readonly stepUps: StepUps;
  /** How often one source may ask. */
  readonly limits: RateLimits;
  readonly tokens: AccessTokenVerifier;
  readonly clock: Clock;
  readonly log: Log;
  readonly observer: Observer;
  /** Where the browser part of a login lives; see `locations.ts`. */
  readonly locations: Locations;
}

/** Absolute URLs of the browser's steps. Consent and connections are always on the callback's origin: they share a cookie. */
export interface Locations {
  readonly authorize: string;
  readonly consent: string;
  /** Where upstreams send browsers back to, and which of them: the address says who answers. */
  readonly callbacks: ReadonlyMap<string, readonly string[]>;
  /** Where users see and change what they have connected. */
  readonly connections: string;
  /** Where the consent page has the logo of a client from. */
  readonly clientLogo: string;
  /** Origin of consent and callback. */
  readonly origin: string;
  /** True when the authorization endpoint is on another origin and hands the request over. */
  readonly handsOver: boolean;
}
