import { runConfigJsonSchema } from '../config/json-schema.ts';
import { readConfigFile } from '../config/load.ts';
import { resolveRunConfig } from '../config/resolve.ts';
import type { Config } from '../config/config.ts';
import { formatDuration } from '../config/duration.ts';
import { loadKeySet } from '../keys/key-set.ts';
import { demandedScopes, usefulScopes } from '../oauth/resource-scopes.ts';
import { SallyportError } from '../types/error.ts';
import { missingAccess } from '../upstream/public-upstreams.ts';
import { UsageError } from './command-io.ts';
import type { CommandIo } from './command-io.ts';
import { explainConfig, showProfiles } from './config-explain.ts';

/** What this command needs of {@link CommandIo}. */
export type ConfigCommandIo = Pick<CommandIo, 'stdout' | 'stderr' | 'env' | 'readFile'>;

const usage = `usage: sallyport config check FILE             find every mistake in a configuration
       sallyport config explain FILE           how each upstream is spoken to, and what says so
                 [--upstream NAME] [--json]
       sallyport config profiles [NAME]        the providers that we know  [--json]
       sallyport config schema                 print the JSON Schema of configurations
`;

/**
 * `sallyport config …`. What was asked for goes to `stdout`, complaints go to `stderr`.
 * @returns the exit code: 0 fine, 1 the configuration is not, 2 wrong arguments
 */
export async function runConfigCommand(args: readonly string[], io: ConfigCommandIo): Promise<number> {
  const [action, file, ...rest] = args;
  if (args.includes('--help') || args.includes('-h')) {
    io.stdout(usage);
    return 0;
  }
  if (action === 'schema' && file === undefined) {
    io.stdout(`${JSON.stringify(runConfigJsonSchema(), null, 2)}\n`);
    return 0;
  }
  if (action === 'check' && file !== undefined && rest.length === 0) return check(file, io);
  if (action === 'explain' || action === 'profiles') return tell(action, args.slice(1), io);
  io.stderr(`sallyport: ${mistake(args)}\n\n${usage}`);
  return 2;
}

async function check(file: string, io: ConfigCommandIo): Promise<number> {
  try {
    const config = await resolveRunConfig(await readConfigFile(file, io), io);
    const { alg } = loadKeySet(config.signingKeys).signing;
    const unsaid = missingAccess(config);
    if (unsaid !== null) throw new SallyportError('config_invalid', unsaid);
    for (const warning of config.warnings) io.stderr(`warning: ${warning}\n`);
    io.stdout(`${file} is fine\n${summaryOf(config, alg)}`);
    return 0;
  } catch (error) {
    if (!(error instanceof SallyportError)) throw error;
    io.stderr(`${file}: ${error.message}\n`);
    return 1;
  }
}

async function tell(
  what: 'explain' | 'profiles',
  args: readonly string[],
  io: ConfigCommandIo,
): Promise<number> {
  try {
    if (what === 'explain') await explainConfig(args, io);
    else showProfiles(args, io);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      io.stderr(`sallyport: ${error.message}\n\n${usage}`);
      return 2;
    }
    if (!(error instanceof SallyportError)) throw error;
    io.stderr(`sallyport: ${error.message}\n`);
    return 1;
  }
}

function mistake([action, file]: readonly string[]): string {
  if (action === undefined) return 'say what to do';
  if (action === 'check') return file === undefined ? 'say which file to check' : 'say one file only';
  return action === 'schema' ? '"schema" takes nothing more' : `there is no "${action}" here`;
}

/** What is in force, in the operator's words; secrets are only counted. */
function summaryOf(config: Config, alg: string): string {
  const { lifespans, upstreams, proxies, access } = config;
  const rules =
    typeof access === 'string' ? access : `${access.length} rule${access.length === 1 ? '' : 's'}`;
  const made = config.signingKeys === null ? ', made at the first start' : '';
  const rows: readonly (readonly [string, string])[] = [
    ['issuer', config.issuer],
    ['resources', config.resources.join(', ')],
    ...upstreams.map(
      ({ name, type, redirectUri }) =>
        ['upstream', `${name} (${type}), redirect URI ${redirectUri}`] as const,
    ),
    ...(upstreams.length > 1 ? [['sign-in', signInOf(config)] as const] : []),
    ...proxies.map(
      ({ path, target, upstream }) =>
        ['proxy', `${path} → ${target}, token of ${upstream ?? 'nobody'}`] as const,
    ),
    ...proxies.map((proxy) => ['scopes', scopesOf(config, proxy)] as const),
    ['access', rules],
    ['clients', `${config.clients.length} configured, documents ${documentsOf(config.cimd)}`],
    ['registration', registrationOf(config.registration)],
    [
      'lifespans',
      `access ${formatDuration(lifespans.accessToken)}, refresh ${formatDuration(lifespans.refreshToken)}, session ${formatDuration(lifespans.session)}`,
    ],
    ['signing key', `${alg}${made}`],
    [
      'HMAC secrets',
      config.hmacSecrets.length === 0 ? 'one, made at the first start' : String(config.hmacSecrets.length),
    ],
  ];
  return rows.map(([name, value]) => `  ${name.padEnd(13)} ${value}\n`).join('');
}

/** Who may register, whose word counts about that, and which keys make and verify ids. */
function registrationOf({
  policy,
  mode,
  softwareStatements,
  idKey,
  revokedIdKeys,
}: Config['registration']): string {
  const issuers = softwareStatements.map(({ issuer }) => issuer).join(', ');
  return [
    `policy ${policy}`,
    ...(mode === 'stored' ? ['kept in the store'] : []),
    ...(issuers === '' ? [] : [`statements of ${issuers}`]),
    ...(idKey === 1 ? [] : [`ids by key ${idKey}`]),
    ...(revokedIdKeys.length === 0 ? [] : [`never by ${revokedIdKeys.join(', ')}`]),
  ].join(', ');
}

/** Whose documents describe clients. */
function documentsOf({ enabled, trust, allowHosts, denyHosts }: Config['cimd']): string {
  if (!enabled) return 'of nobody';
  const named = allowHosts.join(' ');
  const whose = {
    any: 'of any host',
    known: `of known clients${named === '' ? '' : ` and ${named}`}`,
    listed: `of ${named}`,
    attested: `that are vouched for${named === '' ? '' : `, and of ${named}`}`,
  };
  return `${whose[trust]}${denyHosts.length === 0 ? '' : `, never of ${denyHosts.join(' ')}`}`;
}

/** What clients are told to ask for at an endpoint, and what they have to step up for. */
function scopesOf(config: Config, { path, resource, scopes, tools }: Config['proxies'][number]): string {
  const useful = usefulScopes(config, resource);
  const later = demandedScopes(config, resource).filter((scope) => !useful.includes(scope));
  const parts = [
    `${path}: clients ask for ${useful.join(' ') || 'none'}`,
    ...(later.length > 0 ? [`later for ${later.join(' ')}`] : []),
    ...(scopes.length > 0 ? [`every request needs ${scopes.join(' ')}`] : []),
    ...(tools ? [`${tools.length} ${tools.length === 1 ? 'rule' : 'rules'} for tools`] : []),
  ];
  return parts.join(', ');
}

function signInOf({ upstreams, signIn }: Config): string {
  const named = (when: Config['upstreams'][number]['when']): readonly string[] =>
    upstreams.filter((one) => one.when === when).map(({ name }) => name);
  const first = named('sign_in').join(signIn === 'chain' ? ', then ' : ' or ');
  const later = named('later');
  return later.length === 0 ? first : `${first}; later ${later.join(', ')}`;
}
