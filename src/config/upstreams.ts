import type {
  ClientAuthMethod,
  OAuth2UpstreamConfig,
  OidcUpstreamConfig,
  UpstreamCommon,
  UpstreamConfig,
} from './config.ts';
import type { Findings, Path } from './problems.ts';
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
import { checkAuthorizationParams, checkAuthMethod, checkRedirect } from './upstream-rules.ts';
import { checkNames, checkTypes } from './upstream-names.ts';
import { standardSettings } from './upstream-settings.ts';
import { checkUrl } from './urls.ts';
import type { UrlRules } from './urls.ts';
import { resolveUserinfo } from './userinfo.ts';

type ClientOfUpstream = UpstreamClientSection & {
  client_id?: string | undefined;
  scopes?: string[] | undefined;
};

/** One upstream on its way. */
interface Upstream {
  readonly resolving: Resolving;
  readonly path: Path;
  readonly name: string;
  readonly displayName: string;
  readonly issuer: string | null;
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
      checkTypes(item, ['upstreams', index], resolving.findings);
      const name = names.get(index) ?? 'default';
      const displayName = item.display_name ?? name;
      return resolveUpstream(item, { resolving, path: ['upstreams', index], name, displayName, issuer });
    }),
  );
  return found.filter((upstream) => upstream !== null);
}

function resolveUpstream(
  section: Sieved<UpstreamSection>,
  upstream: Upstream,
): Promise<UpstreamConfig | null> {
  const below = (field: string): Upstream => ({ ...upstream, path: [...upstream.path, field] });
  if (section.type === 'oidc' && section.oidc_config)
    return resolveOidc(section.oidc_config, below('oidc_config'));
  if (section.type === 'oauth2' && section.oauth2_config)
    return resolveOAuth2(section.oauth2_config, below('oauth2_config'));
  return Promise.resolve(null);
}

async function resolveOidc(section: Sieved<OidcSection>, upstream: Upstream): Promise<OidcUpstreamConfig> {
  // OpenID Connect Core §9 makes this the default.
  const common = await resolveCommon(section, { ...upstream, usual: 'client_secret_basic' });
  const { path } = upstream;
  const { findings } = upstream.resolving;
  const rules = { allowHttp: common.insecureAllowHttp };
  const { issuer_url: issuer = '', subject_claim: subjectClaim = 'sub' } = section;
  checkNamedUrl(section.issuer_url, { path: [...path, 'issuer_url'], findings, rules });
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
    path: [...path, 'userinfo_override'],
    findings,
    rules,
  });
  const settings = { ...standardSettings, profile: 'generic-oidc' };
  return { ...common, type: 'oidc', issuer, subjectClaim, userinfo, settings, registration };
}

async function resolveOAuth2(
  section: Sieved<OAuth2Section>,
  upstream: Upstream,
): Promise<OAuth2UpstreamConfig> {
  const common = await resolveCommon(section, { ...upstream, usual: 'client_secret_post' });
  const { path } = upstream;
  const { findings } = upstream.resolving;
  const rules = { allowHttp: common.insecureAllowHttp };
  const registration = await resolveUpstreamRegistration(section.dcr_config, {
    ...registrationContext(section, { upstream, rules }),
    endpointsGiven: section.authorization_endpoint !== undefined && section.token_endpoint !== undefined,
  });
  const required = ['authorization_endpoint', 'token_endpoint', 'client_id'] as const;
  for (const field of section.dcr_config ? [] : required) {
    if (section[field] === undefined)
      findings.refuse([...path, field], { problem: 'is missing', fix: `add ${field}` });
  }
  const { authorization_endpoint: authorizationEndpoint = '', token_endpoint: tokenEndpoint = '' } = section;
  checkNamedUrl(section.authorization_endpoint, {
    path: [...path, 'authorization_endpoint'],
    findings,
    rules,
  });
  checkNamedUrl(section.token_endpoint, { path: [...path, 'token_endpoint'], findings, rules });
  const userinfo = resolveUserinfo(section.userinfo, {
    path: [...path, 'userinfo'],
    findings,
    rules,
  });
  if (section.userinfo === undefined && section.identity_from_token === undefined)
    findings.warn([...path, 'userinfo'], 'is not set: everybody gets a made-up identity at every sign-in');
  const settings = { ...standardSettings, profile: 'generic-oauth2' };
  return {
    ...common,
    type: 'oauth2',
    authorizationEndpoint,
    tokenEndpoint,
    userinfo,
    ...githubApiUrlOf(section, { path, findings, rules }),
    settings,
    registration,
  };
}

/** GitHub's API as it is written, without a slash at its end. */
function githubApiUrlOf(
  { github_api_url: url }: Sieved<OAuth2Section>,
  at: { readonly path: Path; readonly findings: Findings; readonly rules: UrlRules },
): Pick<OAuth2UpstreamConfig, 'githubApiUrl'> {
  if (url === undefined) return {};
  checkNamedUrl(url, { ...at, path: [...at.path, 'github_api_url'] });
  return { githubApiUrl: url.replace(/\/+$/, '') };
}

/** Fields of both types. */
async function resolveCommon(
  section: Sieved<ClientOfUpstream>,
  upstream: Upstream & { readonly usual: ClientAuthMethod },
): Promise<Omit<UpstreamCommon, 'settings' | 'registration'>> {
  const { resolving, path, name, displayName, issuer, usual } = upstream;
  const { config, findings, io } = resolving;
  const insecureAllowHttp = (section.insecure_allow_http ?? false) || (config.insecure_allow_http ?? false);
  const resolved = await loadSecret(section, { path, findings, io });
  const at = (field: string): { readonly path: Path; readonly findings: Findings } => ({
    path: [...path, field],
    findings,
  });
  const redirectUri = section.redirect_uri ?? `${issuer ?? ''}/oauth/callback`;
  if (section.redirect_uri !== undefined)
    checkRedirect(redirectUri, { ...at('redirect_uri'), issuer, insecureAllowHttp });
  const params = section.additional_authorization_params;
  checkAuthorizationParams(params, at('additional_authorization_params'));
  const scopes = itemsOf(section.scopes).map(({ item }) => item);
  const method = { ...at('token_endpoint_auth_method'), secret: resolved.r, usual };
  return {
    name,
    displayName,
    clientId: section.client_id ?? '',
    clientSecret: resolved.r === 'ok' ? resolved.secret : null,
    authMethod: checkAuthMethod(section.token_endpoint_auth_method, method),
    authMethodGiven: section.token_endpoint_auth_method !== undefined,
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
  const { resolving, path, issuer } = upstream;
  const host = URL.parse(issuer ?? '')?.host;
  const clientName = host === undefined ? 'Sallyport' : `Sallyport at ${host}`;
  return { resolving, path: [...path, 'dcr_config'], allowHttp: rules.allowHttp, clientId, clientName };
}

/** A missing one is complained about elsewhere. */
function checkNamedUrl(
  url: string | undefined,
  { path, findings, rules }: { readonly path: Path; readonly findings: Findings; readonly rules: UrlRules },
): void {
  const complaint = url === undefined ? null : checkUrl(url, rules);
  if (complaint) findings.refuse(path, complaint);
}
