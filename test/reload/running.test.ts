import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { createGateway } from '../../src/gateway/gateway.ts';
import { Secret } from '../../src/types/secret.ts';
import { listen } from '../fixtures/mcp-web-bridge.ts';
import type { Stack, Tokens } from '../fixtures/stack.ts';
import { issuer, pkce, sealedRequest, startStack } from '../fixtures/stack.ts';

/** The same configuration with a few things changed. */
function changed(stack: Stack, changes: Partial<Config>): () => Promise<Config> {
  return () => Promise.resolve({ ...stack.auth.config, ...changes });
}

describe('what runs while a server is reloaded', () => {
  it('an event stream goes on, also when its endpoint is gone afterwards', async () => {
    let stream: ServerResponse | undefined;
    const behind = await listen((_request, response) => {
      stream = response;
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
    });
    const stack = await startStack({ proxy: [{ path: '/mcp', target: `${behind.url}/mcp` }] });
    const gateway = createGateway(stack.auth);
    const front = await listen(gateway.listener);
    const { access_token } = await stack.signIn();
    const headers = { authorization: `Bearer ${access_token}` };
    const response = await fetch(`${front.url}/mcp`, { headers });
    const reader = response.body?.getReader();
    const read = async (): Promise<string> => new TextDecoder().decode((await reader?.read())?.value);
    expect(await read()).toContain('data: 1');

    await stack.auth.reload(changed(stack, { proxies: [] }));
    expect((await fetch(`${front.url}/mcp`, { headers })).status).toBe(404);
    stream?.write('data: 2\n\n');
    expect(await read()).toContain('data: 2');
    gateway.endStreams();
    await expect(reader?.read()).rejects.toThrow();

    await gateway.close();
    await front.close();
    await stack.close();
    await behind.close();
  });

  it('a login goes on from any step, and its tokens are good', async () => {
    const stack = await startStack();
    let round = 0;
    const reload = (): Promise<readonly string[]> => {
      round += 1;
      const { lifespans } = stack.auth.config;
      return stack.auth.reload(changed(stack, { lifespans: { ...lifespans, session: round * 3_600_000 } }));
    };
    const { client_id } = await stack.register();
    await reload();
    const { verifier, challenge } = pkce();
    const browser = stack.browser();
    const consent = await browser.get(stack.authorizeUrl({ client_id, code_challenge: challenge }));
    await reload();
    const request = sealedRequest(await consent.text());
    const posted = await browser.post(`${issuer}/oauth/consent`, { request, decision: 'allow' });
    await reload();
    const back = await stack.provider.signIn(posted.headers.get('location') ?? '', 'alice');
    await reload();
    const landed = await browser.get(back);
    const code = new URL(landed.headers.get('location') ?? '').searchParams.get('code') ?? '';
    await reload();
    const grant = { grant_type: 'authorization_code', client_id, code, code_verifier: verifier };
    const tokens = (await (await stack.token(grant)).json()) as Tokens;
    await reload();
    const refreshed = await stack.refresh(client_id, tokens.refresh_token);
    expect(refreshed.status).toBe(200);
    expect(round).toBe(6);
    await stack.close();
  });

  it('a grant revoked before the reload stays dead at once: what is known of liveness outlives it', async () => {
    const stack = await startStack();
    const { access_token, refresh_token, clientId } = await stack.signIn({ scope: 'openid' });
    const headers = { authorization: `Bearer ${access_token}` };
    expect((await stack.call('/oauth/userinfo', { headers })).status).toBe(200);
    await stack.auth.reload(changed(stack, { shutdownDelay: 1 }));
    const body = new URLSearchParams({ token: refresh_token, client_id: clientId });
    await stack.call('/oauth/revoke', { method: 'POST', body });
    const [resource = ''] = stack.auth.config.resources;
    const token = await stack.auth.tokens.verify(access_token, resource);
    expect(token && (await stack.auth.sessions.check(token, null)).r).toBe('dead');
    await stack.close();
  });

  it('keys that were made for the process stay: without any configured, nobody is signed out', async () => {
    const stack = await startStack();
    const { clientId, refresh_token, access_token } = await stack.signIn({ scope: 'openid' });
    await stack.auth.reload(changed(stack, { shutdownDelay: 1 }));
    const headers = { authorization: `Bearer ${access_token}` };
    expect((await stack.call('/oauth/userinfo', { headers })).status).toBe(200);
    expect((await stack.refresh(clientId, refresh_token)).status).toBe(200);
    await stack.close();
  });

  it('an upstream that does not change is not asked anew', async () => {
    const stack = await startStack();
    await stack.signIn();
    await stack.provider.pause();
    await stack.auth.reload(changed(stack, { shutdownDelay: 1 }));
    expect((await stack.auth.readiness()).ready).toBe(true);
    await stack.provider.resume();
    await stack.close();
  });

  it('a renewal that fails changes nothing and is tried again', async () => {
    let broken = false;
    const stack = await startStack(
      {},
      {
        wrapStore: (store) => ({
          ...store,
          loadKeyRing: (name) => (broken ? Promise.reject(new Error('gone')) : store.loadKeyRing(name)),
        }),
      },
    );
    broken = true;
    await expect(stack.auth.reload(changed(stack, { shutdownDelay: 1 }))).rejects.toThrow('gone');
    expect(stack.auth.config.shutdownDelay).toBe(0);
    broken = false;
    await stack.auth.reload(changed(stack, { shutdownDelay: 1 }));
    expect(stack.auth.config.shutdownDelay).toBe(1);
    await stack.close();
  });

  it('a configuration that is refused leaves nobody behind who asks its upstreams', async () => {
    const stack = await startStack();
    const [upstream] = stack.auth.config.upstreams;
    if (upstream?.type !== 'oidc') throw new Error('the stack has an upstream');
    const asked = { refused: 0, taken: 0 };
    const down = (which: keyof typeof asked, heard: () => void = () => {}) =>
      listen((_request, response) => {
        asked[which] += 1;
        response.writeHead(503).end();
        heard();
      });
    const thrice = Promise.withResolvers<void>();
    const refused = await down('refused');
    const taken = await down('taken', () => asked.taken >= 3 && thrice.resolve());
    const clientCertificate = { cert: 'none', key: new Secret('none') };
    const { settings } = upstream;
    const unusable = { ...settings, transport: { ...settings.transport, clientCertificate } };
    const upstreams = [
      { ...upstream, name: 'first', issuer: refused.url },
      { ...upstream, name: 'second', settings: unusable },
    ];
    await expect(stack.auth.reload(changed(stack, { upstreams }))).rejects.toThrow('certificates');
    const before = asked.refused;
    await stack.auth.reload(
      changed(stack, { upstreams: [{ ...upstream, name: 'third', issuer: taken.url }] }),
    );
    // By then the first would have asked as often.
    await thrice.promise;
    expect(asked.refused - before).toBeLessThan(2);
    await stack.close();
    await refused.close();
    await taken.close();
  });
});
