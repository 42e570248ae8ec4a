import { afterEach, describe, expect, it } from 'vitest';
import { createGateway } from '../../src/gateway/gateway.ts';
import { upstreamAccess } from '../../src/server/upstream-access.ts';
import { listen } from '../fixtures/mcp-web-bridge.ts';
import { issuer } from '../fixtures/stack.ts';
import { Several } from './world.ts';

let several: Several;
const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
  await several.close();
});

const allow = { decision: 'allow' };

async function signIn(accounts: Record<string, string> = {}, fields: Record<string, string> = allow) {
  const visit = await several.open();
  const walked = await several.walk(visit, await several.press(visit, fields), accounts);
  return { walked, tokens: await several.redeem(visit, walked) };
}

/** Whose token it is, by the word of the provider that gave it. */
async function ownerOf(upstream: string, token: string): Promise<unknown> {
  const answer = await fetch(`${several.providers[upstream]?.issuer}/me`, {
    headers: { authorization: token },
  });
  return answer.status === 200 ? ((await answer.json()) as { sub: unknown }).sub : answer.status;
}

describe('the tokens of several upstreams', () => {
  it('reach the MCP server of each proxy: its own upstream’s and no other', async () => {
    const seen: Record<string, string> = {};
    const behind = await listen((request, response) => {
      seen[request.url ?? ''] = request.headers.authorization ?? '';
      request.resume();
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
    const names = ['first', 'second'];
    const proxy = [...names, 'none'].map((name) => ({
      path: `/${name}`,
      target: `${behind.url}/${name}`,
      upstream: name,
    }));
    several = await Several.start(names, { proxy, allowed_audiences: undefined });
    const gateway = createGateway(several.stack.auth);
    const front = await listen(gateway.listener);
    closers.push(
      () => front.close(),
      () => gateway.close(),
      () => behind.close(),
    );
    for (const name of [...names, 'none']) {
      const visit = await several.open({ resource: `${issuer}/${name}` });
      const walked = await several.walk(visit, await several.press(visit, allow), {
        second: 'alice-at-work',
      });
      const { access_token: token } = await several.redeem(visit, walked);
      const headers = { authorization: `Bearer ${token}` };
      expect((await fetch(`${front.url}/${name}`, { method: 'POST', headers, body: '{}' })).status).toBe(200);
    }
    expect(await ownerOf('first', seen['/first'] ?? '')).toBe('alice');
    expect(await ownerOf('second', seen['/second'] ?? '')).toBe('alice-at-work');
    expect(await ownerOf('second', seen['/first'] ?? '')).toBe(401);
    expect(seen['/none']).toBe('');
  });

  it('are a host program’s to ask for by name, and by default those of the sign-in', async () => {
    several = await Several.start(
      ['first', 'second', 'later'],
      {},
      { changes: { later: { when: 'later' } } },
    );
    const { tokens } = await signIn({ second: 'alice-at-work' });
    const { auth } = several.stack;
    const second = await upstreamAccess(auth, tokens.access_token, 'second');
    expect(second?.upstream).toBe('second');
    expect(await ownerOf('second', `Bearer ${second?.accessToken}`)).toBe('alice-at-work');
    expect((await upstreamAccess(auth, tokens.access_token))?.upstream).toBe('first');
    expect(await upstreamAccess(auth, tokens.access_token, 'later')).toBeNull();
    await expect(upstreamAccess(auth, tokens.access_token, 'nowhere')).rejects.toThrow(TypeError);
  });

  it('are asked for again when more scopes are wanted than were granted', async () => {
    several = await Several.start(['first', 'second']);
    await signIn();
    expect((await signIn()).walked.way).toEqual(['first']);
    const oidc_config = {
      issuer_url: several.providers['second']?.issuer,
      client_id: 'sallyport-at-second',
      client_secret_env_var: 'UPSTREAM_SECRET',
      scopes: ['openid', 'files:read'],
    };
    await several.reconfigure({}, { second: { oidc_config } });
    expect((await signIn()).walked.way).toEqual(['first', 'second']);
  });

  it('are refreshed on the way past an upstream that is left out, and asked for again when they cannot be', async () => {
    several = await Several.start(['first', 'second'], {}, { ttl: { accessToken: 300 } });
    await signIn();
    several.stack.advance(300_000);
    const asked = (): number =>
      several.providers['second']?.requests.filter((one) => one === 'POST /token').length ?? 0;
    const before = asked();
    expect((await signIn()).walked.way).toEqual(['first']);
    expect(asked()).toBeGreaterThan(before);
    several.stack.advance(300_000);
    several.providers['second']?.intercept((request, response) => {
      if (request.url !== '/token') return false;
      response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":"invalid_grant"}');
      return true;
    });
    const visit = await several.open();
    const back = await several.signInAt(await several.press(visit, allow), 'alice');
    const next = (await visit.browser.get(back)).headers.get('location') ?? '';
    several.providers['second']?.intercept(null);
    expect(several.nameOf(next)).toBe('second');
    expect((await several.walk(visit, next)).way).toEqual(['second']);
  });
});
