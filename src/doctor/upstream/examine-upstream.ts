import type {
  AccessConfig,
  OAuth2UpstreamConfig,
  OidcUpstreamConfig,
  UpstreamConfig,
} from '../../config/config.ts';
import { SallyportError } from '../../types/error.ts';
import { scopesFor } from '../../upstream/oidc.ts';
import { answerTo } from '../ask.ts';
import type { Answer } from '../ask.ts';
import { certificateFinding, clockFinding } from '../checks-connection.ts';
import { fail, finding } from '../finding.ts';
import type { Finding, Problem } from '../finding.ts';
import { askAuthorization } from './ask-authorization.ts';
import { askToken } from './ask-token.ts';
import { discover } from './check-discovery.ts';
import { keysProblem, metadataFindings } from './checks-metadata.ts';
import { plainFinding, settingsFindings } from './checks-settings.ts';
import { refreshFinding, refusedFinding, revocationFinding } from './checks-tokens.ts';
import { examineRegistration } from './examine-registration.ts';
import { closeParty, openParty, reasonIn } from './party.ts';
import type { Located, Party } from './party.ts';

/** What the configuration says beside the upstream. */
export interface Beside {
  readonly access: AccessConfig;
  /** Where its client secret is from, in the words of the file; `null` when there is none. */
  readonly secretFrom: string | null;
}

/**
 * An identity provider, measured by what we want of it: what the configuration says, what the provider says about itself,
 * and what it answers to the first request of a sign-in and to a code that is none.
 */
export async function examineUpstream(upstream: UpstreamConfig, beside: Beside): Promise<readonly Finding[]> {
  const told = await examine(upstream, beside);
  return told.map((one) => about(upstream.name, one));
}

function about(name: string, one: Finding): Finding {
  return { ...one, message: `${name}: ${one.message}`, upstream: name };
}

async function examine(upstream: UpstreamConfig, beside: Beside): Promise<readonly Finding[]> {
  let party: Party;
  try {
    party = openParty(upstream);
  } catch (error) {
    if (!(error instanceof SallyportError)) throw error;
    return [finding('upstream', fail(error.message, 'change what it names'))];
  }
  try {
    const { registration } = upstream;
    return [
      ...settingsFindings(party, beside.access),
      ...(registration === null ? [] : await examineRegistration(party, registration)),
      ...(upstream.type === 'oidc'
        ? await examineOidc({ ...party, config: upstream }, beside)
        : await examineOAuth2({ ...party, config: upstream }, beside)),
    ];
  } finally {
    await closeParty(party);
  }
}

async function examineOidc(party: Party<OidcUpstreamConfig>, beside: Beside): Promise<readonly Finding[]> {
  const { config, http } = party;
  const discovered = await discover(party);
  const { server } = discovered;
  if (server === null) return [discovered.finding, ...(await certificates(party, [config.issuer]))];
  const located = { ...party, server, scopes: config.scopes ?? scopesFor(server) };
  const keys = await answerTo(http.fetch, server.jwks_uri ?? '');
  const asked = await ask(located, beside);
  return [
    discovered.finding,
    finding('jwks', keysProblem(keys) ?? 'its keys can be read'),
    ...metadataFindings(located),
    ...refusedFinding(located),
    refreshFinding(located),
    revocationFinding(located),
    ...asked.findings,
    ...clockFinding('clock', keys),
    ...plainFinding(config, server.token_endpoint ?? ''),
    ...(await certificates(party, [config.issuer])),
  ];
}

/** Plain OAuth 2.0 says nothing about itself: all there is to see is what it answers. */
async function examineOAuth2(
  party: Party<OAuth2UpstreamConfig>,
  beside: Beside,
): Promise<readonly Finding[]> {
  const { config, http } = party;
  const { authorizationEndpoint, tokenEndpoint, userinfo } = config;
  // Where we register by ourselves, the metadata may be who names them.
  if (authorizationEndpoint === '' || tokenEndpoint === '') return [];
  const server = {
    issuer: new URL(authorizationEndpoint).origin,
    authorization_endpoint: authorizationEndpoint,
    token_endpoint: tokenEndpoint,
  };
  const located = { ...party, server, scopes: config.scopes ?? [] };
  const asked = await ask(located, beside);
  const people = userinfo ? await answerTo(http.fetch, userinfo.endpoint) : null;
  return [
    ...asked.findings,
    ...(people ? [finding('endpoint', userinfoProblem(people) ?? 'its userinfo endpoint answers')] : []),
    ...refusedFinding(located),
    refreshFinding(located),
    revocationFinding(located),
    ...(asked.answer ? clockFinding('clock', asked.answer) : []),
    ...plainFinding(config, tokenEndpoint),
    ...(await certificates(party, [authorizationEndpoint, tokenEndpoint])),
  ];
}

interface AskedBoth {
  readonly findings: readonly Finding[];
  readonly answer: Answer | null;
}

/** The two requests of a sign-in, without a person. Nobody knows us where we have not registered yet. */
async function ask(located: Located, { secretFrom }: Beside): Promise<AskedBoth> {
  if (located.config.registration !== null) {
    const said = 'no sign-in was tried: we are known there only after registering';
    return { findings: [finding('authorization-request', said)], answer: null };
  }
  const { answer, finding: first } = await askAuthorization(located);
  return { findings: [first, await askToken(located, secretFrom)], answer };
}

function userinfoProblem({ status, problem }: Answer): Problem | null {
  const fix = 'compare the address with the provider’s manual';
  if (status === 0) return fail(`its userinfo endpoint gives no answer: ${reasonIn(problem)}`, fix);
  return status === 404 || status >= 500 ? fail(`its userinfo endpoint answers with ${status}`, fix) : null;
}

/** One for each host; only hosts that the operator named are dialled like this. */
async function certificates({ config }: Party, urls: readonly string[]): Promise<readonly Finding[]> {
  const hosts = new Map(urls.map((url) => [new URL(url).host, url]));
  const { transport } = config.settings;
  const found = await Promise.all(
    [...hosts.values()].map((url) => certificateFinding('certificate', url, { transport })),
  );
  return found.flat();
}
