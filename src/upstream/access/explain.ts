import type { IDToken } from 'oauth4webapi';
import type { Config, UpstreamConfig } from '../../config/config.ts';
import { identifyingUpstreams } from '../../config/sign-in.ts';
import { SallyportError } from '../../types/error.ts';
import type { Identity } from '../../types/tokens.ts';
import { identityFromFields } from '../oauth2-identity.ts';
import { identityFromIdToken } from '../oidc-identity.ts';
import { UpstreamError } from '../provider.ts';
import { identityFromToken } from '../token-identity.ts';
import type { AccessDecision } from './decision.ts';
import { createAccessPolicy } from './policy.ts';

/** Somebody, as an upstream would tell of them, and what they ask for. */
export interface AccessCase {
  /** Claims of an ID token and of userinfo. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** Name of an upstream; the only one by default. */
  readonly upstream?: string | undefined;
  /** A `client_id`; nobody's by default. */
  readonly client?: string | undefined;
  /** Default: what clients get that do not say. */
  readonly resource?: string | undefined;
}

/** What would be decided, and how the claims were read. */
export interface AccessExplanation {
  readonly decision: AccessDecision;
  readonly identity: Identity;
  readonly client: string;
  readonly resource: string;
}

/** What `explainAccess` needs to know of a configuration. */
export type AccessSetting = Pick<
  Config,
  'access' | 'upstreams' | 'signIn' | 'clients' | 'resources' | 'defaultResource'
>;

/**
 * Explains what the access rules say about somebody: every rule, every key. Asks nobody and changes nothing; GitHub
 * memberships are those that the claim `sallyport:github` tells.
 * @throws {SallyportError} `config_invalid` when there is no such upstream, or when the claims make no identity there
 */
export async function explainAccess(config: AccessSetting, asked: AccessCase): Promise<AccessExplanation> {
  const identity = readIdentity(upstreamOf(config, asked), asked.claims);
  const client = asked.client ?? '';
  const known = config.clients.find(({ clientId }) => clientId === client);
  const resource = asked.resource ?? config.defaultResource ?? config.resources[0] ?? '';
  const policy = await createAccessPolicy(config);
  const decision = policy.explain({
    identity,
    client: { id: client, name: known?.clientName ?? null },
    resource,
  });
  return { decision, identity, client, resource };
}

function upstreamOf(config: AccessSetting, { upstream }: AccessCase): UpstreamConfig {
  const upstreams = identifyingUpstreams(config);
  const [only, ...others] = upstreams;
  const found =
    upstream === undefined && others.length === 0 ? only : upstreams.find(({ name }) => name === upstream);
  if (found) return found;
  const names = upstreams.map(({ name }) => name).join(', ');
  const problem =
    upstream === undefined ? 'there are several upstreams' : 'nobody signs in at such an upstream';
  throw new SallyportError('config_invalid', `${problem}: name one of ${names}`);
}

/** The same reading as at a sign-in, of claims that are taken for verified. */
function readIdentity(upstream: UpstreamConfig, claims: Readonly<Record<string, unknown>>): Identity {
  try {
    // Claims that a token would have to have are not needed here, and the ones that make the subject are checked.
    if (upstream.type === 'oidc') return identityFromIdToken(claims as IDToken, upstream, null);
    const { identityFromToken: paths, emailVerifiedUntold: emailVerified } = upstream.settings;
    if (paths) return identityFromToken(claims, { upstream: upstream.name, paths, emailVerified });
    if (upstream.userinfo) return identityFromFields(claims, upstream.userinfo, upstream);
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    throw new SallyportError('config_invalid', `these claims are nobody’s: ${error.message}`, {
      cause: error,
    });
  }
  throw new SallyportError('config_invalid', `the upstream ${upstream.name} tells no identity`);
}
