import type { Secret } from '../types/secret.ts';
import type { Seconds } from '../types/time.ts';
import type { PemSource } from './config.ts';

/** Where tokens are in a token answer: dot paths, `\.` for a dot in a name, digits for places in a list. */
export interface TokenMapping {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly expiresIn: string;
  readonly scope: string;
}

/** Where the identity is in a token answer; `path|@upstreamjwt|path` reads into a JWT that came over TLS, unverified. */
export interface TokenIdentity {
  readonly subject: string;
  readonly name: string | null;
  readonly email: string | null;
}

/** How a token is ended at the provider. */
export type RevocationStyle =
  /** RFC 7009: a form with `token` and `token_type_hint`, with our client authentication. */
  | 'rfc7009'
  /** Google: a form with `token` alone, no client authentication. */
  | 'token_only'
  /** GitHub: `DELETE {endpoint}` with Basic authentication and a JSON body `{ access_token }`; the endpoint names our client. */
  | 'github_grant'
  /** The access token itself as bearer authorizes its end (Slack `auth.revoke`). */
  | 'bearer';

/** How one looks at the issuer of a document or an ID token. */
export type IssuerRule =
  /** The very same string (OpenID Connect Discovery §4.3). */
  | { readonly kind: 'exact' }
  /** One of these strings beside the configured one (Google's schemeless form). */
  | { readonly kind: 'also'; readonly issuers: readonly string[] }
  /**
   * A text with `{tenantid}` in the document; in a token the claim `tid` fills it. `tenants`: those that are admitted,
   * `null` for all.
   */
  | { readonly kind: 'tenant'; readonly template: string; readonly tenants: readonly string[] | null };

/** How we get to the upstream. */
export interface UpstreamTransport {
  /** PEM of certificate authorities to trust beside the system's. */
  readonly ca: string | null;
  /** Our certificate towards the provider (RFC 8705, or a gate before it). */
  readonly clientCertificate: { readonly cert: string; readonly key: Secret<string> } | null;
  /** `http://host:port` of a proxy that connects us (`CONNECT`); names are then resolved by it. */
  readonly proxy: { readonly url: string; readonly authorization: Secret<string> | null } | null;
}

/** The key of `private_key_jwt` (RFC 7523 §2.2). Its own kind says how it signs: RSA with RS256, P-256 with ES256 … */
export interface ClientKey {
  readonly pem: PemSource;
  /** `kid` in the assertion's header; `null`: the thumbprint of the public key. */
  readonly keyId: string | null;
  /** `x5t#S256` in the header, of this certificate (Entra ID); `null`: none. */
  readonly certificate: string | null;
  /** Whom the assertion names as audience: the issuer, or the token endpoint (Entra ID, Okta). */
  readonly audience: 'issuer' | 'token_endpoint';
}

/** Where a provider departs from the specifications, or leaves us a choice. Comes from its profile; configuration overrides. */
export interface UpstreamSettings {
  /** The profile that the rest came from. */
  readonly profile: string;
  readonly scopeParameter: string;
  readonly scopeSeparator: ' ' | ',';
  /** `never`: the provider refuses parameters that it does not know. */
  readonly pkce: 'always' | 'never';
  /** Added to the code exchange. */
  readonly tokenParams: Readonly<Record<string, string>>;
  /** Added to every refresh. */
  readonly refreshParams: Readonly<Record<string, string>>;
  /** `auto`: send, and once more without when the answer speaks of the scope. */
  readonly refreshScope: 'auto' | 'send' | 'omit';
  /** What a token answer without a lifetime means. */
  readonly expiryUntold: 'never' | 'unknown';
  /** Assumed when the answer tells no lifetime; `null`: nothing is. */
  readonly assumedLifetime: Seconds | null;
  /** `any`: answers say something else than Bearer, or nothing (Slack). */
  readonly tokenType: 'bearer' | 'any';
  readonly tokenMapping: TokenMapping | null;
  readonly identityFromToken: TokenIdentity | null;
  readonly issuerRule: IssuerRule;
  /** Claims that together make the subject, in this order; `null`: the one `subjectClaim`. Entra ID: `tid`, `oid`. */
  readonly subjectClaims: readonly string[] | null;
  /** Whether an e-mail counts as verified when the provider does not say (only where it verifies every one). */
  readonly emailVerifiedUntold: boolean;
  /** Whether the text "true" verifies an e-mail as the boolean does (Cognito's userinfo). */
  readonly emailVerifiedText: boolean;
  /** How tokens are revoked, and where; no endpoint: where the metadata says. `null`: the provider cannot. */
  readonly revocation: {
    readonly endpoint: string | null;
    readonly style: RevocationStyle;
  } | null;
  readonly clientKey: ClientKey | null;
  readonly transport: UpstreamTransport;
}

/** As the specifications have it. */
export const standardSettings: Omit<UpstreamSettings, 'profile'> = {
  scopeParameter: 'scope',
  scopeSeparator: ' ',
  pkce: 'always',
  tokenParams: {},
  refreshParams: {},
  refreshScope: 'auto',
  expiryUntold: 'unknown',
  assumedLifetime: null,
  tokenType: 'bearer',
  tokenMapping: null,
  identityFromToken: null,
  issuerRule: { kind: 'exact' },
  subjectClaims: null,
  emailVerifiedUntold: false,
  emailVerifiedText: false,
  revocation: { endpoint: null, style: 'rfc7009' },
  clientKey: null,
  transport: { ca: null, clientCertificate: null, proxy: null },
};
