import { afterEach, describe, expect, it } from 'vitest';
import { issuer } from '../fixtures/stack.ts';
import { Several } from './world.ts';

let several: Several;
afterEach(() => several.close());

const allow = { decision: 'allow' };
const locationOf = (answer: Response): string => answer.headers.get('location') ?? '';

const oidc = (name: string, more: object = {}): object => ({
  issuer_url: several.providers[name]?.issuer,
  client_id: `sallyport-at-${name}`,
  client_secret_env_var: 'UPSTREAM_SECRET',
  ...more,
});

async function walk(accounts: Record<string, string> = {}) {
  const visit = await several.open();
  const walked = await several.walk(visit, await several.press(visit, allow), accounts);
  return { visit, walked };
}

describe('upstreams that share one callback address, as in ToolHive’s files', () => {
  const share = async (config: Record<string, unknown> = {}): Promise<void> => {
    several = await Several.start(['first', 'second']);
    const redirect_uri = `${issuer}/oauth/callback`;
    const changes = Object.fromEntries(
      ['first', 'second'].map((name) => [name, { oidc_config: oidc(name, { redirect_uri }) }]),
    );
    await several.reconfigure(config, changes);
  };

  it('each answer for themselves all the same', async () => {
    await share();
    const { visit, walked } = await walk({ second: 'bob' });
    expect(walked.way).toEqual(['first', 'second']);
    expect((await several.redeem(visit, walked)).refresh_token).toMatch(/^sp_rt_/u);
    expect((await several.stack.call('/oauth/callback/first')).status).toBe(404);
  });

  it.each([[['code']], [['code', 'iss']]])(
    'cannot bring their %j under the state of another',
    async (names) => {
      await share({ sign_in: 'choose' });
      const visit = await several.open();
      const at = async (name: string): Promise<URL> =>
        new URL(await several.signInAt(await several.press(visit, { upstream: name }), 'alice'));
      const [mixed, second] = [await at('first'), await at('second')];
      for (const name of names) mixed.searchParams.set(name, second.searchParams.get(name) ?? '');
      const answer = new URL(locationOf(await visit.browser.get(mixed.href)));
      expect(answer.searchParams.get('error')).toBe('server_error');
      expect(await several.stack.store.stats()).toMatchObject({ grants: 0, connections: 0 });
      expect(several.providers['second']?.requests).not.toContain('POST /token');
    },
  );
});

describe('an upstream without OpenID Connect', () => {
  const plain = async (
    name: 'first' | 'second',
    more: (at: string) => object = () => ({}),
  ): Promise<void> => {
    several = await Several.start(['first', 'second'], {}, { ttl: { accessToken: 300 } });
    const at = several.providers[name]?.issuer ?? '';
    const { issuer_url: _none, ...client } = oidc(name) as { readonly issuer_url: string };
    const oauth2_config = {
      ...client,
      authorization_endpoint: `${at}/auth`,
      token_endpoint: `${at}/token`,
      token_endpoint_auth_method: 'client_secret_basic',
      scopes: ['openid'],
      ...more(at),
    };
    await several.reconfigure({}, { [name]: { type: 'oauth2', oidc_config: undefined, oauth2_config } });
  };

  it('that tells no identity lends its token in a chain, once for each user', async () => {
    await plain('second');
    const { visit, walked } = await walk();
    expect(walked.way).toEqual(['first', 'second']);
    await several.redeem(visit, walked);
    expect((await walk()).walked.way).toEqual(['first']);
    // Its token has ended, and it gave no other for it: the new one takes the place of the old one.
    several.stack.advance(301_000);
    several.providers['second']?.intercept((request, response) => {
      if (request.url !== '/token') return false;
      response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":"invalid_grant"}');
      return true;
    });
    const again = await several.open();
    const back = await several.signInAt(await several.press(again, allow), 'alice');
    const next = locationOf(await again.browser.get(back));
    several.providers['second']?.intercept(null);
    expect(several.nameOf(next)).toBe('second');
    await several.redeem(again, await several.walk(again, next));
    expect((await several.stack.store.stats()).connections).toBe(2);
  });

  it('that tells one may be the first of a chain', async () => {
    const userinfo = (at: string): object => ({
      endpoint_url: `${at}/me`,
      field_mapping: { subject_fields: ['sub'] },
    });
    await plain('first', (at) => ({ scopes: ['openid', 'email'], userinfo: userinfo(at) }));
    const { visit, walked } = await walk({ second: 'bob' });
    expect(walked.way).toEqual(['first', 'second']);
    const { access_token: token } = await several.redeem(visit, walked);
    const again = await walk({ second: 'carol' });
    // Whoever is at the second: the same user, who is connected there already.
    expect(again.walked.way).toEqual(['first']);
    const { access_token: other } = await several.redeem(again.visit, again.walked);
    const subjectIn = (jwt: string): unknown =>
      (JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()) as { sub: unknown }).sub;
    expect(subjectIn(other)).toBe(subjectIn(token));
  });
});
