import { methodOf } from './fixture.ts';
import type { Ready } from './hostile-scene.ts';
import { configuredSecret } from './scene.ts';

/** Something that is wrong with a request for tokens. */
export interface TokenFault {
  readonly of: (form: Record<string, string>, headers: Record<string, string>) => void;
  readonly answers: RegExp;
  /** What is written behind the form. */
  readonly suffix?: string;
  /** Clients for which it is one. */
  readonly for?: (one: Ready) => boolean;
}

const isPublic = ({ player }: Ready): boolean => methodOf(player.played.fixture) === 'none';
/** It sends its secret in the header. */
export const isBasic = ({ player }: Ready): boolean =>
  methodOf(player.played.fixture) === 'client_secret_basic';
const takesEither = ({ player }: Ready): boolean => player.played.row.deviations.includes('secret_with_none');

/** What may be wrong with a request at the token endpoint, whatever its grant. */
export const tokenFaults: Readonly<Record<string, TokenFault>> = {
  'a foreign resource': {
    of: (form) => (form['resource'] = 'https://evil.example/mcp'),
    answers: /^400 invalid_target$/u,
  },
  'a secret of a client that has none': {
    for: isPublic,
    of: (form) => (form['client_secret'] = configuredSecret),
    answers: /^401 invalid_client$/u,
  },
  'a header of a client that has no secret': {
    for: isPublic,
    of: (_form, headers) => (headers['authorization'] = 'Basic {lie}'),
    answers: /^401 invalid_client$/u,
  },
  'no secret': {
    for: (one) => !isPublic(one),
    of: (form, headers) => {
      delete form['client_secret'];
      delete headers['authorization'];
      form['client_id'] = '{client_id}';
    },
    answers: /^401 invalid_client$/u,
  },
  'another secret': {
    for: (one) => !isPublic(one) && !isBasic(one),
    of: (form) => (form['client_secret'] = 'a secret that nobody was ever given in this test'),
    answers: /^401 invalid_client$/u,
  },
  'the secret in the other place': {
    for: (one) => !isPublic(one) && !takesEither(one),
    of: (form, headers) => {
      if (headers['authorization'] === undefined) {
        delete form['client_secret'];
        headers['authorization'] = 'Basic {basic}';
      } else {
        delete headers['authorization'];
        form['client_id'] = '{client_id}';
        form['client_secret'] = '{client_secret}';
      }
    },
    answers: /^401 invalid_client$/u,
  },
  'the secret in both places': {
    for: (one) => !isPublic(one),
    of: (form, headers) => {
      headers['authorization'] = 'Basic {basic}';
      form['client_id'] = '{client_id}';
      form['client_secret'] = '{client_secret}';
    },
    answers: /^400 invalid_request$/u,
  },
  'an assertion that proves nothing': {
    of: (form) => {
      form['client_assertion_type'] = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
      form['client_assertion'] = 'e30.e30.e30';
    },
    answers: /^40[01] invalid_(?:client|request)$/u,
  },
  'an unknown grant': {
    of: (form) => (form['grant_type'] = 'urn:evil'),
    answers: /^400 unsupported_grant_type$/u,
  },
  'the other grant': {
    of: (form) =>
      (form['grant_type'] = form['grant_type'] === 'refresh_token' ? 'authorization_code' : 'refresh_token'),
    answers: /^400 invalid_(?:request|grant)$/u,
  },
  'no grant': {
    of: (form) => delete form['grant_type'],
    answers: /^400 (?:invalid_request|unsupported_grant_type)$/u,
  },
  'a parameter twice': {
    of: () => {},
    suffix: '&resource=https%3A%2F%2Fevil.example',
    answers: /^400 invalid_/u,
  },
  'a grant twice': { of: () => {}, suffix: '&grant_type=refresh_token', answers: /^400 invalid_request$/u },
  'a body that is too large': { of: (form) => (form['padding'] = 'x'.repeat(70_000)), answers: /^413 /u },
};

/** What may be wrong with one that brings a code. */
export const codeFaults: Readonly<Record<string, TokenFault>> = {
  'another verifier': {
    of: (form) => (form['code_verifier'] = 'v'.repeat(43)),
    answers: /^400 invalid_grant$/u,
  },
  'no verifier': { of: (form) => delete form['code_verifier'], answers: /^400 invalid_(?:grant|request)$/u },
  'another address': {
    of: (form) => (form['redirect_uri'] = 'https://evil.example/cb'),
    answers: /^400 invalid_grant$/u,
  },
  'no code': { of: (form) => delete form['code'], answers: /^400 invalid_(?:grant|request)$/u },
};
