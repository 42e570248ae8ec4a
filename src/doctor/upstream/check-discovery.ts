import type { AuthorizationServer } from 'oauth4webapi';
import type { OidcUpstreamConfig } from '../../config/config.ts';
import { loadMetadata } from '../../upstream/metadata.ts';
import { answerTo } from '../ask.ts';
import { fail, finding } from '../finding.ts';
import type { Finding, Problem } from '../finding.ts';
import type { Party } from './party.ts';

/** What comes of a look at the metadata. */
export interface Discovered {
  /** `null`: nobody can sign in. */
  readonly server: AuthorizationServer | null;
  readonly finding: Finding;
}

/** Reads the metadata as a login does, and says what is wrong with them. */
export async function discover(party: Party<OidcUpstreamConfig>): Promise<Discovered> {
  const { config, http } = party;
  try {
    const server = await loadMetadata(config, http);
    return {
      server,
      finding: finding('discovery', `the metadata of ${config.issuer} are as they should be`),
    };
  } catch (error) {
    const printed = await printedIssuer(party);
    const other = printed !== null && printed !== config.issuer;
    const told = other ? otherIssuer(party, printed) : unreadable(error);
    return { server: null, finding: finding('discovery', told) };
  }
}

function unreadable(error: unknown): Problem {
  const why = error instanceof Error ? error.message : 'unknown failure';
  return fail(
    why,
    'compare issuer_url with what the provider prints, and look whether it can be reached from here',
  );
}

/** OpenID Connect Discovery §4.3: letter by letter, or as the profile's rule about issuers has it. */
function otherIssuer({ config, known }: Party<OidcUpstreamConfig>, printed: string): Problem {
  const { issuer, settings } = config;
  const slash = printed === `${issuer}/` || `${printed}/` === issuer;
  const said = `issuer_url is ${issuer}, and the provider prints ${printed}${slash ? '; only the slash at the end differs' : ''}`;
  if (known && known.name !== settings.profile)
    return fail(said, `write profile: ${known.name}, which knows how ${known.title} writes its issuers`);
  if (printed.includes('{tenantid}'))
    return fail(
      said,
      'for people of several tenants write issuer_template with that text, else the id of your tenant',
    );
  if (slash) return fail(said, `write issuer_url: ${printed}`);
  if (settings.issuerRule.kind === 'tenant')
    return fail(said, 'compare issuer_template and tenants with it: they do not admit it');
  return fail(said, `if that is your provider, write issuer_url: ${printed}; if not, compare the address`);
}

/** The issuer in the document that is there, when it looks like one: nothing else of a stranger's text is shown. */
async function printedIssuer({ config, http }: Party<OidcUpstreamConfig>): Promise<string | null> {
  const url = new URL(config.issuer);
  const path = url.pathname.replace(/\/$/u, '');
  const places = [
    `${url.origin}${path}/.well-known/openid-configuration`,
    `${url.origin}/.well-known/oauth-authorization-server${path}`,
  ];
  for (const place of places) {
    const { document, status } = await answerTo(http.fetch, place);
    const issuer = status === 200 ? document?.['issuer'] : null;
    if (typeof issuer === 'string' && /^https?:\/\/[\w.~:/%{}[\]-]{1,200}$/u.test(issuer)) return issuer;
  }
  return null;
}
