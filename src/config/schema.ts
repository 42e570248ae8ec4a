import { z } from 'zod';
import { consentSchema } from './schema-consent.ts';
import type { ConsentSection } from './schema-consent.ts';
import { delegateClientSchema, trustedIssuerSchema } from './schema-delegation.ts';
import type { DelegateClientSection, TrustedIssuerSection } from './schema-delegation.ts';
import {
  duration,
  flag,
  oneOf,
  optional,
  requiredText,
  section,
  text,
  textMap,
  texts,
} from './schema-fields.ts';
import type { DurationText } from './schema-fields.ts';
import { accessContactSchema, accessSchema } from './schema-access.ts';
import type { AccessSection } from './schema-access.ts';
import {
  adminSchema,
  clientsSchema,
  corsSchema,
  listenSchema,
  observeSchema,
  proxiesSchema,
  shutdownSchema,
} from './schema-ours.ts';
import type {
  AdminSection,
  ClientSection,
  CorsSection,
  ListenSection,
  ObserveSection,
  ProxySection,
  ShutdownSection,
} from './schema-ours.ts';
import { blockedSchema } from './schema-blocked.ts';
import type { BlockedSection } from './schema-blocked.ts';
import { cimdSchema } from './schema-cimd.ts';
import type { CimdSection } from './schema-cimd.ts';
import { limitsSchema } from './schema-limits.ts';
import type { LimitsSection } from './schema-limits.ts';
import { registrationSchema } from './schema-registration.ts';
import type { RegistrationSection } from './schema-registration.ts';
import { scopesSchema } from './schema-scopes.ts';
import type { ScopesSection } from './schema-scopes.ts';
import { redisSchema } from './schema-unserved.ts';
import type { RedisSection } from './schema-unserved.ts';
import { upstreamsSchema } from './schema-upstreams.ts';
import type { UpstreamSection } from './schema-upstreams.ts';

/** Files with private keys. */
export interface SigningKeySection {
  key_dir?: string | undefined;
  signing_key_file?: string | undefined;
  fallback_key_files?: string[] | undefined;
}

/** How long tokens and codes live. */
export interface TokenLifespansSection {
  access_token_lifespan?: DurationText | undefined;
  refresh_token_lifespan?: DurationText | undefined;
  auth_code_lifespan?: DurationText | undefined;
}

/** Where grants are kept. */
export interface StorageSection {
  type?: 'memory' | 'sqlite' | 'redis' | undefined;
  sqlite?: { path: string } | undefined;
  redis_config?: RedisSection | undefined;
}

/** ToolHive's `RunConfig`, schema v0.1.0. */
export interface ToolhiveSections {
  schema_version?: 'v0.1.0' | undefined;
  issuer: string;
  authorization_endpoint_base_url?: string | undefined;
  signing_key_config?: SigningKeySection | undefined;
  hmac_secret_files?: string[] | undefined;
  token_lifespans?: TokenLifespansSection | undefined;
  delegation_token_lifespan?: DurationText | undefined;
  upstreams: UpstreamSection[];
  scopes_supported?: string[] | undefined;
  baseline_client_scopes?: string[] | undefined;
  allowed_audiences?: string[] | undefined;
  storage?: StorageSection | undefined;
  disable_upstream_token_injection?: boolean | undefined;
  cimd?: CimdSection | undefined;
  insecure_allow_http?: boolean | undefined;
  trusted_issuers?: TrustedIssuerSection[] | undefined;
  allow_confidential_client_registration?: boolean | undefined;
  insecure_allow_confidential_over_loopback_http?: boolean | undefined;
  force_confidential_redirect_uris?: string[] | undefined;
  delegate_clients?: DelegateClientSection[] | undefined;
}

/** Sallyport's own sections of a `RunConfig`. */
export interface OurSections {
  session_lifespan?: DurationText | undefined;
  refresh_grace?: DurationText | undefined;
  identity_max_age?: DurationText | undefined;
  refresh_token_policy?: 'always' | 'offline_access' | undefined;
  sign_in?: 'choose' | 'chain' | undefined;
  default_resource?: string | undefined;
  scope_descriptions?: Record<string, string> | undefined;
  scopes?: ScopesSection | undefined;
  listen?: ListenSection | undefined;
  proxy?: ProxySection[] | undefined;
  access?: AccessSection | undefined;
  access_contact?: string | undefined;
  consent?: ConsentSection | undefined;
  clients?: ClientSection[] | undefined;
  registration?: RegistrationSection | undefined;
  blocked?: BlockedSection[] | undefined;
  limits?: LimitsSection | undefined;
  cors?: CorsSection | undefined;
  observe?: ObserveSection | undefined;
  admin?: AdminSection | undefined;
  shutdown?: ShutdownSection | undefined;
  key_activation_delay?: DurationText | undefined;
  retired_secret_grace?: DurationText | undefined;
}

/**
 * A configuration file: ToolHive's `RunConfig` and our own sections. Holds names of files and of environment variables,
 * never secrets. {@link runConfigSchema} says what each field means.
 */
export interface RunConfig extends ToolhiveSections, OurSections {}

type Fields<T> = { readonly [K in keyof Required<T>]: z.ZodType<T[K]> };

const keyFields: Pick<
  Fields<RunConfig>,
  'signing_key_config' | 'hmac_secret_files' | 'key_activation_delay' | 'retired_secret_grace'
> = {
  signing_key_config: optional(
    section<SigningKeySection>({
      key_dir: text('Directory with PEM files.', '/etc/sallyport/keys'),
      signing_key_file: text(
        'Name of the file in key_dir whose key signs: RSA of at least 2048 bits, P-256, P-384, P-521 or Ed25519.',
        'signing.pem',
      ),
      fallback_key_files: texts('Names of files whose keys are published and verify, and never sign.', [
        'previous.pem',
      ]),
    }),
    'Keys that sign tokens. Default: a key is made; `sallyport serve` keeps it in the state directory.',
  ),
  hmac_secret_files: texts(
    'Files with at least 32 random bytes each, taken as they are. The first signs, the rest verify. Default: a secret is made.',
    ['/run/secrets/hmac-0'],
  ),
  key_activation_delay: duration(
    'How long a new signing key or HMAC secret verifies before it signs, while an older one is still there: up to 24h, or 0 ' +
      'for at once. Default: 10m, twice as long as anybody may keep our JWKS.',
    '10m',
  ),
  retired_secret_grace: duration(
    'How long after an HMAC secret was last configured anywhere it still opens the key rings of the store, for replicas that ' +
      'have not heard of the change: up to 8760h, or 0 for not at all. Default: 168h.',
    '168h',
  ),
};

const lifespanFields: Pick<
  Fields<RunConfig>,
  'token_lifespans' | 'delegation_token_lifespan' | 'session_lifespan' | 'refresh_grace' | 'identity_max_age'
> = {
  token_lifespans: optional(
    section<TokenLifespansSection>({
      access_token_lifespan: duration('Of access tokens: 1s to 24h. Default: 1h.', '15m'),
      refresh_token_lifespan: duration(
        'Of refresh tokens, counted again from every use: 1s to 720h. Default: 168h.',
        '168h',
      ),
      auth_code_lifespan: duration('Of authorization codes: 1s to 10m. Default: 10m.', '60s'),
    }),
    'How long tokens and codes live. A zero means the default.',
  ),
  delegation_token_lifespan: duration(
    'Of delegated tokens: up to 24h. There is no delegation in this version, so it changes nothing.',
    '15m',
  ),
  session_lifespan: duration(
    'Absolute end of a session, however often it is refreshed: 1s to 87600h. Default: 2160h (90 days).',
    '2160h',
  ),
  refresh_grace: duration(
    'How long a superseded refresh token still gets the current one, for clients that race or lose an answer: 1s to 10m, ' +
      'or 0 for not at all. Default: 60s.',
    '60s',
  ),
  identity_max_age: duration(
    'How old the upstream’s word about a user may be when access rules are checked: 1s to 87600h. Default: 24h.',
    '24h',
  ),
};

const registrationFields: Pick<
  Fields<ToolhiveSections>,
  | 'allow_confidential_client_registration'
  | 'insecure_allow_confidential_over_loopback_http'
  | 'force_confidential_redirect_uris'
> = {
  allow_confidential_client_registration: flag('Clients that register themselves may ask for a secret.'),
  insecure_allow_confidential_over_loopback_http: flag(
    'Clients with secrets are fine on an http issuer on a loopback host.',
  ),
  force_confidential_redirect_uris: texts(
    'Clients that register one of these redirect URIs get a secret, whether or not they ask for one. https only.',
    ['https://www.perplexity.ai/rest/connections/oauth_callback'],
  ),
};

const storageField: z.ZodType<StorageSection | undefined> = optional(
  section<StorageSection>({
    type: oneOf(
      ['memory', 'sqlite', 'redis'],
      'Kind of storage; redis is not served by this version. Default: memory.',
    ),
    sqlite: optional(
      section<{ path: string }>({
        path: requiredText(
          'The database file; it is made when it does not exist.',
          '/var/lib/sallyport/sallyport.db',
        ),
      }),
      'Required for the type sqlite.',
    ),
    redis_config: optional(redisSchema, 'Redis or Valkey. Not served by this version.'),
  }),
  'Where grants are kept. Default: SQLite in the state directory for `sallyport serve`, memory for the library.',
);

/** What a `RunConfig` may hold: the one source of validation, of the JSON Schema and of the reference page. */
export const runConfigSchema: z.ZodType<RunConfig> = section<RunConfig>({
  schema_version: oneOf(['v0.1.0'], 'Version of ToolHive’s schema.'),
  issuer: requiredText(
    'Public address of this server, without a trailing slash. https, or http on a loopback host.',
    'https://mcp.example.com',
  ),
  authorization_endpoint_base_url: text(
    'Where the authorization endpoint is, when browsers reach it elsewhere. Default: the issuer.',
    'https://login.example.com',
  ),
  ...keyFields,
  ...lifespanFields,
  refresh_token_policy: oneOf(
    ['always', 'offline_access'],
    'Who gets a refresh token: every client that may use one, or only those that ask for offline_access. Default: always.',
  ),
  upstreams: upstreamsSchema,
  sign_in: oneOf(
    ['choose', 'chain'],
    'With several upstreams: people choose one, or sign in at each in turn, where the first says who they are. Default: chain.',
  ),
  scopes_supported: texts('The scopes that exist here. Default: openid profile email offline_access.', [
    'openid',
    'profile',
    'email',
    'offline_access',
  ]),
  scope_descriptions: textMap('What the consent page says about a scope.', {
    email: 'See your e-mail address',
  }),
  scopes: scopesSchema,
  baseline_client_scopes: texts('Scopes that every registered client has; a subset of scopes_supported.', [
    'openid',
  ]),
  allowed_audiences: texts(
    'Resource identifiers that tokens may be for. Default: the proxied resources; required without any.',
    ['https://mcp.example.com/mcp'],
  ),
  default_resource: text(
    'The resource of clients that name none, when there are several.',
    'https://mcp.example.com/mcp',
  ),
  access: accessSchema.optional(),
  access_contact: accessContactSchema,
  clients: clientsSchema.optional(),
  blocked: blockedSchema.optional(),
  limits: optional(limitsSchema, 'How often, and how many.'),
  ...registrationFields,
  registration: optional(registrationSchema, 'Clients that register themselves (RFC 7591): who may.'),
  consent: optional(consentSchema, 'How pages look, and when people are asked.'),
  cors: optional(corsSchema, 'Who else may call by script.'),
  listen: optional(listenSchema, 'Where `sallyport serve` listens.'),
  proxy: proxiesSchema.optional(),
  disable_upstream_token_injection: flag('MCP servers get no upstream token.'),
  storage: storageField,
  observe: optional(observeSchema, 'What is written down.'),
  admin: optional(adminSchema, 'A second listener of `sallyport serve`, for operators.'),
  shutdown: optional(shutdownSchema, 'How `sallyport serve` ends.'),
  insecure_allow_http: flag(
    'This server and its upstreams may use http on hosts that are not loopback. For tests only.',
  ),
  cimd: optional(
    cimdSchema,
    'Clients that identify themselves by a document (Client ID Metadata Documents).',
  ),
  trusted_issuers: z
    .array(trustedIssuerSchema)
    .meta({ description: 'Issuers whose tokens may be exchanged. Not served by this version.' })
    .optional(),
  delegate_clients: z
    .array(delegateClientSchema)
    .meta({ description: 'Clients that may exchange tokens. Not served by this version.' })
    .optional(),
});
