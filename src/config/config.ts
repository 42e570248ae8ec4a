import type { JWK } from 'jose';
import type { Secret } from '../types/secret.ts';
import type { Milliseconds } from '../types/time.ts';
import type { BlockConfig } from './blocked.ts';
import type { CimdConfig } from './cimd.ts';
import type { RegistrationPolicyConfig } from './registration-policy.ts';
import type { ConsentPolicy } from './consent.ts';
import type { LimitsConfig } from './limits.ts';
import type { UpstreamSettings } from './upstream-settings.ts';

/** A PEM text and where it came from, so that an error about it can name the file. */
export interface PemSource {
  readonly pem: Secret<string>;
  readonly origin: string;
}

export interface SigningKeyConfig {
  readonly signing: PemSource;
  /** Verify and are published; never sign. */
  readonly fallbacks: readonly PemSource[];
}

export interface Lifespans {
  readonly accessToken: Milliseconds;
  /** Sliding: counted again from every refresh. */
  readonly refreshToken: Milliseconds;
  readonly authorizationCode: Milliseconds;
  /** Absolute end of a session, however often it is refreshed. */
  readonly session: Milliseconds;
}

export type ClientAuthMethod = 'none' | 'client_secret_basic' | 'client_secret_post';

/** How we authenticate at an upstream. `private_key_jwt` needs `settings.clientKey`. */
export type UpstreamAuthMethod = ClientAuthMethod | 'private_key_jwt';

export interface UpstreamCommon {
  readonly name: string;
  /** What pages call it: `display_name`, else the name. */
  readonly displayName: string;
  /** `later`: no part of a login, only connected by who is signed in. */
  readonly when: 'sign_in' | 'later';
  /** `https:` or `data:image/…` URL beside its name; `null`: none. */
  readonly icon: string | null;
  /** Connections that were not refreshed for so long are, though nobody needs them; `null`: they are left alone. */
  readonly keepAlive: Milliseconds | null;
  readonly clientId: string;
  readonly clientSecret: Secret<string> | null;
  readonly authMethod: UpstreamAuthMethod;
  /** False: nobody said which method the provider expects, so the other way to send a secret may be tried. */
  readonly authMethodGiven: boolean;
  readonly redirectUri: string;
  /** `null`: the default of the upstream's type. */
  readonly scopes: readonly string[] | null;
  readonly additionalAuthorizationParams: Readonly<Record<string, string>>;
  readonly allowPrivateIps: boolean;
  readonly insecureAllowHttp: boolean;
  readonly settings: UpstreamSettings;
  /** `null`: somebody registered us there by hand. */
  readonly registration: UpstreamRegistrationConfig | null;
  /** URLs that the operator wrote down, where the addresses here come from elsewhere; `null`: these are they. */
  readonly namedBy: readonly string[] | null;
}

/** How we register at an upstream (RFC 7591). One of the two addresses is there. */
export interface UpstreamRegistrationConfig {
  /** Metadata that name the registration endpoint. */
  readonly discoveryUrl: string | null;
  readonly registrationEndpoint: string | null;
  /** Whose it is, where the endpoint was found in metadata and not written down. */
  readonly issuer?: string;
  readonly initialAccessToken: Secret<string> | null;
  readonly clientName: string;
  readonly softwareId: string | null;
  readonly softwareStatement: string | null;
}

export interface UserinfoConfig {
  readonly endpoint: string;
  readonly method: 'GET' | 'POST';
  readonly additionalHeaders: Readonly<Record<string, string>>;
  readonly subjectFields: readonly string[];
  readonly nameFields: readonly string[];
  readonly emailFields: readonly string[];
  /** Fields that tell whether the e-mail is verified; left out: `email_verified`, about the field `email`. */
  readonly emailVerifiedFields?: readonly string[];
  /** JSON to send, for an endpoint that has to be asked in its own words (GraphQL). */
  readonly body?: string;
}

export interface OidcUpstreamConfig extends UpstreamCommon {
  readonly type: 'oidc';
  readonly issuer: string;
  readonly subjectClaim: string;
  readonly userinfo: UserinfoConfig | null;
}

export interface OAuth2UpstreamConfig extends UpstreamCommon {
  readonly type: 'oauth2';
  /** Base of GitHub's API; without it, what follows from the authorization endpoint. See `githubApi`. */
  readonly githubApiUrl?: string;
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  /** The MCP server that tells everything else; the two endpoints are empty then. */
  readonly protectedResource?: {
    readonly resource: string;
    /** The only issuer that may be asked; `null`: the one that the MCP server names. */
    readonly issuer: string | null;
    readonly clientName: string;
  };
  readonly userinfo: UserinfoConfig | null;
}

export type UpstreamConfig = OidcUpstreamConfig | OAuth2UpstreamConfig;

/** All keys that are present must hold; lists mean "one of". */
export interface AccessRule {
  /** What log and explanations call it. */
  readonly name?: string;
  /** Name of the only upstream whose people it is about. */
  readonly upstream?: string;
  /** Only e-mails that the provider calls verified; compared without case. */
  readonly emails?: readonly string[];
  /** Domains of verified e-mails; compared without case, never as a suffix. */
  readonly emailDomains?: readonly string[];
  readonly subjects?: readonly string[];
  /** The claim `hd`, from Google's own issuer alone. */
  readonly googleHostedDomains?: readonly string[];
  /** The claim `tid`, from Microsoft's own issuers alone. */
  readonly entraTenants?: readonly string[];
  readonly groups?: readonly string[];
  /** Where groups are; `groups` by default. */
  readonly groupsClaim?: string;
  readonly roles?: readonly string[];
  /** Where roles are; `roles` by default. */
  readonly rolesClaim?: string;
  /** A claim (dots lead into objects) that equals the value or is a list that contains it. */
  readonly claim?: { readonly name: string; readonly contains: string };
  /** In lower case. */
  readonly githubOrganizations?: readonly string[];
  /** `organization/team`, in lower case. */
  readonly githubTeams?: readonly string[];
  /** In the Common Expression Language; it was read and found good. */
  readonly expression?: string;
}

/**
 * `unset`: the file has no `access` section; everybody may sign in, with a warning. {@link Config.toolhiveFile} tells a
 * ToolHive RunConfig, where that is normal, from a file of ours, where it was forgotten.
 */
export type AccessConfig = 'anyone' | 'unset' | readonly AccessRule[];

export interface StaticClientConfig {
  readonly clientId: string;
  readonly clientName: string | null;
  readonly secret: Secret<string> | null;
  readonly authMethod: ClientAuthMethod | 'private_key_jwt';
  readonly redirectUris: readonly string[];
  readonly grantTypes: readonly string[];
  /** `null`: every supported scope. */
  readonly scopes: readonly string[] | null;
  /** Resources that this client is the resource server of: it may introspect tokens for them. */
  readonly introspects: readonly string[];
  readonly consent: 'ask' | 'remember' | 'skip';
  /** For `private_key_jwt`, else `null`. */
  readonly keys: { readonly jwks: { readonly keys: readonly JWK[] } } | { readonly jwksUri: string } | null;
  /** Its keys may be at a private address. */
  readonly allowPrivateIps: boolean;
  /** Resources that it may ask for; `null`: each. */
  readonly resources: readonly string[] | null;
  /** Instead of the server's own; `null`: that. */
  readonly refreshTokenLifespan: Milliseconds | null;
  readonly sessionLifespan: Milliseconds | null;
  readonly refreshGrace: Milliseconds | null;
}

export interface RegistrationConfig extends RegistrationPolicyConfig {
  readonly allowConfidential: boolean;
  readonly forceConfidentialRedirectUris: readonly string[];
}

/** How pages look. */
export interface BrandConfig {
  readonly name: string;
  /** `https:` or `data:image/…` URL. */
  readonly logoUrl: string | null;
  /** `#rrggbb`. */
  readonly color: string;
}

export type StorageConfig = { readonly type: 'memory' } | { readonly type: 'sqlite'; readonly path: string };

/** Everything the authorization server needs, resolved: no file names, no environment. Secrets are wrapped. */
export interface Config {
  /** Without a trailing slash; may have a path. */
  readonly issuer: string;
  readonly authorizationBaseUrl: string;
  /** `null`: make a key (kept in the state directory by `serve`). */
  readonly signingKeys: SigningKeyConfig | null;
  /** The first signs, the rest verify; empty: make one. Each at least 32 bytes. */
  readonly hmacSecrets: readonly Secret<Uint8Array>[];
  readonly lifespans: Lifespans;
  readonly refreshGrace: Milliseconds;
  readonly identityMaxAge: Milliseconds;
  readonly refreshTokenPolicy: 'always' | 'offline_access';
  readonly upstreams: readonly UpstreamConfig[];
  /** With several upstreams to sign in at: one of them, or each after the other. */
  readonly signIn: 'choose' | 'chain';
  readonly scopesSupported: readonly string[];
  readonly scopeDescriptions: Readonly<Record<string, string>>;
  /** What scopes include, transitively. */
  readonly scopeHierarchy: Readonly<Record<string, readonly string[]>>;
  /** Scopes that nobody is told to ask for before they are needed. */
  readonly scopesOnDemand: readonly string[];
  readonly baselineClientScopes: readonly string[];
  /** Canonical resource identifiers that tokens may be for. */
  readonly resources: readonly string[];
  readonly defaultResource: string | null;
  readonly access: AccessConfig;
  /** Whom people may ask who have no access: an e-mail address or an https URL. */
  readonly accessContact: string | null;
  /** None of our own sections and fields is there: it was written for ToolHive, which knows no `access`. */
  readonly toolhiveFile: boolean;
  readonly clients: readonly StaticClientConfig[];
  /** Who is shut out, beside those whom the store has. */
  readonly blocked: readonly BlockConfig[];
  readonly limits: LimitsConfig;
  readonly registration: RegistrationConfig;
  readonly cimd: CimdConfig;
  readonly brand: BrandConfig;
  readonly consent: ConsentPolicy;
  /** Origins that browsers may call MCP endpoints from, beside our own and loopback. */
  readonly allowedOrigins: readonly string[];
  readonly injectUpstreamToken: boolean;
  readonly insecureAllowHttp: boolean;
  readonly storage: StorageConfig | null;
  readonly listen: ListenConfig;
  readonly proxies: readonly ProxyConfig[];
  readonly observe: ObserveConfig;
  /** `null`: no second listener. */
  readonly admin: AdminConfig | null;
  /** How long `/readyz` says 503 before the listener closes. */
  readonly shutdownDelay: Milliseconds;
  /** How long a new key or secret verifies before it signs; 0: at once. */
  readonly keyActivationDelay: Milliseconds;
  /** How long an HMAC secret that nobody configures any more still opens the key rings of the store. */
  readonly retiredSecretGrace: Milliseconds;
  /** What an operator should know; `/readyz` repeats them. */
  readonly warnings: readonly string[];
}

export interface ListenConfig {
  readonly host: string;
  readonly port: number;
  readonly tls: { readonly cert: string; readonly key: Secret<string> } | null;
  /** A front proxy removes the issuer's path before requests reach us. */
  readonly pathStripped: boolean;
  /** Addresses and ranges of proxies whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[];
}

export interface ProxyConfig {
  /** Path of the MCP endpoint on this gateway. */
  readonly path: string;
  /** The canonical resource identifier of the endpoint: issuer's origin and `path`. */
  readonly resource: string;
  /** Absolute URL of the MCP server behind. */
  readonly target: string;
  /** Whose token is injected; `null`: none. */
  readonly upstream: string | null;
  /** Scopes that a token must have; also named in challenges. */
  readonly scopes: readonly string[];
  /** Scopes that mean something here; `null`: each. */
  readonly scopesSupported: readonly string[] | null;
  /** `null`: bodies are not read. */
  readonly tools: readonly ToolRule[] | null;
  /** Bytes. */
  readonly maxBody: number;
}

/** Scopes that calls of some tools need. */
export interface ToolRule {
  /** A name, or with `*` a pattern. */
  readonly pattern: string;
  readonly scopes: readonly string[];
}

export interface AdminConfig {
  readonly host: string;
  readonly port: number;
  /** `null`: whoever reaches the listener may ask; then it is on a loopback address. */
  readonly token: Secret<string> | null;
}

export interface ObserveConfig {
  readonly logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** `null`: not said. The command then writes to standard output, and the library nowhere. */
  readonly audit: AuditTarget | null;
  /** Spans through `@opentelemetry/api`. */
  readonly traces: boolean;
}

/** Where audit events are kept. */
export type AuditTarget =
  | { readonly to: 'stdout' | 'stderr' | 'off' }
  | { readonly to: 'file'; readonly path: string };
