import type { Addresses } from './addresses.ts';
import type { SimulatedClient } from './clients.ts';
import type { Credentials } from './endpoints/client-authentication.ts';
import type { SimulatedRequest } from './exchange.ts';
import type { Failure, FailureOptions } from './faults.ts';
import type { Forgery } from './keys.ts';
import type { ReusedToken } from './ledger.ts';
import type { PresetName } from './presets/presets.ts';
import type { EndpointName } from './quirks/addresses.ts';
import type { Quirks } from './quirks/quirks.ts';
import type { SimulatedUser } from './users.ts';

/** What a simulator is made from. */
export interface SimulatorOptions {
  /** Default: `plain-oidc`. */
  readonly preset?: PresetName;
  /** Switches over those of the preset. */
  readonly quirks?: Partial<Quirks>;
  /** Milliseconds since 1970. Default: the time. */
  readonly clock?: () => number;
  /** Default: Alice and Bob, {@link defaultUsers}. */
  readonly users?: readonly SimulatedUser[];
  /** Default: {@link defaultClient}. */
  readonly clients?: readonly SimulatedClient[];
  /** Of the main listener; 0, the default, is any free one. */
  readonly port?: number;
  /** Login of the user that browsers are signed in as from the start. */
  readonly autoSignIn?: string;
}

/** A request that came in. Nothing is hidden: the secrets are the test's own. */
export interface SimulatedCall {
  /** `null` for a path that nothing answers. */
  readonly endpoint: EndpointName | null;
  readonly method: string;
  readonly path: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly headers: SimulatedRequest['headers'];
  readonly clientId: string | null;
  readonly authentication: Credentials['method'];
  /** The status that went back; `null` while there is none, and where none was given. */
  readonly status: number | null;
}

/** A provider that runs on loopback. */
export interface ProviderSimulator extends AsyncDisposable {
  /** What an operator configures. Known after {@link start}, like all addresses. */
  readonly issuer: string;
  readonly endpoints: Addresses['endpoints'];
  /** Where its metadata is; empty for a provider without. */
  readonly discovery: readonly string[];
  /** Where the API of the provider is, which {@link Quirks.api} serves: an origin. */
  readonly api: string;
  readonly quirks: Quirks;
  /** Every request so far, in order. */
  readonly calls: readonly SimulatedCall[];
  /** Refresh tokens that came again after they had ended. */
  readonly reuseDetected: readonly ReusedToken[];
  start(): Promise<ProviderSimulator>;
  close(): Promise<void>;
  /** Refuses connections until {@link resume}; tokens, users and ports stay. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Turns switches while running. */
  change(quirks: Partial<Quirks>): void;
  addClient(client: SimulatedClient): void;
  /** Loses all clients, or one: they are answered `invalid_client` from now on. */
  forgetClients(clientId?: string): void;
  failNext(endpoint: EndpointName, how: Failure, options?: FailureOptions): void;
  /** Spoils the next ID token. */
  forgeNextIdToken(forgery: Forgery): void;
  rotateKeys(options?: { readonly keepOld?: boolean }): void;
  /** Browsers are signed in as this user from now on; `null` shows them the form. */
  signInAs(login: string | null): void;
  /** Walks from an authorization URL through the form, as a browser would; the URL that it is finally sent to. */
  signIn(authorizationUrl: string, login: string): Promise<string>;
  /** Ends everything that was issued for a user. */
  revokeUser(login: string): void;
  /** All access tokens expire now; refresh tokens too when asked. */
  expireTokens(options?: { readonly refreshTokens?: boolean }): void;
}
