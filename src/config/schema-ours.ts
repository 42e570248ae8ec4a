/** Sallyport's own sections. */
import { z } from 'zod';
import type { ClientAuthMethod, ObserveConfig } from './config.ts';
import {
  duration,
  flag,
  oneOf,
  optional,
  requiredText,
  section,
  text,
  texts,
  wholeNumber,
} from './schema-fields.ts';
import type { DurationText } from './schema-fields.ts';
import { toolsSchema } from './schema-scopes.ts';

/** Certificate of the listener. */
export interface TlsSection {
  cert_file: string;
  key_file: string;
}

/** Where `sallyport serve` listens. */
export interface ListenSection {
  host?: string | undefined;
  port?: number | undefined;
  path_stripped?: boolean | undefined;
  trusted_proxies?: string[] | undefined;
  tls?: TlsSection | undefined;
}

export const listenSchema: z.ZodType<ListenSection> = section<ListenSection>({
  host: text('Address to listen on. Default: 127.0.0.1.', '0.0.0.0'),
  port: wholeNumber(
    { min: 0, max: 65_535 },
    { description: 'Port to listen on; 0: any free one.', default: 8080 },
  ),
  path_stripped: flag('A front proxy removes the issuer’s path before requests arrive.'),
  trusted_proxies: texts(
    'Addresses and ranges of proxies in front, whose X-Forwarded-For says who a request is from. It only counts for limits ' +
      'and for the audit log. Default: nobody’s.',
    ['10.0.0.0/8'],
  ),
  tls: optional(
    section<TlsSection>({
      cert_file: requiredText('PEM file with the certificate chain.', '/run/secrets/tls.crt'),
      key_file: requiredText('PEM file with the private key.', '/run/secrets/tls.key'),
    }),
    'Serve https. Without it something in front has to.',
  ),
});

/** An MCP server behind the gateway. */
export interface ProxySection {
  path: string;
  target: string;
  upstream?: string | undefined;
  scopes?: string[] | undefined;
  scopes_supported?: string[] | undefined;
  tools?: Record<string, string[]> | undefined;
  max_body?: number | undefined;
}

export const proxiesSchema: z.ZodType<ProxySection[]> = z
  .array(
    section<ProxySection>({
      path: requiredText('Path of the MCP endpoint on this gateway.', '/mcp'),
      target: requiredText('Absolute URL of the MCP server behind.', 'http://127.0.0.1:9000/mcp'),
      upstream: text(
        'Whose token the MCP server gets: the name of an upstream, or none. Default: the first upstream.',
        'okta',
      ),
      scopes: texts('Scopes that a token must have; a subset of scopes_supported. Default: none.', [
        'openid',
      ]),
      scopes_supported: texts(
        'Scopes that mean something at this endpoint: others are not granted for it, and not listed in its metadata. A subset ' +
          'of the catalogue. Default: all of it.',
        ['notes:read', 'notes:write'],
      ),
      tools: toolsSchema,
      max_body: wholeNumber(
        { min: 1, max: 1_073_741_824 },
        {
          description:
            'Longest request body, in bytes. With tools at most 16777216, and 4194304 by default: each body is held and read.',
          default: 16_777_216,
        },
      ),
    }),
  )
  .min(1)
  .meta({ description: 'MCP servers that `sallyport serve` protects.' });

/** A client that does not register itself. */
export interface ClientSection {
  client_id: string;
  client_name?: string | undefined;
  client_secret_file?: string | undefined;
  client_secret_env_var?: string | undefined;
  token_endpoint_auth_method?: ClientAuthMethod | 'private_key_jwt' | undefined;
  jwks?: { keys: Record<string, unknown>[] } | undefined;
  jwks_file?: string | undefined;
  jwks_uri?: string | undefined;
  allow_private_ips?: boolean | undefined;
  resources?: string[] | undefined;
  refresh_token_lifespan?: DurationText | undefined;
  session_lifespan?: DurationText | undefined;
  refresh_grace?: DurationText | undefined;
  redirect_uris?: string[] | undefined;
  grant_types?: ('authorization_code' | 'refresh_token')[] | undefined;
  scopes?: string[] | undefined;
  introspects?: string[] | undefined;
  consent?: 'ask' | 'remember' | 'skip' | undefined;
}

export const clientsSchema: z.ZodType<ClientSection[]> = z
  .array(
    section<ClientSection>({
      client_id: requiredText('Its id.', 'dashboard'),
      client_name: text('What the consent page calls it.', 'Dashboard'),
      client_secret_file: text('File with its secret of at least 32 characters.', '/run/secrets/dashboard'),
      client_secret_env_var: text('Variable with its secret of at least 32 characters.', 'DASHBOARD_SECRET'),
      token_endpoint_auth_method: oneOf(
        ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'],
        'How it authenticates. Default: private_key_jwt with keys, client_secret_basic with a secret, else none.',
      ),
      jwks: optional(
        section<{ keys: Record<string, unknown>[] }>({
          keys: z.array(z.record(z.string(), z.unknown())).meta({
            description: 'Public keys as JWKs.',
            examples: [[{ kty: 'EC', crv: 'P-256', kid: 'one', x: '…', y: '…' }]],
          }),
        }),
        'Its public keys, for private_key_jwt (RFC 7523).',
      ),
      jwks_file: text('File with its public keys, in place of jwks.', '/etc/sallyport/dashboard.jwks.json'),
      jwks_uri: text(
        'https address where it publishes its public keys, in place of jwks.',
        'https://dashboard.example.com/jwks.json',
      ),
      allow_private_ips: flag('Its jwks_uri may lead to a private address.'),
      resources: texts('Resources that it may ask for; a subset of allowed_audiences. Default: each.', [
        'https://mcp.example.com/mcp',
      ]),
      refresh_token_lifespan: duration(
        'Of its refresh tokens, counted again from every use: 1s to 720h. Default: that of all.',
        '24h',
      ),
      session_lifespan: duration('Absolute end of its sessions: 1s to 87600h. Default: that of all.', '720h'),
      refresh_grace: duration(
        'How long its superseded refresh tokens still get the current one: 1s to 10m, or 0 for not at all. Default: that of all.',
        '5m',
      ),
      redirect_uris: texts('Where answers may go.', ['https://dashboard.example.com/callback']),
      grant_types: z
        .array(z.enum(['authorization_code', 'refresh_token']))
        .meta({
          description:
            'What it may do at the token endpoint. Default: authorization_code and refresh_token; nothing for a client that ' +
            'has no redirect URIs and introspects.',
        })
        .optional(),
      scopes: texts('Scopes that it may have. Default: all of scopes_supported.', ['openid', 'email']),
      introspects: texts('Resources that it is the server of: it may introspect their tokens.', [
        'https://mcp.example.com/mcp',
      ]),
      consent: oneOf(
        ['ask', 'remember', 'skip'],
        'Whether its users are asked every time, may have their answer remembered (consent.remember), or are never asked: ' +
          'then nobody but the client says what they agree to. Default: ask.',
      ),
    }),
  )
  .meta({ description: 'Clients that do not register themselves.' });

/** Who else may call by script. */
export interface CorsSection {
  allowed_origins?: string[] | undefined;
}

export const corsSchema: z.ZodType<CorsSection> = section<CorsSection>({
  allowed_origins: texts('Origins whose pages may call MCP endpoints, beside our own and loopback.', [
    'https://inspector.example.com',
  ]),
});

/** Where audit events go. */
export type AuditSection = 'stdout' | 'stderr' | 'off' | { file: string };

const auditSchema: z.ZodType<AuditSection> = z
  .union(
    [
      z.enum(['stdout', 'stderr', 'off']),
      section<{ file: string }>({
        file: requiredText('File to append to; made with mode 0600.', '/var/log/sallyport/audit.jsonl'),
      }),
    ],
    { error: 'is neither stdout, stderr, off nor { file: … }' },
  )
  .meta({
    description:
      'Where audit events go, one JSON object a line: stdout, stderr, off, or a file. Default: stdout with `sallyport serve`, ' +
      'off in the library.',
    examples: [{ file: '/var/log/sallyport/audit.jsonl' }],
  });

/** A second listener, for operators and for what watches the server. */
export interface AdminSection {
  listen?: { host?: string | undefined; port: number } | undefined;
  token_file?: string | undefined;
}

export const adminSchema: z.ZodType<AdminSection> = section<AdminSection>({
  listen: optional(
    section<{ host?: string | undefined; port: number }>({
      host: text(
        'Address to listen on. Another than loopback needs token_file. Default: 127.0.0.1.',
        '127.0.0.1',
      ),
      port: z
        .int()
        .min(0)
        .max(65_535)
        .meta({ description: 'Port to listen on; 0: any free one.', examples: [9090] }),
    }),
    'Where /healthz, /readyz with its reasons, /metrics and POST /reload are served. Default: nowhere.',
  ),
  token_file: text(
    'File with a token of at least 32 characters, which everything but /healthz then asks for (Authorization: Bearer).',
    '/run/secrets/admin-token',
  ),
});

/** How the server ends. */
export interface ShutdownSection {
  delay?: DurationText | undefined;
}

export const shutdownSchema: z.ZodType<ShutdownSection> = section<ShutdownSection>({
  delay: duration(
    'How long /readyz says 503 before the listener closes, so that load balancers look elsewhere: up to 5m. Default: 0.',
    '5s',
  ),
});

/** What is written down. */
export interface ObserveSection {
  log_level?: ObserveConfig['logLevel'] | undefined;
  audit?: AuditSection | undefined;
  traces?: boolean | undefined;
}

export const observeSchema: z.ZodType<ObserveSection> = section<ObserveSection>({
  log_level: oneOf(
    ['trace', 'debug', 'info', 'warn', 'error', 'silent'],
    'The least important lines that are written. Default: info.',
  ),
  audit: auditSchema.optional(),
  traces: flag('Spans through the package @opentelemetry/api, which must be installed.'),
});
