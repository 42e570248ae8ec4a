import { LRUCache } from 'lru-cache';
import type { RegistrationConfig, StaticClientConfig } from '../config/config.ts';
import type { MacKey } from '../crypto/hmac.ts';
import { checkRedirectUri, portless } from '../oauth/redirect-uri.ts';
import type { Clock } from '../types/time.ts';
import type { Client } from './client.ts';
import type { Registration } from './client-id.ts';
import { decodeClientId, encodeClientId } from './client-id.ts';
import { ClientProblem } from './client-problem.ts';
import { checkInitialToken, isInitialToken } from './initial-access-token.ts';
import type { RegistrationLimiter } from './registration-limiter.ts';
import { checkPolicy, isBelieved } from './registration-policy.ts';
import { registeredClient } from './registered-client.ts';
import type { RegistrationResponse } from './registration.ts';
import { checkRegistration, registrationResponse } from './registration.ts';
import type { StatedRegistration } from './stated-registration.ts';
import { staticClient } from './static-client.ts';

/** Clients that are known without asking anybody: those of the configuration, and those whose id is their registration. */
export interface ClientRegistry {
  /**
   * `null` for an unknown client, and for a registration that is over.
   * @throws {ClientProblem} `refused` for a registration that today's policy does not want
   */
  find(clientId: string): Client | null;
  /**
   * Registers a client (RFC 7591 §3.1). Nothing is kept.
   * @throws {OAuthError} `invalid_redirect_uri`, `invalid_client_metadata`, `invalid_token`, `temporarily_unavailable`
   */
  register(metadata: unknown, from?: Registrant): RegistrationResponse;
  /** What the registration that an id carries says; `null` for an id that we did not make. */
  describe(clientId: string): { readonly response: RegistrationResponse; readonly vouched: boolean } | null;
  /**
   * Counts somebody who wants to register, before anything is computed for it.
   * @throws {OAuthError} `temporarily_unavailable` with status 429
   */
  count(from: Registrant): void;
}

/** Who registers. */
export interface Registrant {
  /** Somebody stood up for it before: it changes a registration of its own. */
  readonly vouched?: true;
  /** It was counted before, and is not counted again. */
  readonly counted?: boolean;
  /** What somebody has signed about it, once that is proven. */
  readonly stated?: Pick<StatedRegistration, 'statement' | 'voucher'> | null;
  /** The token of its `Authorization` header. */
  readonly bearer?: string | null;
  /** As `sourceOf` tells it. */
  readonly source?: string;
}

/** What a registry is made of. */
export interface ClientRegistryOptions {
  readonly static: readonly StaticClientConfig[];
  readonly registration: RegistrationConfig;
  readonly scopesSupported: readonly string[];
  readonly baselineScopes: readonly string[];
  /** The first signs ids, all verify. */
  readonly idKeys: readonly MacKey[];
  readonly secretKeys: readonly MacKey[];
  /** Algorithm that really signs ID tokens; told at registration. */
  readonly idTokenAlg: string;
  readonly clock: Clock;
  readonly limiter: RegistrationLimiter;
}

/** Room for decoded registrations, in characters and with what an entry costs beside them; any number may exist. */
const cacheRoom = 4_194_304;
const entryCost = 1024;

/** Static clients by their id, registered ones by the id itself. */
export function createClientRegistry(options: ClientRegistryOptions): ClientRegistry {
  const fixed = new Map(options.static.map((config) => [config.clientId, staticClient(config)]));
  const cache = new LRUCache<string, Client>({ maxSize: cacheRoom, sizeCalculation: sizeOf });
  const { registration: rules, limiter } = options;
  /** Who is counted finds out afterwards whether the token was wrong. */
  const count = ({ source = 'unknown', bearer = null }: Registrant): void =>
    limiter.check(source, {
      maxPerMinute: rules.maxPerMinute,
      vouched: bearer !== null && isInitialToken(bearer, rules),
    });
  return {
    find(clientId) {
      const known = fixed.get(clientId) ?? cache.get(clientId) ?? decode(clientId);
      if (!known) return null;
      const over = known.secretExpiresAt !== 0 && known.secretExpiresAt * 1000 <= options.clock();
      return over ? null : known;
    },
    describe(clientId) {
      const registration = decodeClientId(clientId, options.idKeys);
      if (!registration) return null;
      const { vouched } = registration;
      return { response: registrationResponse(clientId, registration, options), vouched };
    },
    count,
    register(metadata, from = {}) {
      const { bearer = null, counted = false, stated = null } = from;
      if (!counted) count(from);
      const vouched = from.vouched ?? checkInitialToken(bearer, options.registration);
      const voucher = stated?.voucher ?? undefined;
      const registration = checkRegistration(metadata, { ...options, vouched, voucher });
      // Some apps take another port and register anew each time they start: they stay who they are, with what they hold.
      const redirectUris = [...new Set(registration.redirectUris.map(portless))];
      const clientId = encodeClientId({ ...registration, redirectUris }, options.idKeys);
      const answer = registrationResponse(clientId, registration, options);
      // RFC 7591 §3.2.1: unmodified. It is not part of the id, which would be too long for it.
      return stated ? { ...answer, software_statement: stated.statement.text } : answer;
    },
  };

  function decode(clientId: string): Client | null {
    const registration = decodeClientId(clientId, options.idKeys);
    // A signature proves issue, not permission: what was registered under an older rule is measured by today's.
    if (!registration || registration.redirectUris.some((uri) => checkRedirectUri(uri) !== null)) return null;
    const refusal = checkPolicy(registration, options.registration);
    if (refusal)
      throw new ClientProblem(
        'refused',
        `It ${refusal.reason}. Whoever runs this server decides which apps may register.`,
      );
    const client = registeredClient(clientId, believed(registration), options.secretKeys);
    cache.set(clientId, client);
    return client;
  }

  /** Who is not believed any more has vouched for nobody. */
  function believed({ voucher, ...registration }: Registration): Registration {
    return voucher !== undefined && isBelieved(voucher, options.registration)
      ? { ...registration, voucher }
      : registration;
  }
}

function sizeOf({ redirectUris }: Client, id: string): number {
  return redirectUris.reduce((sum, uri) => sum + uri.length, id.length + entryCost);
}
