import { resolveAccess, resolveAccessContact } from './access.ts';
import { resolveAdmin } from './admin.ts';
import { resolveLimits } from './limits.ts';
import { resolveBlocked } from './blocked.ts';
import { resolveCimd } from './cimd.ts';
import type { Config } from './config.ts';
import { resolveConsent } from './consent.ts';
import { resolveIssuer } from './issuer.ts';
import { loadHmacSecrets, loadSigningKeys } from './keys.ts';
import { resolveLifespans } from './lifespans.ts';
import { Findings } from './problems.ts';
import { resolveProxies } from './proxies.ts';
import { checkConfidentialTransport, resolveRegistration } from './registration.ts';
import { resolveResources } from './resources.ts';
import type { ResolveIo, Resolving } from './resolving.ts';
import { resolveScopes } from './scopes.ts';
import { resolveClients } from './static-clients.ts';
import {
  resolveBrand,
  resolveListen,
  resolveObserve,
  resolveOrigins,
  resolveStorage,
} from './surroundings.ts';
import { readFileBounded } from './read-file.ts';
import { refuseUnserved } from './unserved.ts';
import { resolveUpstreams } from './upstreams.ts';

export { ConfigError } from './problems.ts';
export type { ConfigProblem } from './problems.ts';
export type { ResolveIo } from './resolving.ts';

/** The environment and the files of this process; relative paths are relative to its working directory. */
export const processIo: ResolveIo = { env: process.env, readFile: readFileBounded };

/**
 * Turns a `RunConfig` into a `Config`: checks everything, reads the files and environment variables that it names, and
 * fills in the defaults. Makes no network calls, and never changes what it is given.
 * @throws {ConfigError} with every problem at once
 */
export async function resolveRunConfig(runConfig: unknown, io: ResolveIo): Promise<Config> {
  // zod is loaded when it is needed: an `import` of this package stays cheap.
  const { checkShape } = await import('./shape.ts');
  const findings = new Findings();
  const resolving: Resolving = { ...checkShape(runConfig, findings), io, findings };
  const config = await resolveAll(resolving);
  findings.throwIfAny();
  return config;
}

async function resolveAll(resolving: Resolving): Promise<Config> {
  const { config, findings, toolhiveFile } = resolving;
  refuseUnserved(resolving);
  const { issuer, authorizationBaseUrl } = resolveIssuer(resolving);
  const spans = resolveLifespans(resolving);
  const scopes = resolveScopes(resolving);
  const upstreams = await resolveUpstreams(resolving, issuer);
  const signIn = config.sign_in ?? 'chain';
  const proxies = resolveProxies(resolving, { ...scopes, issuer, upstreams, signIn });
  const resources = resolveResources(
    resolving,
    proxies.map((proxy) => proxy?.resource ?? null),
  );
  const clients = await resolveClients(resolving, { ...resources, ...scopes });
  checkConfidentialTransport(resolving, issuer);
  if (config.insecure_allow_http) findings.warn(['insecure_allow_http'], 'is on: for tests only');
  return {
    // Empty only beside problems, and then nobody sees this.
    issuer: issuer ?? '',
    authorizationBaseUrl: authorizationBaseUrl ?? '',
    signingKeys: await loadSigningKeys(resolving),
    hmacSecrets: await loadHmacSecrets(resolving),
    ...spans,
    refreshTokenPolicy: config.refresh_token_policy ?? 'always',
    upstreams,
    signIn,
    ...scopes,
    ...resources,
    access: await resolveAccess(resolving, { upstreams, signIn }),
    accessContact: resolveAccessContact(resolving),
    toolhiveFile,
    clients,
    blocked: resolveBlocked(resolving),
    limits: resolveLimits(resolving),
    registration: await resolveRegistration(resolving),
    cimd: await resolveCimd(resolving, issuer),
    brand: resolveBrand(resolving, issuer),
    consent: resolveConsent(resolving, { clients, signIn }),
    allowedOrigins: resolveOrigins(resolving),
    injectUpstreamToken: !(config.disable_upstream_token_injection ?? false),
    insecureAllowHttp: config.insecure_allow_http ?? false,
    storage: resolveStorage(resolving),
    listen: await resolveListen(resolving),
    proxies: proxies.filter((proxy) => proxy !== null),
    observe: resolveObserve(resolving),
    admin: await resolveAdmin(resolving),
    warnings: findings.warnings,
  };
}
