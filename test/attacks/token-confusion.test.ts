/**
 * Token-type confusion: something that is not one of our access tokens for this resource, presented as one.
 * RFC 8725 §2.1–2.8 and §3.1, §3.11, §3.12; RFC 9068 §4–5; fastmcp PR3524 (refresh token taken as bearer), PR3430 and PR3419
 * (HS* with a public key), PR3406 and PR4827 (any token of the provider); better-auth PR9575 (`alg: none`).
 * What one verifier does with one text is in test/jwt; here every door of the server is tried.
 */
import { constants, createHmac, publicEncrypt } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createJwtSigner } from '../../src/crypto/sign.ts';
import { parseSigningKey } from '../../src/crypto/signing-key.ts';
import { newPrivateKey, pemOf } from '../signing-keys/pems.ts';
import { pkce, redirectUri, resource } from '../fixtures/stack.ts';
import type { Doors } from './doors.ts';
import { allDoors, base64url, openDoors, otherResource, signed } from './doors.ts';

let doors: Doors;
beforeAll(async () => {
  doors = await openDoors();
});
afterAll(() => doors.close());

const attacker = parseSigningKey(pemOf(newPrivateKey('ES256')), 'the attacker');

const header = (changes: object = {}): object => ({
  alg: 'ES256',
  typ: 'at+jwt',
  kid: doors.keys.signing.kid,
  ...changes,
});
const withClaims = (changes: object): string =>
  signed(header(), { ...doors.claims, ...changes }, doors.keys.signing.privateKey);
const withHeader = (changes: object): string =>
  signed(header(changes), doors.claims, doors.keys.signing.privateKey);

describe('the doors', () => {
  it('all open to an access token, so that a closed one below means something', async () => {
    expect(await doors.opened(doors.good.access_token)).toEqual(allDoors);
    // And to one that this test signs itself with the server's keys, old and new.
    expect(await doors.opened(withClaims({}))).toEqual(allDoors);
    const { kid, privateKey } = doors.keys.fallback;
    expect(await doors.opened(signed(header({ kid }), doors.claims, privateKey))).toEqual(allDoors);
  });
});

describe('nothing else that a login yields is an access token', () => {
  it('not the ID token, not the refresh token', async () => {
    const { id_token = '', refresh_token } = doors.good;
    expect(id_token).not.toBe('');
    expect(await doors.opened(id_token)).toEqual([]);
    expect(await doors.opened(refresh_token)).toEqual([]);
  });

  it('not a code, before or after it was redeemed', async () => {
    const { stack } = doors.endpoint;
    const { verifier, challenge } = pkce();
    const { clientId } = doors.good;
    const redirect = await stack.login({ client_id: clientId, code_challenge: challenge });
    const code = redirect.searchParams.get('code') ?? '';
    expect(await doors.opened(code)).toEqual([]);
    const answer = await stack.token({
      grant_type: 'authorization_code',
      client_id: clientId,
      redirect_uri: redirectUri,
      code,
      code_verifier: verifier,
    });
    expect(answer.status).toBe(200);
    expect(await doors.opened(code)).toEqual([]);
  });

  it('not the client id, the session id, the token id, the subject or the kid', async () => {
    const { claims, good, keys } = doors;
    for (const text of [good.clientId, claims['sid'], claims['jti'], claims['sub'], keys.signing.kid])
      expect(await doors.opened(String(text))).toEqual([]);
  });

  it("not the upstream's tokens, though the upstream vouches for them", async () => {
    const token = await doors.endpoint.stack.auth.tokens.verify(doors.good.access_token, resource);
    if (!token) throw new Error('the good token is not good');
    const found = await doors.endpoint.stack.auth.sessions.check(token, null);
    if (found.r === 'dead' || !found.session.connection) throw new Error('no connection');
    const fresh = await doors.endpoint.stack.auth.vault.freshTokens(found.session.connection);
    if (fresh.r !== 'ok') throw new Error('no tokens');
    const { accessToken, idToken, refreshToken } = fresh.tokens;
    for (const text of [accessToken, idToken, refreshToken].filter((one) => one !== null))
      expect(await doors.opened(text)).toEqual([]);
  });
});

describe('a token signed by nobody, or by somebody else, opens nothing', () => {
  it.each(['none', 'None', 'NONE', 'nOnE', 'HS256', ''])(
    'with the algorithm %j and no signature',
    async (alg) => {
      const head = base64url(header({ alg }));
      for (const tail of ['', 'AA', doors.good.access_token.split('.')[2] ?? ''])
        expect(await doors.opened(`${head}.${base64url(doors.claims)}.${tail}`)).toEqual([]);
    },
  );

  it('with HMAC over a public key of ours, however it is written', async () => {
    for (const { kid, publicKey, publicJwk } of [doors.keys.signing, doors.keys.fallback]) {
      const pem = publicKey.export({ type: 'spki', format: 'pem' });
      for (const secret of [pem, pem.trim(), JSON.stringify(publicJwk), kid]) {
        const input = `${base64url(header({ alg: 'HS256', kid }))}.${base64url(doors.claims)}`;
        const tag = createHmac('sha256', secret).update(input).digest('base64url');
        expect(await doors.opened(`${input}.${tag}`)).toEqual([]);
      }
    }
  });

  it('with a foreign key under our key id, a foreign one, or none', async () => {
    for (const kid of [doors.keys.signing.kid, doors.keys.fallback.kid, attacker.kid, undefined])
      expect(await doors.opened(signed(header({ kid }), doors.claims, attacker.privateKey))).toEqual([]);
  });

  it('with the key of before under the id of the present one, and the other way round', async () => {
    const { signing, fallback } = doors.keys;
    const crossed: readonly (readonly [string, KeyObject])[] = [
      [signing.kid, fallback.privateKey],
      [fallback.kid, signing.privateKey],
    ];
    for (const [kid, key] of crossed)
      expect(await doors.opened(signed(header({ kid }), doors.claims, key))).toEqual([]);
  });

  it.each([
    ['jwk', attacker.publicJwk],
    ['jku', 'https://evil.example/jwks.json'],
    ['x5u', 'https://evil.example/cert.pem'],
    ['x5c', ['MIIB']],
    ['x5t', 'AAAA'],
    ['x5t#S256', 'AAAA'],
    ['kid', '../../../../dev/null'],
    ['kid', "' OR 1=1 --"],
    ['kid', ['a']],
    ['crit', ['exp']],
    ['crit', []],
    ['b64', false],
  ])('with %s %j in its header, whoever signed', async (name, value) => {
    expect(await doors.opened(withHeader({ [name]: value }))).toEqual([]);
    expect(await doors.opened(signed(header({ [name]: value }), doors.claims, attacker.privateKey))).toEqual(
      [],
    );
  });
});

describe('a token that we signed for something else opens nothing', () => {
  it.each([
    'JWT',
    'jwt',
    'AT+JWT',
    'at+JWT',
    'at+jwt ',
    'application/jwt',
    'application/application/at+jwt',
    'at',
    '',
    null,
    ['at+jwt'],
    undefined,
  ])('with the type %j', async (typ) => {
    expect(await doors.opened(withHeader({ typ }))).toEqual([]);
  });

  it.each([
    otherResource,
    `${resource}/`,
    `${resource}/more`,
    resource.slice(0, -1),
    resource.toUpperCase(),
    'HTTPS://MCP.EXAMPLE.COM/mcp',
    `${resource}?`,
    `${resource}#`,
    `${resource} ${otherResource}`,
    'https://mcp.example.com',
    'https://mcp.example.com:443/mcp',
    'https://mcp.example.com/./mcp',
    'https://mcp.example.com/%6dcp',
    'https://user@mcp.example.com/mcp',
    '*',
    '',
    [resource],
    [resource, otherResource],
    [otherResource, resource],
    [[resource]],
    { 0: resource },
    null,
    true,
    undefined,
  ])('with the audience %j', async (aud) => {
    const opened = await doors.opened(withClaims({ aud }));
    // Userinfo and the library serve every resource of ours; introspection and the guard only their own.
    expect(opened).toEqual(aud === otherResource ? ['userinfo', 'library'] : []);
  });

  it.each([
    'https://mcp.example.com/',
    'https://MCP.example.com',
    'http://mcp.example.com',
    'https://mcp.example.com.evil.example',
    'https://evil.example',
    ['https://mcp.example.com'],
    '',
    null,
    undefined,
  ])('with the issuer %j', async (iss) => {
    expect(await doors.opened(withClaims({ iss }))).toEqual([]);
  });

  it('with the issuer of the upstream, signed by the upstream', async () => {
    const iss = doors.endpoint.stack.provider.issuer;
    expect(await doors.opened(signed(header(), { ...doors.claims, iss }, attacker.privateKey))).toEqual([]);
  });
});

describe('time', () => {
  const now = Math.floor(Date.now() / 1000);
  it.each([
    ['exp', 0],
    ['exp', -1],
    ['exp', now - 1],
    ['exp', String(now + 300)],
    ['exp', [now + 300]],
    ['exp', null],
    ['exp', true],
    ['exp', undefined],
    ['nbf', now + 3600],
    ['nbf', String(now - 10)],
    ['nbf', null],
    ['iat', String(now)],
    ['iat', null],
    ['iat', undefined],
  ])('a token whose %s is %j opens nothing', async (name, value) => {
    expect(await doors.opened(withClaims({ [name]: value }))).toEqual([]);
  });

  it.each(['1e400', '-1e400', '1e-400', '0x7fffffff', '01', 'Infinity', 'NaN', '9'.repeat(400)])(
    'a token whose exp is written %s lives in no door beyond what a number is',
    async (text) => {
      const payload = JSON.stringify(doors.claims).replace(/"exp":\d+/u, `"exp":${text}`);
      const opened = await doors.opened(signed(header(), payload, doors.keys.signing.privateKey));
      expect(opened).toEqual([]);
    },
  );
});

describe('one text, two readings', () => {
  const raw = (edit: (json: string) => string): string =>
    signed(header(), edit(JSON.stringify(doors.claims)), doors.keys.signing.privateKey);

  it('a claim that comes twice counts as its last, at every door alike', async () => {
    const last = raw((json) => json.replace('{', `{"aud":${JSON.stringify(otherResource)},`));
    expect(await doors.opened(last)).toEqual(allDoors);
    const first = raw((json) => json.replace(/\}$/u, `,"aud":${JSON.stringify(otherResource)}}`));
    expect(await doors.opened(first)).toEqual(['userinfo', 'library']);
    const ended = raw((json) => json.replace(/\}$/u, ',"exp":1}'));
    expect(await doors.opened(ended)).toEqual([]);
  });

  it.each(['null', '[]', '"x"', '1', '{}', '', '{', '{"a":1}x', '\u{FEFF}{}'])(
    'a payload %j opens nothing',
    async (payload) => {
      expect(await doors.opened(signed(header(), payload, doors.keys.signing.privateKey))).toEqual([]);
    },
  );

  it.each(['sub', 'client_id', 'scope', 'jti', 'sid'])(
    'without %s, or with another kind of it, it opens nothing',
    async (name) => {
      for (const value of [undefined, null, 1, {}, [], true, ['x']])
        expect(await doors.opened(withClaims({ [name]: value }))).toEqual([]);
    },
  );

  it('a claim named __proto__ changes nothing', async () => {
    const planted = raw((json) => json.replace('{', '{"__proto__":{"scope":"admin","aud":"x"},'));
    expect(await doors.opened(planted)).toEqual(allDoors);
    const bare = raw((json) => json.replace('"sub"', '"__proto__"'));
    expect(await doors.opened(bare)).toEqual([]);
  });

  it('another spelling of a good token opens nothing', async () => {
    const good = doors.good.access_token;
    const [head = '', body = '', tail = ''] = good.split('.');
    const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    // 64 bytes leave four bits of the last character unused.
    const unused = `${good.slice(0, -1)}${digits[digits.indexOf(good.at(-1) ?? '') + 1]}`;
    const spellings = [
      `${good}=`,
      `${good}==`,
      `${good}.`,
      `.${good}`,
      `${head}.${body}.${tail}.${tail}`,
      unused,
    ];
    for (const text of spellings) expect(await doors.opened(text)).toEqual([]);
  });

  it('the mirrored signature (r, n − s) is valid by arithmetic, and is revoked with its twin', async () => {
    const { stack } = doors.endpoint;
    const { access_token, clientId } = await stack.signIn({ scope: 'openid' });
    const twin = mirrored(access_token);
    expect(twin).not.toBe(access_token);
    expect(await doors.opened(twin)).toEqual(allDoors);
    const body = new URLSearchParams({ token: access_token, client_id: clientId });
    expect((await stack.call('/oauth/revoke', { method: 'POST', body })).status).toBe(200);
    expect(await doors.opened(access_token)).toEqual([]);
    expect(await doors.opened(twin)).toEqual([]);
  });

  it('an encrypted token opens nothing, not even to the key that we hold', async () => {
    const rsa = newPrivateKey('RS256');
    const key = publicEncrypt({ key: rsa, padding: constants.RSA_PKCS1_OAEP_PADDING }, Buffer.alloc(32));
    const jwe = [
      base64url({ alg: 'RSA-OAEP', enc: 'A256GCM', typ: 'at+jwt', kid: doors.keys.signing.kid }),
      key.toString('base64url'),
      base64url('iviviviviviv'),
      base64url(doors.good.access_token),
      base64url('tagtagtagtagtagt'),
    ].join('.');
    expect(await doors.opened(jwe)).toEqual([]);
    const direct = base64url({ alg: 'dir', enc: 'A256GCM', kid: doors.keys.signing.kid });
    expect(await doors.opened(`${direct}..AAAA.AAAA.AAAA`)).toEqual([]);
  });

  it('a token inside a token opens nothing', async () => {
    const nested = signed(
      { ...header(), cty: 'JWT' },
      doors.good.access_token,
      doors.keys.signing.privateKey,
    );
    expect(await doors.opened(nested)).toEqual([]);
  });
});

describe('the words of a forged token are the grant’s, or it opens nothing', () => {
  it('a session of one user with the subject or the client of another', async () => {
    const { stack } = doors.endpoint;
    const { client_id } = await stack.register({ client_name: 'Another app' });
    const mallory = await stack.signIn({ account: 'mallory', scope: 'openid', clientId: client_id });
    const theirs = await stack.auth.tokens.verify(mallory.access_token, resource);
    if (!theirs) throw new Error('not a token');
    const swaps = [
      { sub: theirs.subject },
      { sid: theirs.sessionId },
      { client_id: theirs.clientId },
      { sub: theirs.subject, client_id: theirs.clientId },
      { sid: theirs.sessionId, client_id: theirs.clientId },
      { sid: `${String(doors.claims['sid'])}x` },
      { sid: String(doors.claims['sid']).replace('.', '') },
      { sid: '' },
      { sid: '.' },
    ];
    for (const swap of swaps) expect(await doors.opened(withClaims(swap))).toEqual([]);
  });
});

/** ECDSA signatures come in pairs: (r, s) and (r, n − s) verify alike. */
function mirrored(token: string): string {
  const order = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');
  const [head = '', body = '', tail = ''] = token.split('.');
  const bytes = Buffer.from(tail, 'base64url');
  const s = order - BigInt(`0x${bytes.subarray(32).toString('hex')}`);
  const twin = Buffer.concat([bytes.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex')]);
  return `${head}.${body}.${twin.toString('base64url')}`;
}

describe('the signer of the server', () => {
  it('never makes an ID token that says it is an access token', async () => {
    const { id_token = '' } = doors.good;
    expect(JSON.parse(Buffer.from(id_token.split('.')[0] ?? '', 'base64url').toString())).toMatchObject({
      typ: 'JWT',
    });
    const relabelled = await createJwtSigner(attacker).sign('at+jwt', doors.claims);
    expect(await doors.opened(relabelled)).toEqual([]);
  });
});
