/** ToolHive's sections about token exchange: read, and refused when used (`unserved.ts`). */
import { z } from 'zod';
import type { DurationText } from './schema-fields.ts';
import { duration, flag, optional, requiredText, section, text, texts } from './schema-fields.ts';

/** Which resources a subject of another issuer may ask for. */
export interface SubjectBindingSection {
  subject: string;
  allowed_resources?: string[] | undefined;
}

/** The JWT-bearer grant (RFC 7523) for a trusted issuer. */
export interface JwtBearerSection {
  max_assertion_age?: DurationText | undefined;
  subject_bindings?: SubjectBindingSection[] | undefined;
  accepted_audiences?: string[] | undefined;
}

/** Another issuer whose tokens may be exchanged (RFC 8693). */
export interface TrustedIssuerSection {
  issuer_url: string;
  expected_audience?: string | undefined;
  jwks_url?: string | undefined;
  allow_private_ips?: boolean | undefined;
  insecure_allow_http?: boolean | undefined;
  actor_claim?: string | undefined;
  allowed_actors?: string[] | undefined;
  actor_matcher?: string | undefined;
  allowed_delegate_clients?: string[] | undefined;
  allow_may_act?: boolean | undefined;
  jwt_bearer_grant?: JwtBearerSection | undefined;
}

const subjectBindingSchema: z.ZodType<SubjectBindingSection> = section<SubjectBindingSection>({
  subject: requiredText('The subject.', 'system:serviceaccount:agents:runner'),
  allowed_resources: texts('What it may ask for.', ['https://mcp.example.com/mcp']),
});

export const trustedIssuerSchema: z.ZodType<TrustedIssuerSection> = section<TrustedIssuerSection>({
  issuer_url: requiredText('The issuer.', 'https://idp.example.com'),
  expected_audience: text('Audience of its tokens.', 'https://mcp.example.com'),
  jwks_url: text('Its keys.', 'https://idp.example.com/jwks'),
  allow_private_ips: flag('Its keys may be on a private address.'),
  insecure_allow_http: flag('It may be reached over http.'),
  actor_claim: text('Claim that names the acting client.', 'azp'),
  allowed_actors: texts('Acting clients that are accepted.', ['agent']),
  actor_matcher: text('CEL expression about the acting client.', 'actor == "agent"'),
  allowed_delegate_clients: texts('Our clients that may exchange its tokens.', ['agent']),
  allow_may_act: flag('Honour the claim may_act (RFC 8693 §4.4).'),
  jwt_bearer_grant: optional(
    section<JwtBearerSection>({
      max_assertion_age: duration('How old an assertion may be.', '5m'),
      subject_bindings: z
        .array(subjectBindingSchema)
        .meta({ description: 'Who may ask for what.' })
        .optional(),
      accepted_audiences: texts('Audiences of assertions.', ['https://mcp.example.com/oauth/token']),
    }),
    'The JWT-bearer grant (RFC 7523).',
  ),
});

/** A client that may exchange tokens on behalf of people. */
export interface DelegateClientSection {
  client_id: string;
  client_secret_file?: string | undefined;
  client_secret_env_var?: string | undefined;
  scopes?: string[] | undefined;
  audiences?: string[] | undefined;
}

export const delegateClientSchema: z.ZodType<DelegateClientSection> = section<DelegateClientSection>({
  client_id: requiredText('Its id.', 'agent'),
  client_secret_file: text('File with its secret.', '/run/secrets/agent'),
  client_secret_env_var: text('Variable with its secret.', 'AGENT_SECRET'),
  scopes: texts('Scopes that it may ask for.', ['openid']),
  audiences: texts('Resources that it may ask for.', ['https://mcp.example.com/mcp']),
});
