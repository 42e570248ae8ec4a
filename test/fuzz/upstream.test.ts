/**
 * Answers of upstreams, through the real providers over a fetch that answers by hand. One case is a whole login with three or
 * four answers and a signature check, so there are fewer: a third of the others' number.
 */
import * as fc from 'fast-check';
import { SignJWT, exportJWK, generateKeyPair } from 'jose';
import { describe, expect, it } from 'vitest';
import type { GuardedFetch } from '../../src/net/guarded-fetch.ts';
import { standardSettings } from '../../src/config/upstream-settings.ts';
import type { UpstreamSettings } from '../../src/config/upstream-settings.ts';
import { silentLog } from '../../src/observe/log.ts';
import { createProvider } from '../../src/upstream/create-provider.ts';
import { UpstreamError } from '../../src/upstream/provider.ts';
import type { UpstreamLogin } from '../../src/upstream/provider.ts';
import { callbackFor, finish, newLogin, oauth2Config, oidcConfig } from '../fixtures/upstream.ts';
import { fuzzAsync } from './cases.ts';
import { anyText, around, damaged, repeats } from './texts.ts';

const issuer = 'https://idp.example.com';
const now = Math.floor(Date.now() / 1000);
const login = newLogin();
const { publicKey, privateKey } = await generateKeyPair('EdDSA', { extractable: true });
const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', use: 'sig', alg: 'EdDSA' };
const claims = {
  iss: issuer,
  aud: 'sallyport',
  sub: 'alice',
  iat: now,
  exp: now + 3600,
  nonce: login.request.nonce,
  name: 'Alice',
  email: 'alice@example.com',
  email_verified: true,
};
const sign = (payload: Record<string, unknown>): Promise<string> =>
  new SignJWT(payload).setProtectedHeader({ alg: 'EdDSA', kid: 'k1' }).sign(privateKey);
const idToken = await sign(claims);

const discovery = {
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  jwks_uri: `${issuer}/jwks`,
  userinfo_endpoint: `${issuer}/userinfo`,
  id_token_signing_alg_values_supported: ['EdDSA'],
};
const tokens = {
  access_token: 'at',
  token_type: 'Bearer',
  expires_in: 60,
  refresh_token: 'rt',
  scope: 'openid',
  id_token: idToken,
};
const person = { sub: 'alice', name: 'Alice', email: 'alice@example.com' };

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}
const answer = (value: unknown): Answer => ({
  status: 200,
  type: 'application/json',
  body: JSON.stringify(value),
});
const honest = {
  '/.well-known/openid-configuration': answer(discovery),
  '/jwks': answer({ keys: [jwk] }),
  '/token': answer(tokens),
  '/userinfo': answer(person),
  '/user': answer(person),
};
type Answers = Readonly<Partial<Record<keyof typeof honest, Answer>>>;

/** A fetch that answers as it is told, and honestly where it is told nothing. */
function fetchOf(answers: Answers): GuardedFetch {
  const all: Readonly<Record<string, Answer>> = { ...honest, ...answers };
  const fetch = (url: string): Promise<Response> => {
    const { status, type, body, headers } = all[new URL(url).pathname] ?? {
      status: 404,
      type: 'text/plain',
      body: '',
    };
    const empty = status === 204 || status === 304;
    const response = new Response(empty ? null : body, {
      status,
      headers: { 'content-type': type, ...headers },
    });
    // oauth4webapi asks where an answer came from.
    Object.defineProperty(response, 'url', { value: url });
    return Promise.resolve(response);
  };
  return Object.assign(fetch, { close: () => Promise.resolve() });
}

/** A login and a refresh; whatever goes wrong must be an {@link UpstreamError} that tells none of the tokens. */
async function signIn(
  type: 'oidc' | 'oauth2',
  answers: Answers,
  changes: Partial<UpstreamSettings> = {},
): Promise<UpstreamLogin | null> {
  const settings = { settings: { ...standardSettings, profile: 'generic', ...changes } };
  const config = type === 'oidc' ? oidcConfig(issuer, settings) : oauth2Config(issuer, settings);
  const provider = createProvider(config, { fetch: fetchOf(answers), clock: Date.now, log: silentLog });
  try {
    const refresh = provider.refresh({ refreshToken: 'rt', subject: 'alice' }).catch(checkError);
    const done = await finish(provider, login, callbackFor(login)).catch(checkError);
    await refresh;
    await provider.userinfo({ accessToken: 'at', subject: 'alice' }).catch(checkError);
    if (done) checkLogin(done);
    return done;
  } finally {
    provider.close();
  }
}

function checkError(error: unknown): null {
  expect(error).toBeInstanceOf(UpstreamError);
  expect(String(error)).not.toMatch(/upstream-secret|Bearer at|eyJ/u);
  return null;
}

function checkLogin({ identity, tokens: got }: UpstreamLogin): void {
  expect(identity.subject).toMatch(/[^]/u);
  expect(got.accessToken).not.toBe('');
  if (typeof got.expiresAt === 'number') expect(Number.isSafeInteger(got.expiresAt)).toBe(true);
  expect(got.scopes.every((scope) => !/[\s,]/u.test(scope))).toBe(true);
  if (identity.emailVerified) expect(identity.email).not.toBeNull();
}

const type = fc.constantFrom(
  'application/json',
  'application/x-www-form-urlencoded',
  'text/html',
  'application/jwt',
  '',
);
const status = fc.oneof(
  { weight: 6, arbitrary: fc.constant(200) },
  { weight: 3, arbitrary: fc.constantFrom(201, 204, 302, 400, 401, 403, 404, 429, 500, 503) },
);
const challenge = around(
  fc.constantFrom('Bearer error="invalid_token"', 'Basic realm="x", Bearer a=b', 'DPoP algs="ES256"'),
).filter((text) => /^[\x20-\x7e]*$/u.test(text));

/** An honest document, one member of another kind, or damaged text; in any wrapping. */
function answersLike(value: Readonly<Record<string, unknown>>): fc.Arbitrary<Answer> {
  const text = fc.oneof(
    damaged(fc.constant(JSON.stringify(value))),
    fc
      .tuple(fc.constantFrom(...Object.keys(value), '__proto__', 'error'), fc.jsonValue({ maxDepth: 2 }))
      .map(([name, other]) => JSON.stringify({ ...value, [name]: other })),
    damaged(
      fc.constant(
        new URLSearchParams(Object.entries(value).map(([name, item]) => [name, String(item)])).toString(),
      ),
    ),
    fc.jsonValue().map((other) => JSON.stringify(other)),
    anyText,
  );
  return fc.record({
    body: text,
    status,
    type,
    headers: fc.oneof(
      fc.constant({}),
      challenge.map((header) => ({ 'www-authenticate': header })),
    ),
  });
}

/**
 * What is signed, and the signature as bytes: the library takes several spellings of these. Nothing of ours goes by the text of
 * an upstream's token, so that does no harm.
 */
function partsOf(token: string): readonly string[] {
  const [header = '', payload = '', signature = ''] = token.split('.');
  return [header, payload, Buffer.from(signature, 'base64url').toString('hex')];
}

describe('an upstream', () => {
  it('that answers honestly signs people in, or the rest would prove nothing', async () => {
    expect(await signIn('oidc', {})).toMatchObject({ identity: { subject: 'alice', emailVerified: true } });
    expect(await signIn('oauth2', {})).toMatchObject({ identity: { subject: 'alice' } });
  });

  it('with any token answer gives tokens or a failure of ours', async () => {
    const which = fc.constantFrom('oidc' as const, 'oauth2' as const);
    await fuzzAsync(
      fc.tuple(which, answersLike(tokens)),
      async ([kind, token]) => void (await signIn(kind, { '/token': token })),
      0.12,
    );
  });

  it('with any token answer of odd form gives the account that it names, or a failure', async () => {
    const nested = { ok: true, user: { id: 'alice', token: 'at', items: [{ scope: 'a,b' }] }, jwt: idToken };
    const odd: Partial<UpstreamSettings> = {
      tokenType: 'any',
      tokenMapping: {
        accessToken: 'user.token',
        refreshToken: 'user.refresh',
        expiresIn: 'user.items.0.expires',
        scope: 'user.items.0.scope',
      },
    };
    const paths = fc.constantFrom('user.id', 'jwt|@upstreamjwt|sub', 'user.items.0.scope');
    await fuzzAsync(
      fc.tuple(paths, answersLike(nested)),
      async ([subject, token]) => {
        const identityFromToken = { subject, name: 'user', email: 'jwt' };
        const done = await signIn('oauth2', { '/token': token }, { ...odd, identityFromToken });
        if (done) expect(done.identity.synthetic).toBe(false);
      },
      0.1,
    );
    const honestly = await signIn(
      'oauth2',
      { '/token': answer(nested) },
      {
        ...odd,
        identityFromToken: { subject: 'jwt|@upstreamjwt|sub', name: null, email: null },
      },
    );
    expect(honestly).toMatchObject({ identity: { subject: 'alice' }, tokens: { scopes: ['a', 'b'] } });
  });

  it('with any userinfo gives an identity of the right subject or a failure', async () => {
    await fuzzAsync(
      answersLike(person),
      async (info) => {
        const done = await signIn('oauth2', { '/user': info });
        if (done) expect(done.identity.subject.length).toBeGreaterThan(0);
        const signed = await signIn('oidc', { '/userinfo': info });
        if (signed) expect(signed.identity).toMatchObject({ subject: 'alice', email: 'alice@example.com' });
      },
      0.05,
    );
  });

  it('with any metadata or keys never gets anybody in as somebody else', async () => {
    const documents = fc.oneof(
      answersLike(discovery).map((document): Answers => ({ '/.well-known/openid-configuration': document })),
      answersLike({ keys: [jwk] }).map((keys): Answers => ({ '/jwks': keys })),
      answersLike(jwk).map((key): Answers => ({ '/jwks': { ...key, body: `{"keys":[${key.body}]}` } })),
    );
    await fuzzAsync(
      documents,
      async (answers) => {
        const done = await signIn('oidc', answers);
        if (done) expect(done.identity.subject).toBe('alice');
      },
      0.08,
    );
  });

  it('with an ID token that is damaged or about another login gets nobody in', async () => {
    const odd = fc.oneof(
      fc.constant(undefined),
      fc.jsonValue({ maxDepth: 1 }),
      fc.constantFrom(now - 7200, 1e300, 'other'),
    );
    await fuzzAsync(
      damaged(fc.constant(idToken)),
      async (text) => {
        const done = await signIn('oidc', { '/token': answer({ ...tokens, id_token: text }) });
        if (done) expect(partsOf(text)).toEqual(partsOf(idToken));
      },
      0.05,
    );
    await fuzzAsync(
      fc.tuple(fc.constantFrom('iss', 'aud', 'exp', 'nonce', 'sub', 'iat', 'nbf', 'azp', 'auth_time'), odd),
      async ([name, value]) => {
        const id_token = await sign(
          JSON.parse(JSON.stringify({ ...claims, [name]: value })) as typeof claims,
        );
        const done = await signIn('oidc', { '/token': answer({ ...tokens, id_token }) });
        const strict: readonly string[] = ['iss', 'nonce'];
        const same = value === (claims as Record<string, unknown>)[name];
        if (done && strict.includes(name)) expect(same).toBe(true);
        if (done && name === 'aud') expect([value].flat()).toContain('sallyport');
        if (done && name === 'sub') expect(done.identity.subject).toBe(value);
      },
      0.05,
    );
  });

  it('with endless repeats in its answer is read in a time that grows with their length', async () => {
    for (const body of repeats(
      ['', '{"scope":"', 'access_token=', 'a='],
      ['a=', ',', ' ,', '&a=b', '[', '\\"'],
    )) {
      const done = await signIn('oauth2', { '/token': { status: 200, type: 'application/json', body } });
      expect(done, 'nobody gets in with it').toBeNull();
    }
  });
});
