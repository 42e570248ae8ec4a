import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Authenticators } from '../../src/clients/authenticate.ts';
import { authenticateClient } from '../../src/clients/authenticate.ts';
import type { Client } from '../../src/clients/client.ts';
import { createClients } from '../../src/clients/clients.ts';
import type { ClientRegistry } from '../../src/clients/registry.ts';
import { createClientRegistry } from '../../src/clients/registry.ts';
import type { ClientAuthMethod, StaticClientConfig } from '../../src/config/config.ts';
import { OAuthError, errorBody } from '../../src/oauth/errors.ts';
import { parseParameters } from '../../src/oauth/parameters.ts';
import { Secret } from '../../src/types/secret.ts';
import { confidentialOptions, openRegistration, webCallback } from '../client-registration/registry.ts';
import { refusalOf } from '../parameters/refusal.ts';

const perplexity = 'https://www.perplexity.ai/rest/connections/oauth_callback';

const fixed = (
  clientId: string,
  authMethod: ClientAuthMethod,
  secret: string | null,
): StaticClientConfig => ({
  clientId,
  clientName: null,
  secret: secret === null ? null : new Secret(secret),
  authMethod,
  redirectUris: [webCallback],
  grantTypes: ['authorization_code'],
  scopes: null,
  introspects: [],
  consent: 'ask',
  keys: null,
  allowPrivateIps: false,
  resources: null,
  refreshTokenLifespan: null,
  sessionLifespan: null,
  refreshGrace: null,
});

/** Characters that form encoding changes, and the colon that Basic splits at. */
const odd = 'p:a%ss+w ö&=rd';

const registry = createClientRegistry(
  confidentialOptions({
    static: [
      fixed('cli', 'none', null),
      fixed('basic', 'client_secret_basic', odd),
      fixed('post', 'client_secret_post', odd),
      fixed('my:app', 'client_secret_basic', odd),
    ],
    registration: {
      ...openRegistration,
      allowConfidential: true,
      forceConfidentialRedirectUris: [perplexity],
    },
  }),
);

/** Assertions have tests of their own: here none is good. */
const authenticators = (own: ClientRegistry): Authenticators => ({
  find: (id) => createClients({ registry: own }).find(id),
  checkAssertion: async () => false,
});
const clients = authenticators(registry);

const form = (parts: Record<string, string>): string => new URLSearchParams(parts).toString();
const encoded = (text: string): string => form({ x: text }).slice(2);
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const basic = (id: string, secret: string): string => `Basic ${base64(`${encoded(id)}:${encoded(secret)}`)}`;

async function authenticate(body: Record<string, string>, authorization?: string): Promise<Client> {
  const headers = authorization === undefined ? {} : { authorization };
  return authenticateClient({ headers, parameters: parseParameters(form(body)) }, clients);
}

const refused = (body: Record<string, string>, authorization?: string): Promise<OAuthError> =>
  refusalOf(authenticate(body, authorization));

describe('a public client', () => {
  it('is known by its id', async () => {
    expect((await authenticate({ client_id: 'cli' })).id).toBe('cli');
  });

  it('may send an empty secret, as many do, in either place', async () => {
    expect((await authenticate({ client_id: 'cli', client_secret: '' })).id).toBe('cli');
    expect((await authenticate({}, basic('cli', ''))).id).toBe('cli');
    expect((await authenticate({ client_id: 'cli' }, basic('cli', ''))).id).toBe('cli');
  });

  it('is refused with a secret, which it cannot have', async () => {
    expect((await refused({ client_id: 'cli', client_secret: 'x' })).error).toBe('invalid_client');
    expect((await refused({}, basic('cli', 'x'))).error).toBe('invalid_client');
  });
});

describe('a client with a secret', () => {
  it('proves itself in the header, each part form-encoded (RFC 6749 §2.3.1)', async () => {
    expect((await authenticate({}, basic('basic', odd))).id).toBe('basic');
    expect((await authenticate({}, basic('my:app', odd))).id).toBe('my:app');
    expect((await authenticate({ client_id: 'basic' }, basic('basic', odd))).id).toBe('basic');
  });

  it('proves itself in the body', async () => {
    expect((await authenticate({ client_id: 'post', client_secret: odd })).id).toBe('post');
  });

  it('may write the scheme in any case, leave out the padding, and use an empty secret in the body', async () => {
    const header = basic('basic', odd);
    expect((await authenticate({}, header.replace('Basic', 'bAsIc'))).id).toBe('basic');
    expect((await authenticate({}, header.replace(/=+$/u, ''))).id).toBe('basic');
    expect((await authenticate({ client_secret: '' }, header)).id).toBe('basic');
  });

  it('is refused by any method but its own', async () => {
    expect((await refused({ client_id: 'basic', client_secret: odd })).error).toBe('invalid_client');
    expect((await refused({}, basic('post', odd))).error).toBe('invalid_client');
  });

  it('is refused without its secret, or with an empty one', async () => {
    for (const id of ['basic', 'post']) {
      expect((await refused({ client_id: id })).error).toBe('invalid_client');
      expect((await refused({ client_id: id, client_secret: '' })).error).toBe('invalid_client');
      expect((await refused({}, basic(id, ''))).error).toBe('invalid_client');
    }
  });

  it.each(['x', odd.slice(1), `${odd} `, odd.toUpperCase(), '[redacted]', '\0'])(
    'is refused with %j',
    async (wrong) => {
      expect((await refused({}, basic('basic', wrong))).error).toBe('invalid_client');
    },
  );
});

describe('a registered client', () => {
  it.each(['client_secret_basic', 'client_secret_post'])(
    'uses just the method that it registered: %s',
    async (method) => {
      const metadata = { redirect_uris: [webCallback], token_endpoint_auth_method: method };
      const { client_id, client_secret } = registry.register(metadata);
      const inBody = { client_id, client_secret: String(client_secret) };
      const inHeader = basic(client_id, String(client_secret));
      const [right, wrong] =
        method === 'client_secret_basic'
          ? [() => authenticate({}, inHeader), () => authenticate(inBody)]
          : [() => authenticate(inBody), () => authenticate({}, inHeader)];
      expect((await right()).id).toBe(client_id);
      expect((await refusalOf(wrong())).error).toBe('invalid_client');
    },
  );

  it('that was given a secret it did not ask for may use both', async () => {
    const { client_id, client_secret } = registry.register({ redirect_uris: [perplexity] });
    expect((await authenticate({ client_id, client_secret: String(client_secret) })).id).toBe(client_id);
    expect((await authenticate({}, basic(client_id, String(client_secret)))).id).toBe(client_id);
    expect((await refused({ client_id })).error).toBe('invalid_client');
  });

  it('without a secret is known by its id', async () => {
    const { client_id } = registry.register({ redirect_uris: [webCallback] });
    expect((await authenticate({ client_id })).id).toBe(client_id);
    expect((await refused({ client_id: `${client_id}A` })).error).toBe('invalid_client');
  });
});

describe('a refusal', () => {
  it('is the same, byte for byte, for an unknown client and for a wrong secret', async () => {
    const answers = [
      await refused({ client_id: 'unknown', client_secret: 'x' }),
      await refused({ client_id: 'post', client_secret: 'x' }),
      await refused({ client_id: 'basic', client_secret: odd }),
      await refused({ client_id: 'cli', client_secret: 'x' }),
    ];
    expect(new Set(answers.map(errorBody)).size).toBe(1);
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401]);
    expect(answers.map(({ headers }) => headers)).toEqual([{}, {}, {}, {}]);
    const inHeader = [await refused({}, basic('unknown', 'x')), await refused({}, basic('basic', 'x'))];
    expect(new Set([...inHeader, ...answers].map(errorBody)).size).toBe(1);
    expect(inHeader[0]?.headers).toEqual(inHeader[1]?.headers);
  });

  it('challenges only who tried the header (RFC 6749 §5.2)', async () => {
    expect((await refused({}, basic('basic', 'x'))).headers['www-authenticate']).toMatch(
      /^Basic realm="[^"]+"/u,
    );
    expect((await refused({ client_id: 'basic', client_secret: 'x' })).headers).not.toHaveProperty(
      'www-authenticate',
    );
  });

  it('never holds what was sent', async () => {
    const error = await refused({ client_id: 'post', client_secret: 'hunter2hunter2' });
    expect(`${error.message} ${errorBody(error)}`).not.toContain('hunter2');
  });
});

describe('a request that says two things is refused as invalid_request', () => {
  it.each<readonly [string, Record<string, string>, string | undefined]>([
    ['a secret in header and body', { client_secret: odd }, basic('basic', odd)],
    ['a secret in the body beside a header without one', { client_secret: odd }, basic('basic', '')],
    ['another client_id in the body', { client_id: 'post' }, basic('basic', odd)],
    ['another client_id in the body, without secret', { client_id: 'cli' }, basic('basic', '')],
    ['an assertion beside a header', { client_assertion: 'x' }, basic('basic', odd)],
    [
      'an assertion beside a secret',
      { client_id: 'post', client_secret: odd, client_assertion: 'x' },
      undefined,
    ],
    ['no client at all', {}, undefined],
    ['no client, and a Bearer token', {}, 'Bearer abc'],
  ])('%s', async (_what, body, authorization) => {
    const error = await refused(body, authorization);
    expect([error.error, error.status]).toEqual(['invalid_request', 400]);
  });

  it('an assertion alone is a method that we do not have', async () => {
    const jwt = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
    const body = { client_id: 'post', client_assertion_type: jwt, client_assertion: 'x' };
    expect((await refused(body)).error).toBe('invalid_client');
  });

  it('another scheme is no client authentication: the id in the body counts', async () => {
    expect((await authenticate({ client_id: 'cli' }, 'Bearer abc')).id).toBe('cli');
    expect((await authenticate({ client_id: 'cli' }, 'Basically abc')).id).toBe('cli');
  });
});

describe('a malformed Basic header is refused as invalid_request', () => {
  it.each([
    ['nothing after it', 'Basic'],
    ['a space after it', 'Basic '],
    ['no colon', `Basic ${base64('basic')}`],
    ['no id', `Basic ${base64(':secret')}`],
    ['an id that is not base64', 'Basic ba$ic'],
    ['the other base64', `Basic ${base64('a?:~~~~>>>>').replaceAll('+', '-').replaceAll('/', '_')}_-`],
    ['bits after its end', 'Basic YTpi Yw=='],
    ['padding in the middle', 'Basic YTo=YTo='],
    ['loose bits before the padding', 'Basic YTp='],
    ['too much padding', 'Basic YTpi=='],
    ['a cut escape', `Basic ${base64('basic:%4')}`],
    ['an escape that is none', `Basic ${base64('%zz:x')}`],
    ['bytes that are no UTF-8', `Basic ${base64('basic:%ff')}`],
    ['letters that are not encoded', `Basic ${base64('basic:pässword')}`],
    ['a NUL', `Basic ${base64('basic:\0')}`],
    ['two of them', `${basic('basic', odd)}, ${basic('post', odd)}`],
    ['a tab', `Basic\t${base64('basic:x')}`],
  ])('for %s', async (_what, authorization) => {
    const error = await refused({ client_id: 'cli' }, authorization);
    expect([error.error, error.status]).toEqual(['invalid_request', 400]);
    expect(error.description).toContain('well-formed Basic');
  });
});

describe('every request', () => {
  it('is refused with an OAuth error unless it proves a client', async () => {
    const text = fc.string({ unit: 'binary', maxLength: 20 });
    const header = fc.oneof(
      text,
      text.map((tail) => `Basic ${tail}`),
      text.map((plain) => `Basic ${base64(plain)}`),
      fc.tuple(text, text).map(([id, secret]) => basic(id, secret)),
    );
    const id = fc.oneof(fc.constantFrom('basic', 'post', 'my:app', 'unknown'), text);
    const body = fc.record({ client_id: id, client_secret: text }, { requiredKeys: [] });
    await fc.assert(
      fc.asyncProperty(body, fc.option(header, { nil: undefined }), async (sent, authorization) => {
        await expect(authenticate(sent, authorization)).rejects.toBeInstanceOf(OAuthError);
      }),
      { numRuns: 2000 },
    );
  });

  it('that carries the right secret in the right place is let in, whatever characters id and secret have', async () => {
    const text = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 30 })
      .filter((value) => !value.includes('\0'));
    await fc.assert(
      fc.asyncProperty(text, text, async (id, secret) => {
        const own = createClientRegistry(
          confidentialOptions({ static: [fixed(id, 'client_secret_basic', secret)] }),
        );
        const request = { headers: { authorization: basic(id, secret) }, parameters: parseParameters('') };
        expect((await authenticateClient(request, authenticators(own))).id).toBe(id);
      }),
      { numRuns: 200 },
    );
  });
});
