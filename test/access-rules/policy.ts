import type { AccessRule, UpstreamConfig } from '../../src/config/config.ts';
import type { Identity } from '../../src/types/tokens.ts';
import type { AccessDecision } from '../../src/upstream/access/decision.ts';
import { tellRefusals } from '../../src/upstream/access/decision.ts';
import { createAccessPolicy } from '../../src/upstream/access/policy.ts';
import { oauth2Config, oidcConfig } from '../fixtures/upstream.ts';

/** One upstream of each kind that rules know. */
export const upstreams: readonly UpstreamConfig[] = [
  oidcConfig('https://corp.okta.com', { name: 'okta' }),
  oidcConfig('https://accounts.google.com', { name: 'google' }),
  oidcConfig('https://login.microsoftonline.com/common/v2.0', { name: 'entra' }),
  oauth2Config('https://github.com/login/oauth', { name: 'github' }),
];

/** Somebody at one of them. */
export function person(upstream: string, claims: Identity['claims'], more: Partial<Identity> = {}): Identity {
  return {
    upstream,
    subject: '00u1',
    name: 'Alice',
    email: 'Alice@Example.com',
    emailVerified: true,
    synthetic: false,
    claims,
    ...more,
  };
}

async function decide(rules: readonly AccessRule[], identity: Identity): Promise<AccessDecision> {
  const policy = await createAccessPolicy({ access: rules, upstreams });
  return policy.decide({
    identity,
    client: { id: 'https://app.example/client', name: 'App' },
    resource: 'https://mcp.example.com/mcp',
  });
}

export async function admits(rule: AccessRule, identity: Identity): Promise<boolean> {
  return (await decide([rule], identity)).allowed;
}

/** Why a rule did not hold. */
export async function whyNot(rule: AccessRule, identity: Identity): Promise<string> {
  return tellRefusals((await decide([rule], identity)).rules).join();
}
