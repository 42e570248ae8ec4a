import { X509Certificate } from 'node:crypto';
import type { AccessConfig, AccessRule, UpstreamConfig } from '../../config/config.ts';
import { isLoopbackUrl } from '../../config/urls.ts';
import { fail, finding, warn } from '../finding.ts';
import type { Finding } from '../finding.ts';
import { isGeneric, placeOf } from './party.ts';
import type { Party } from './party.ts';

/** What can be told of an upstream without asking it. */
export function settingsFindings(party: Party, access: AccessConfig): readonly Finding[] {
  return [
    redirectFinding(party),
    ...profileFinding(party),
    ...subjectFinding(party),
    ...tenantsFinding(party.config, access),
    ...ownCertificates(party.config),
  ];
}

function redirectFinding({ config, known }: Party): Finding {
  const { redirectUri, registration } = config;
  const where = known ? ` (${known.setUp.at})` : '';
  return finding(
    'redirect-uri',
    registration === null
      ? `${redirectUri} is what to register at the provider${where}`
      : `${redirectUri} is what we register there by ourselves`,
  );
}

/** A provider that we know, spoken to as if we did not. */
function profileFinding({ config, known }: Party): readonly Finding[] {
  if (!known || !isGeneric(config.settings.profile)) return [];
  const { name, title } = known;
  return [
    finding(
      'profile',
      warn(
        `it is ${title}, and its profile is not used`,
        `write profile: ${name}; docs/providers/${name}.md says what it needs`,
      ),
    ),
  ];
}

/** Who somebody is must not change, and must be told. */
function subjectFinding({ config, known }: Party): readonly Finding[] {
  if (config.type === 'oauth2') {
    if (config.userinfo !== null || config.settings.identityFromToken !== null) return [];
    const told = warn(
      'nothing tells who signed in: every sign-in makes a user of its own',
      'write userinfo with its endpoint, or identity_from_token',
    );
    return [finding('subject', told)];
  }
  const changing = known?.changingSubject;
  const here = changing !== undefined && new URL(config.issuer).pathname.startsWith(changing.issuerPath);
  const claims = config.settings.subjectClaims ?? [config.subjectClaim];
  if (!here || !claims.includes(changing.claim)) return [];
  return [finding('subject', warn(changing.about, changing.fix))];
}

/** At a provider for everybody's tenants, a group or a role may be of any of them. */
function tenantsFinding(config: UpstreamConfig, access: AccessConfig): readonly Finding[] {
  const { issuerRule } = config.settings;
  if (issuerRule.kind !== 'tenant' || config.when === 'later') return [];
  if (issuerRule.tenants !== null)
    return [finding('tenants', `people of ${issuerRule.tenants.length} tenants can sign in`)];
  const rules = typeof access === 'string' ? [] : access.filter((rule) => isAbout(rule, config.name));
  const open = rules.filter((rule) => rule.entraTenants === undefined && rule.subjects === undefined);
  if (access === 'anyone' || (rules.length > 0 && open.length === 0))
    return [finding('tenants', 'people of every tenant can sign in there, and the access section knows')];
  return [
    finding(
      'tenants',
      warn(
        'people of every tenant can sign in there, and groups, roles and claims are what their own admins make them',
        'write tenants with the ids that you mean, or entra_tenants in every rule of access',
      ),
    ),
  ];
}

function isAbout({ upstream }: AccessRule, name: string): boolean {
  return upstream === undefined || upstream === name;
}

/** Days before its end when somebody should have renewed a certificate of ours. */
const renewal = 21;

function ownCertificates({ settings: { transport, clientKey } }: UpstreamConfig): readonly Finding[] {
  const own = [
    ['client_certificate_file', transport.clientCertificate?.cert ?? null],
    ['client_key_certificate_file', clientKey?.certificate ?? null],
  ] as const;
  return own.flatMap(([field, pem]) => (pem === null ? [] : [ownCertificate(field, pem)]));
}

function ownCertificate(field: string, pem: string): Finding {
  const days = Math.floor((Date.parse(new X509Certificate(pem).validTo) - Date.now()) / 86_400_000);
  const said = `the certificate in ${field} ${days < 0 ? 'has ended' : `ends in ${days} days`}`;
  const fix = 'make a new one, register it at the provider, and replace the file';
  if (days < 0) return finding('client-certificate', fail(said, fix));
  return finding('client-certificate', days < renewal ? warn(said, fix) : said);
}

/** Secrets that everybody on the way can read. */
export function plainFinding(config: UpstreamConfig, tokenEndpoint: string): readonly Finding[] {
  const places = [placeOf(config), tokenEndpoint];
  if (!places.some((url) => url.startsWith('http:') && !isLoopbackUrl(url))) return [];
  const told = warn(
    'it is spoken to over plain http: whoever is on the way reads secrets and tokens',
    'write https addresses, and take insecure_allow_http away',
  );
  return [finding('plain-http', told)];
}
