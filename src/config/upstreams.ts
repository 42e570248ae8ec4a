import type { Milliseconds } from '../types/time.ts';
import type {
  OAuth2UpstreamConfig,
  OidcUpstreamConfig,
  UpstreamAuthMethod,
  UpstreamCommon,
  UpstreamConfig,
} from './config.ts';
import type { Findings, Path } from './problems.ts';
import { hintAtProfile } from './profile-hints.ts';
import { tokenIdentityFrom, tokenMappingFrom } from './profile-settings.ts';
import { checkNoProfile, checkProfileForm, resolveSpoken, titleOf } from './profile-upstream.ts';
import type { Spoken } from './profile-upstream.ts';
import { itemsOf, textsOf } from './resolving.ts';
import type { Resolving } from './resolving.ts';
import type {
  OAuth2Section,
  OidcSection,
  UpstreamClientSection,
  UpstreamSection,
} from './schema-upstreams.ts';
import { loadSecret } from './secrets.ts';
import type { Sieved } from './shape.ts';
import { resolveUpstreamRegistration } from './upstream-registration.ts';
import type { RegistrationContext } from './upstream-registration.ts';
import { checkUpstreamAuthMethod } from './upstream-authentication.ts';
import { checkAuthorizationParams, checkRedirect } from './upstream-rules.ts';
import { checkNames, checkTypes } from './upstream-names.ts';
import { standardSettings } from './upstream-settings.ts';
import type { UpstreamSettings } from './upstream-settings.ts';
import { checkTokenPaths } from './token-paths.ts';
import { protectedResourceOf } from './protected-resource.ts';
import { checkCallbacks, checkIcon, checkSignIn, keepAliveOf } from './sign-in.ts';
import { checkUrl } from './urls.ts';
import type { UrlRules } from './urls.ts';
import { resolveUserinfo } from './userinfo.ts';

type ClientOfUpstream = Omit<UpstreamClientSection, 'token_endpoint_auth_method'> & {
  token_endpoint_auth_method?: UpstreamAuthMethod | undefined;
  client_id?: string | undefined;
  scopes?: readonly string[] | undefined;
};

type OidcFields = Omit<OidcSection, keyof ClientOfUpstream> & ClientOfUpstream;
type OAuth2Fields = Omit<OAuth2Section, keyof ClientOfUpstream> & ClientOfUpstream;

/** One upstream on its way. */
interface Upstream {
  readonly resolving: Resolving;
  readonly path: Path;
  readonly name: string;
  readonly displayName: string;
  readonly when: UpstreamCommon['when'];
  readonly icon: string | null;
  readonly keepAlive: Milliseconds | null;
  /** There are others. */
  readonly several: boolean;
  readonly issuer: string | null;
  /** `null`: without a profile, everything is as the specifications have it. */
  readonly spoken: Spoken | null;
}

/** Reads the upstreams; those that cannot be used are left out, and problems say why. */
export async function resolveUpstreams(
  resolving: Resolving,
  issuer: string | null,
): Promise<readonly UpstreamConfig[]> {
  const sections = itemsOf(resolving.config.upstreams);
  const names = checkNames(sections, resolving.findings);
  const found = await Promise.all(
    sections.map(({ item, index }) => {
      const name = names.get(index) ?? 'default';
      const displayName = item.display_name ?? item.name ?? titleOf(item.profile) ?? name;
      const path = ['upstreams', index];
      const upstream = {
        resolving,
        path,
        name,
        displayName,
        when: item.when ?? 'sign_in',
        icon: checkIcon(item.icon, { path: [...path, 'icon'], findings: resolving.findings }),
        keepAlive: keepAliveOf(item.keep_alive, {
          path: [...path, 'keep_alive'],
          findings: resolving.findings,
        }),
        several: sections.length > 1,
        issuer,
        spoken: null,
      };
      return item.profile === undefined ? resolveUpstream(item, upstream) : resolveProfile(item, upstream);
    }),
  );
  checkSignIn(sections, resolving);
  const upstreams = found.filter((upstream) => upstream !== null);
  checkCallbacks(upstreams, resolving.findings);
  return upstreams;
}

function resolveUpstream(
  section: Sieved<UpstreamSection>,
  upstream: Upstream,
): Promise<UpstreamConfig | null> {
  const { path, resolving } = upstream;
  checkTypes(section, path, resolving.findings);
  checkNoProfile(section, { path, findings: resolving.findings });
  const below = (field: string): Upstream => ({ ...upstream, path: [...path, field] });
  if (section.type === 'oidc' && section.oidc_config)
    return resolveOidc(section.oidc_config, below('oidc_config'));
  if (section.type === 'oauth2' && section.oauth2_config)
    return resolveOAuth2(section.oauth2_config, below('oauth2_config'));
  return Promise.resolve(null);
}

/** One with a profile: the same fields, in one place, over those of the profile. */
async function resolveProfile(
  section: Sieved<UpstreamSection>,
  upstream: Upstream,
): Promise<UpstreamConfig | null> {
  checkProfileForm(section, { path: upstream.path, findings: upstream.resolving.findings });
  const spoken = await resolveSpoken(section, upstream);
  if (spoken === null) return null;
  const { written } = spoken;
  const { token_endpoint_auth_method: method } = section;
  const all = { ...section, ...written, token_endpoint_auth_method: method };
  const config =
    written.type === 'oauth2'
      ? await resolveOAuth2(all, { ...upstream, spoken })
      : await resolveOidc({ ...all, userinfo_override: written.userinfo }, { ...upstream, spoken });
  const { resource } = written;
  const params = { ...config.additionalAuthorizationParams, ...(resource !== undefined && { resource }) };
  return { ...config, additionalAuthorizationParams: params };
}

async function resolveOidc(section: Sieved<OidcFields>, upstream: Upstream): Promise<OidcUpstreamConfig> {
  // OpenID Connect Core §9 makes this the default.
  const common = await resolveCommon(section, { ...upstream, usual: 'client_secret_basic' });
  const { path, spoken } = upstream;
  const { findings } = upstream.resolving;
  const rules = { allowHttp: common.insecureAllowHttp };
  const { issuer_url: issuer = '', subject_claim: subjectClaim = 'sub' } = section;
  checkNamedUrl(section.issuer_url, { path: [...path, 'issuer_url'], findings, rules });
  if (spoken === null) hintAtProfile(issuer, { path: [...path, 'issuer_url'], findings });
  else if (issuer === '') checkGiven(section, ['issuer_url'], upstream);
  if (common.scopes && !common.scopes.includes('openid'))
    findings.refuse([...path, 'scopes'], {
      problem: 'does not contain openid',
      fix: 'add openid; for a provider without OpenID Connect use the type oauth2',
    });
  if (!/^[a-z_]\w*$/i.test(subjectClaim))
    findings.refuse([...path, 'subject_claim'], {
      problem: 'is not the name of a top-level claim',
      fix: 'write letters, digits and underscores, such as oid',
    });
  const registration = await resolveUpstreamRegistration(section.dcr_config, {
    ...registrationContext(section, { upstream, rules }),
    endpointsGiven: true,
  });
  if (section.client_id === undefined && section.dcr_config === undefined)
    findings.refuse([...path, 'client_id'], { problem: 'is missing', fix: 'add client_id' });
  const userinfo = resolveUserinfo(section.userinfo_override, {
    path: [...path, spoken === null ? 'userinfo_override' : 'userinfo'],
    findings,
    rules,
  });
  const settings = spoken?.settings ?? { ...standardSettings, profile: 'generic-oidc' };
  return { ...common, type: 'oidc', issuer, subjectClaim, userinfo, settings, registration };
}

async function resolveOAuth2(
  section: Sieved<OAuth2Fields>,
  upstream: Upstream,
): Promise<OAuth2UpstreamConfig> {
  const common = await resolveCommon(section, { ...upstream, usual: 'client_secret_post' });
  const { path, spoken } = upstream;
  const { findings } = upstream.resolving;
  const rules = { allowHttp: common.insecureAllowHttp };
  const registration = await resolveUpstreamRegistration(section.dcr_config, {
    ...registrationContext(section, { upstream, rules }),
    endpointsGiven: section.authorization_endpoint !== undefined && section.token_endpoint !== undefined,
  });
  if (section.dcr_config === undefined && section.protected_resource === undefined)
    checkGiven(section, ['authorization_endpoint', 'token_endpoint', 'client_id'], upstream);
  const { authorization_endpoint: authorizationEndpoint = '', token_endpoint: tokenEndpoint = '' } = section;
  checkNamedUrl(section.authorization_endpoint, {
    path: [...path, 'authorization_endpoint'],
    findings,
    rules,
  });
  checkNamedUrl(section.token_endpoint, { path: [...path, 'token_endpoint'], findings, rules });
  if (spoken === null) checkTokenPaths(section, { path, findings });
  if (spoken === null)
    hintAtProfile(authorizationEndpoint, { path: [...path, 'authorization_endpoint'], findings });
  const userinfo = resolveUserinfo(section.userinfo, {
    path: [...path, 'userinfo'],
    findings,
    rules,
  });
  if (section.userinfo === undefined && section.identity_from_token === undefined)
    findings.warn([...path, 'userinfo'], 'is not set: everybody gets a made-up identity at every sign-in');
  const settings = spoken?.settings ?? toolhiveSettings(section);
  return {
    ...common,
    type: 'oauth2',
    authorizationEndpoint,
    tokenEndpoint,
    userinfo,
    ...githubApiUrlOf(section, { path, findings, rules }),
    ...protectedResourceOf(section, {
      path,
      findings,
      rules,
      secret: common.clientSecret !== null,
      clientName: clientNameOf(upstream),
    }),
    settings,
    registration,
  };
}

/** GitHub's API as it is written, without a slash at its end. */
function githubApiUrlOf(
  { github_api_url: url }: Sieved<OAuth2Fields>,
  at: { readonly path: Path; readonly findings: Findings; readonly rules: UrlRules },
): Pick<OAuth2UpstreamConfig, 'githubApiUrl'> {
  if (url === undefined) return {};
  checkNamedUrl(url, { ...at, path: [...at.path, 'github_api_url'] });
  return { githubApiUrl: url.replace(/\/+$/, '') };
}

/** What ToolHive's form of a plain OAuth 2.0 upstream can say. A mapped token is a bearer token, whatever the answer calls it. */
function toolhiveSettings(section: Sieved<OAuth2Fields>): UpstreamSettings {
  const tokenMapping = tokenMappingFrom(section.token_response_mapping);
  const identityFromToken = tokenIdentityFrom(section.identity_from_token);
  const tokenType = tokenMapping === null ? 'bearer' : 'any';
  return { ...standardSettings, profile: 'generic-oauth2', tokenMapping, tokenType, identityFromToken };
}

/** Fields of both types. */
async function resolveCommon(
  section: Sieved<ClientOfUpstream>,
  upstream: Upstream & { readonly usual: UpstreamAuthMethod },
): Promise<Omit<UpstreamCommon, 'settings' | 'registration'>> {
  const { resolving, path, name, displayName, when, icon, keepAlive, several, issuer, spoken } = upstream;
  const usual = spoken?.usual ?? upstream.usual;
  const { config, findings, io } = resolving;
  const insecureAllowHttp = (section.insecure_allow_http ?? false) || (config.insecure_allow_http ?? false);
  const resolved = await loadSecret(section, { path, findings, io });
  const at = (field: string): { readonly path: Path; readonly findings: Findings } => ({
    path: [...path, field],
    findings,
  });
  // Each has its own, so that the answer proves who gave it.
  const redirectUri = section.redirect_uri ?? `${issuer ?? ''}/oauth/callback${several ? `/${name}` : ''}`;
  if (section.redirect_uri !== undefined)
    checkRedirect(redirectUri, { ...at('redirect_uri'), issuer, insecureAllowHttp });
  const params = section.additional_authorization_params;
  checkAuthorizationParams(params, at('additional_authorization_params'));
  const scopes = itemsOf(section.scopes).map(({ item }) => item);
  const key = (spoken?.settings.clientKey ?? null) !== null;
  const method = { ...at('token_endpoint_auth_method'), secret: resolved.r, usual, key };
  return {
    name,
    displayName,
    when,
    icon,
    keepAlive,
    clientId: section.client_id ?? '',
    clientSecret: resolved.r === 'ok' ? resolved.secret : null,
    authMethod: checkUpstreamAuthMethod(section.token_endpoint_auth_method, method),
    authMethodGiven: section.token_endpoint_auth_method !== undefined || (spoken?.usual ?? null) !== null,
    redirectUri,
    scopes: scopes.length > 0 ? scopes : null,
    additionalAuthorizationParams: Object.fromEntries(textsOf(params)),
    allowPrivateIps: section.allow_private_ips ?? false,
    insecureAllowHttp,
    namedBy: null,
  };
}

function registrationContext(
  { client_id: clientId }: Pick<ClientOfUpstream, 'client_id'>,
  { upstream, rules }: { readonly upstream: Upstream; readonly rules: UrlRules },
): Omit<RegistrationContext, 'endpointsGiven'> {
  const { resolving, path } = upstream;
  const clientName = clientNameOf(upstream);
  return { resolving, path: [...path, 'dcr_config'], allowHttp: rules.allowHttp, clientId, clientName };
}

function clientNameOf({ issuer }: Upstream): string {
  const host = URL.parse(issuer ?? '')?.host;
  return host === undefined ? 'Sallyport' : `Sallyport at ${host}`;
}

function checkGiven<Field extends string>(
  section: { readonly [Name in Field]?: unknown },
  fields: readonly Field[],
  { path, resolving }: Upstream,
): void {
  for (const field of fields) {
    if (section[field] === undefined)
      resolving.findings.refuse([...path, field], { problem: 'is missing', fix: `add ${field}` });
  }
}

/** A missing one is complained about elsewhere. */
function checkNamedUrl(
  url: string | undefined,
  { path, findings, rules }: { readonly path: Path; readonly findings: Findings; readonly rules: UrlRules },
): void {
  const complaint = url === undefined ? null : checkUrl(url, rules);
  if (complaint) findings.refuse(path, complaint);
}
