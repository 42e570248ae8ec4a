import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RegistrationResponse } from '../../src/clients/registration.ts';
import { createClientRegistry } from '../../src/clients/registry.ts';
import { OAuthError } from '../../src/oauth/errors.ts';
import { checkRedirectUri, portless } from '../../src/oauth/redirect-uri.ts';
import { confidentialOptions } from '../client-registration/registry.ts';
import { bounded, fuzz } from './cases.ts';
import { anyText, damaged, repeats } from './texts.ts';

const options = confidentialOptions();
const registry = createClientRegistry(options);

const uri = fc.constantFrom(
  'http://127.0.0.1:33418/callback',
  'http://localhost/cb',
  'https://app.example.com/cb',
  'cursor://anysphere.cursor-mcp/oauth/callback',
);
const metadata = fc.record(
  {
    redirect_uris: fc.array(uri, { minLength: 1, maxLength: 4 }),
    client_name: fc.oneof(anyText, fc.constant('Claude')),
    token_endpoint_auth_method: fc.constantFrom(
      'none',
      'client_secret_basic',
      'client_secret_post',
      'private_key_jwt',
    ),
    grant_types: fc.constantFrom(['authorization_code'], ['authorization_code', 'refresh_token']),
    response_types: fc.constant(['code']),
    scope: fc.constantFrom('openid', 'openid mcp:read', '', 'mcp:write  offline_access unknown'),
    application_type: fc.constantFrom('native', 'web'),
    client_uri: fc.webUrl(),
    jwks_uri: fc.oneof(fc.webUrl(), fc.constant('https://app.example.com/jwks.json')),
  },
  { requiredKeys: ['redirect_uris'] },
);

/** Keys that are nearly right: every member may be missing, short, of another kind, or somebody else's. */
const member = fc.oneof(
  fc.constantFrom('P-256', 'Ed25519', 'AQAB', 'A'.repeat(43), 'A'.repeat(342), '', 'sig', 'ES256'),
  anyText,
  fc.jsonValue({ maxDepth: 1 }),
);
const keyOf = fc.record(
  {
    kty: fc.oneof(fc.constantFrom('EC', 'RSA', 'OKP', 'oct'), member),
    crv: member,
    x: member,
    y: member,
    n: member,
    e: member,
    d: member,
    kid: member,
    use: fc.constantFrom('sig', 'sig', 'enc', 7),
    alg: member,
  },
  { requiredKeys: ['kty'] },
);
const proving = fc
  .tuple(metadata, fc.array(keyOf, { maxLength: 3 }))
  .map(([body, keys]) =>
    Object.assign({}, body, { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys } }),
  );

const members = [
  'redirect_uris',
  'client_name',
  'scope',
  'grant_types',
  'response_types',
  'jwks',
  'jwks_uri',
  '__proto__',
  'constructor',
];
function withMember(body: object, name: string, value: unknown): object {
  return { ...body, [name]: value };
}

/** One member holds something of another type. */
const misshapen = fc
  .tuple(metadata, fc.constantFrom(...members), fc.jsonValue({ maxDepth: 3 }))
  .map(([body, name, value]) => withMember(body, name, value));

function register(body: unknown): RegistrationResponse | null {
  try {
    return registry.register(body);
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    expect(['invalid_redirect_uri', 'invalid_client_metadata']).toContain(error.error);
    expect(error.status).toBe(400);
    return null;
  }
}

function checkRegistered(answer: RegistrationResponse): void {
  const client = registry.find(answer.client_id);
  const uris = answer['redirect_uris'] as readonly string[];
  expect(client?.redirectUris).toEqual([...new Set(uris.map(portless))]);
  for (const each of client?.redirectUris ?? []) expect(checkRedirectUri(each)).toBeNull();
  // eslint-disable-next-line no-control-regex -- control characters are what must not be there
  expect(client?.name ?? '').not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u);
  expect(client?.authMethod).toBe(answer['token_endpoint_auth_method']);
  expect(client?.keys !== null).toBe(client?.authMethod === 'private_key_jwt');
  expect(JSON.stringify(client?.keys)).not.toMatch(/"(?:d|p|q|k)":/u);
}

describe('the metadata of a client', () => {
  it('give a client that is found again as it was registered', () => {
    fuzz(
      metadata,
      (body) => {
        const answer = register(body);
        if (answer) checkRegistered(answer);
      },
      0.3,
    );
  });

  it('of any shape are taken or refused by the two codes of RFC 7591', () => {
    fuzz(
      fc.oneof(misshapen, misshapen, proving, fc.jsonValue({ maxDepth: 4 })),
      (body) => {
        const answer = register(body);
        if (answer) checkRegistered(answer);
      },
      0.4,
    );
  });

  // Who names no scope may have all, and is told all of them: from then on nothing changes any more.
  it('of public clients, sent back as they were answered, settle on one id', () => {
    const open = metadata.map((body) => withMember(body, 'token_endpoint_auth_method', 'none'));
    fuzz(
      open,
      (body) => {
        const first = register(body);
        const second = first && register(first);
        if (second) expect(register(second)?.client_id).toBe(second.client_id);
        expect(second === null).toBe(first === null);
      },
      0.2,
    );
  });

  it('with damaged redirect URIs never give a client that has a refused one', () => {
    fuzz(
      damaged(uri),
      (each) => {
        const answer = register({ redirect_uris: [each] });
        expect(answer === null).toBe(checkRedirectUri(each) !== null);
      },
      0.1,
    );
  });

  it('are read in a time that grows with their length', () => {
    for (const text of repeats(['', 'https://a/'], ['\u202e', 'a '], 65_536)) {
      bounded(() => register({ redirect_uris: [text], client_name: text, scope: text }));
      bounded(() => register({ redirect_uris: ['http://localhost/'], client_name: text.slice(0, 256) }));
      bounded(() => register({ redirect_uris: ['http://localhost/'], scope: text.slice(0, 4096) }));
    }
  });
});
