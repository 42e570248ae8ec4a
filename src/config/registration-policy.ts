import { isIP } from 'node:net';
import { checkRedirectUri } from '../oauth/redirect-uri.ts';
import { isRefusedScheme } from '../oauth/refused-schemes.ts';
import type { Secret } from '../types/secret.ts';
import { itemsOf } from './resolving.ts';
import type { Resolving } from './resolving.ts';
import { resolveStored } from './stored-registrations.ts';
import type { Milliseconds } from '../types/time.ts';
import { resolveIdKeys } from './id-keys.ts';
import { fromEnvironment, fromFile } from './secrets.ts';
import { resolveSoftwareStatements } from './software-statements.ts';
import type { StatementIssuerConfig } from './software-statements.ts';

/** Who may register, and go on using what is registered. */
export interface RegistrationPolicyConfig {
  readonly policy:
    | 'open'
    | 'known_clients'
    | 'allow_list'
    | 'software_statement'
    | 'initial_access_token'
    | 'off';
  /** Number of the key that makes ids; those below verify, unless they are revoked. */
  readonly idKey: number;
  readonly revokedIdKeys: readonly number[];
  /** Whose software statements are believed; empty: nobody's, and statements are ignored. */
  readonly softwareStatements: readonly StatementIssuerConfig[];
  /** As `URL.hostname` has them, or `*.` and such a host. */
  readonly allowHosts: readonly string[];
  readonly allowLoopback: boolean;
  /** In lower case, without the colon. */
  readonly allowSchemes: readonly string[];
  readonly allowRedirectUris: readonly string[];
  /** Empty: whatever they call themselves. */
  readonly allowSoftwareIds: readonly string[];
  readonly initialAccessTokens: readonly Secret<string>[];
  readonly maxPerMinute: number;
  /** Whether a registration is its own id, or kept in the store. */
  readonly mode: 'stateless' | 'stored';
  /** How long a kept one counts after it was used. */
  readonly storedFor: Milliseconds;
  /** So many are kept. */
  readonly maxStored: number;
}

/** What is in force where nothing is written. */
export const usualRegistrationPolicy: RegistrationPolicyConfig = {
  policy: 'open',
  idKey: 1,
  revokedIdKeys: [],
  softwareStatements: [],
  allowHosts: [],
  allowLoopback: true,
  allowSchemes: [],
  allowRedirectUris: [],
  allowSoftwareIds: [],
  initialAccessTokens: [],
  maxPerMinute: 6000,
  mode: 'stateless',
  storedFor: 90 * 86_400_000,
  maxStored: 10_000,
};

/** Of an initial access token, in characters: nobody guesses 128 bits. */
const minTokenLength = 32;

const lists = ['allow_hosts', 'allow_schemes', 'allow_redirect_uris', 'allow_software_ids'] as const;
const tokenFields = ['initial_access_token_files', 'initial_access_token_env_vars'] as const;

/** Reads `registration`. A list that would change nothing is refused: somebody believes in it. */
export async function resolveRegistrationPolicy(resolving: Resolving): Promise<RegistrationPolicyConfig> {
  const section = resolving.config.registration ?? {};
  const usual = usualRegistrationPolicy;
  const resolved: RegistrationPolicyConfig = {
    policy: section.policy ?? usual.policy,
    ...resolveIdKeys(resolving),
    softwareStatements: await resolveSoftwareStatements(resolving),
    allowHosts: listOf(resolving, 'allow_hosts', hostPattern),
    allowLoopback: section.allow_loopback ?? usual.allowLoopback,
    allowSchemes: listOf(resolving, 'allow_schemes', schemeOf),
    allowRedirectUris: listOf(resolving, 'allow_redirect_uris', (uri) =>
      checkRedirectUri(uri) === null ? uri : null,
    ),
    allowSoftwareIds: listOf(resolving, 'allow_software_ids', (id) => (id === '' ? null : id)),
    initialAccessTokens: await loadTokens(resolving),
    maxPerMinute: section.max_per_minute ?? usual.maxPerMinute,
    ...resolveStored(resolving),
  };
  checkCombination(resolving, resolved);
  return resolved;
}

function checkCombination(
  { config, findings, toolhiveFile }: Resolving,
  { policy, allowHosts, allowSchemes, allowRedirectUris, allowLoopback }: RegistrationPolicyConfig,
): void {
  const section = config.registration ?? {};
  const listed = policy === 'known_clients' || policy === 'allow_list';
  for (const field of [...lists, 'allow_loopback'] as const)
    if (section[field] !== undefined && !listed)
      findings.refuse(['registration', field], {
        problem: `does nothing with the policy ${policy}`,
        fix: 'write policy: allow_list, or known_clients, or remove it',
      });
  const hasTokens = tokenFields.filter((field) => (section[field] ?? []).length > 0);
  for (const field of hasTokens)
    if (policy === 'open' || policy === 'off' || policy === 'software_statement')
      findings.refuse(['registration', field], {
        problem: `does nothing with the policy ${policy}`,
        fix: 'write policy: initial_access_token, or remove it',
      });
  if (policy === 'off') checkOff({ config, findings });
  const { enabled = !toolhiveFile, trust } = config.cimd ?? {};
  if (policy !== 'open' && enabled && trust === undefined)
    findings.warn(
      ['registration', 'policy'],
      'says nothing about clients that are described by a document, which anybody can publish: write cimd.trust (any, known, listed or attested), or cimd.enabled: false',
    );
  checkStatements({ config, findings }, policy);
  if (policy === 'initial_access_token' && hasTokens.length === 0)
    findings.refuse(['registration', 'policy'], {
      problem: 'is initial_access_token, and there is no token',
      fix: 'name a file in initial_access_token_files, or write policy: off',
    });
  const nobody = allowHosts.length + allowSchemes.length + allowRedirectUris.length === 0 && !allowLoopback;
  const vouched = itemsOf(section.software_statements).length > 0;
  if (policy === 'allow_list' && nobody && hasTokens.length === 0 && !vouched)
    findings.refuse(['registration', 'policy'], {
      problem: 'is allow_list, and nothing is allowed',
      fix: 'add allow_hosts, allow_schemes or allow_redirect_uris, or write policy: off',
    });
}

function checkStatements(
  { config, findings }: Pick<Resolving, 'config' | 'findings'>,
  policy: RegistrationPolicyConfig['policy'],
): void {
  const issuers = itemsOf(config.registration?.software_statements).length;
  if (policy === 'software_statement' && issuers === 0)
    findings.refuse(['registration', 'policy'], {
      problem: 'is software_statement, and nobody’s statements are believed',
      fix: 'add software_statements with an issuer, or write policy: off',
    });
  if (config.cimd?.trust === 'attested' && issuers === 0)
    findings.refuse(['cimd', 'trust'], {
      problem: 'is attested, and nobody’s statements are believed',
      fix: 'add registration.software_statements with an issuer, or write trust: listed',
    });
  if (
    policy === 'off' &&
    issuers > 0 &&
    (config.cimd?.enabled === false || config.cimd?.trust !== 'attested')
  )
    findings.refuse(['registration', 'software_statements'], {
      problem: 'does nothing while registration is off',
      fix: 'remove it, or write another registration.policy or cimd.trust: attested',
    });
}

function checkOff({ config, findings }: Pick<Resolving, 'config' | 'findings'>): void {
  if (config.allow_confidential_client_registration)
    findings.refuse(['allow_confidential_client_registration'], {
      problem: 'does nothing while registration is off',
      fix: 'remove it, or write another registration.policy',
    });
  if (config.cimd?.enabled === false && itemsOf(config.clients).length === 0)
    findings.refuse(['registration', 'policy'], {
      problem: 'is off, cimd is too, and there are no clients, so that nobody gets in',
      fix: 'add clients, or let them identify themselves by documents (cimd) or register',
    });
}

function listOf(
  { config, findings }: Resolving,
  field: (typeof lists)[number],
  read: (text: string) => string | null,
): readonly string[] {
  return itemsOf(config.registration?.[field]).flatMap(({ item, index }) => {
    const value = read(item);
    if (value === null) findings.refuse(['registration', field, index], complaints[field]);
    return value ?? [];
  });
}

const complaints = {
  allow_hosts: {
    problem: 'is not the name of a host',
    fix: 'write a name such as app.example.com, or *.example.com for every host below it',
  },
  allow_schemes: {
    problem: 'is not the scheme of an app',
    fix: 'write a scheme such as com.example.app or cursor, without a colon',
  },
  allow_redirect_uris: {
    problem: 'is not a redirect URI',
    fix: 'write the redirect URI exactly as the client registers it',
  },
  allow_software_ids: { problem: 'is empty', fix: 'write the software_id of the client' },
} as const;

function hostPattern(text: string): string | null {
  const [, star = '', name = ''] = /^(\*\.)?([^\s/?#@:*\\%]+)$/u.exec(text) ?? [];
  const host = URL.parse(`https://${name}/`)?.hostname.replace(/\.$/u, '') ?? '';
  return host === '' || (star !== '' && isIP(host) !== 0) ? null : star + host;
}

function schemeOf(text: string): string | null {
  const scheme = text.toLowerCase();
  const web = scheme === 'http' || scheme === 'https';
  return /^[a-z][a-z0-9+.-]*$/u.test(scheme) && !web && !isRefusedScheme(scheme) ? scheme : null;
}

async function loadTokens({ config, io, findings }: Resolving): Promise<readonly Secret<string>[]> {
  const tokens: Secret<string>[] = [];
  for (const field of tokenFields)
    for (const { item, index } of itemsOf(config.registration?.[field])) {
      const path = ['registration', field, index];
      const place = { io, findings, path };
      const isFile = field === 'initial_access_token_files';
      const resolved = isFile ? await fromFile(item, place) : fromEnvironment(item, place);
      if (resolved.r !== 'ok') continue;
      // RFC 6750 §2.1: what a client can send in the header.
      if (
        /^[\w.~+/-]+=*$/u.test(resolved.secret.reveal()) &&
        resolved.secret.reveal().length >= minTokenLength
      )
        tokens.push(resolved.secret);
      else
        findings.refuse(path, {
          problem: `is not a token of at least ${minTokenLength} letters and digits`,
          fix: 'make a new one: openssl rand -hex 32',
        });
    }
  return tokens;
}
