import { z } from 'zod';
import { duration, flag, oneOf, section, texts, wholeNumber } from './schema-fields.ts';
import type { DurationText } from './schema-fields.ts';
import { softwareStatementsSchema } from './schema-software-statements.ts';
import type { StatementIssuerSection } from './schema-software-statements.ts';

/** Who may register, and what keeps registering within bounds. */
export interface RegistrationSection {
  policy?:
    | 'open'
    | 'known_clients'
    | 'allow_list'
    | 'software_statement'
    | 'initial_access_token'
    | 'off'
    | undefined;
  software_statements?: StatementIssuerSection[] | undefined;
  allow_hosts?: string[] | undefined;
  allow_loopback?: boolean | undefined;
  allow_schemes?: string[] | undefined;
  allow_redirect_uris?: string[] | undefined;
  allow_software_ids?: string[] | undefined;
  initial_access_token_files?: string[] | undefined;
  initial_access_token_env_vars?: string[] | undefined;
  id_key?: number | undefined;
  revoked_id_keys?: number[] | undefined;
  max_per_minute?: number | undefined;
  mode?: 'stateless' | 'stored' | undefined;
  stored_for?: DurationText | undefined;
  max_stored?: number | undefined;
}

export const registrationSchema: z.ZodType<RegistrationSection> = section<RegistrationSection>({
  policy: oneOf(
    ['open', 'known_clients', 'allow_list', 'software_statement', 'initial_access_token', 'off'],
    'Who may register, and go on using a registration: anybody (people are asked before anything is given away), apps at addresses ' +
      'of well-known clients, apps at addresses that are listed here, apps whose software statement names their addresses, who ' +
      'has an initial access token, or nobody. Default: open.',
  ),
  software_statements: softwareStatementsSchema,
  allow_hosts: texts(
    'With known_clients and allow_list: hosts of https redirect URIs; *.example.com means every host below example.com, and not ' +
      'example.com itself.',
    ['app.example.com'],
  ),
  allow_loopback: flag('').meta({
    description:
      'With known_clients and allow_list: redirect URIs on loopback addresses are fine, since no code leaves its computer by them.',
    default: true,
  }),
  allow_schemes: texts('With known_clients and allow_list: private schemes of redirect URIs.', [
    'com.example.app',
  ]),
  allow_redirect_uris: texts(
    'With known_clients and allow_list: single redirect URIs, exactly as registered.',
    ['https://app.example.com/callback'],
  ),
  allow_software_ids: texts(
    'With known_clients and allow_list: only clients that name one of these as their software_id. Anybody can name one, so that ' +
      'this narrows the lists above and never widens them.',
    ['4NRB1-0XZABZI9E6-5SM3R'],
  ),
  initial_access_token_files: texts(
    'Files with initial access tokens (RFC 7591 §3). Who sends one may register whatever the policy says of redirect URIs. Not with ' +
      'open and off.',
    ['/run/secrets/registration-token'],
  ),
  initial_access_token_env_vars: texts('Variables with initial access tokens.', ['REGISTRATION_TOKEN']),
  id_key: wholeNumber(
    { min: 1, max: 1000 },
    {
      description:
        'Number of the key that makes ids and secrets of clients that register. One that was not used before is made at once. Those ' +
        'of lower numbers go on verifying.',
      default: 1,
    },
  ),
  revoked_id_keys: z
    .array(z.int().min(1).max(1000))
    .meta({
      description: 'Numbers below id_key whose ids are nobody’s any more, because the key may have leaked.',
      examples: [[1]],
    })
    .optional(),
  max_per_minute: wholeNumber(
    { min: 1, max: 1_000_000 },
    {
      description:
        'Registrations a minute of everybody together, after which only those of addresses that registered little are taken.',
      default: 6000,
    },
  ),
  mode: oneOf(
    ['stateless', 'stored'],
    'Where registrations are: in their ids, signed, so that nothing is stored and nobody can forget them; or in the store, where ' +
      'clients may read, change and remove their own (RFC 7592), and what nobody uses goes. Ids of the other kind stay good. ' +
      'Default: stateless.',
  ),
  stored_for: duration(
    'With stored: how long a registration counts after its client was given tokens, at least 24h and a day more than refresh tokens do. One that was never used counts ' +
      'for an hour. Default: 2160h.',
    '2160h',
  ),
  max_stored: wholeNumber(
    { min: 100, max: 1_000_000 },
    {
      description:
        'With stored: so many registrations are kept, 100 at least. Of those that were never used the oldest makes room; one source holds a tenth ' +
        'of the room with them at most.',
      default: 10_000,
    },
  ),
});
