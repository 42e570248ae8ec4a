import { afterEach, describe, expect, it } from 'vitest';
import { upstreamAccess } from '../../src/server/upstream-access.ts';
import { Publisher } from '../cimd/publisher.ts';
import { startOidcProvider } from '../fixtures/oidc-provider.ts';
import type { Stack } from '../fixtures/stack.ts';
import { issuer, pkce, resource, sealedRequest } from '../fixtures/stack.ts';
import type { Audited } from './scene.ts';
import { startAudited } from './scene.ts';

const minute = 60_000;
const byDomain = { access: [{ email_domains: ['example.com'] }], identity_max_age: '10m' };
let audited: Audited;

afterEach(() => audited.close());

/** What every event of a login by the fixture's client says. */
const aLogin = {
  version: 1,
  correlationId: expect.stringMatching(/^[\w-]{12}$/),
  source: 'unknown',
  client: expect.stringMatching(/^[\w-]{16}$/),
  clientName: 'Test app',
  knownClient: null,
  standing: null,
  resource,
};
const aGrant = expect.stringMatching(/^[0-9a-f]{3}\.[\w-]{22}$/);
const aUser = expect.stringMatching(/^[\w-]{20,}$/);

/** A login up to the provider's answer. */
async function consented(stack: Stack): Promise<{ back: string; browser: ReturnType<Stack['browser']> }> {
  const { client_id } = await stack.register();
  const browser = stack.browser();
  const back = await stack.signInUpstream(browser, { client_id, code_challenge: pkce().challenge });
  return { back, browser };
}

describe('a server', () => {
  it('tells that it started, with which key, and that it was stopped', async () => {
    audited = await startAudited();
    const started = { event: 'started', outcome: 'success', issuer, ephemeral: true };
    expect(audited.of('started')).toMatchObject([{ ...started, signingKey: expect.any(String) }]);
    await audited.stack.close();
    expect(audited.of('stopped')).toMatchObject([{ issuer }]);
  });
});

describe('a login', () => {
  it('is told from the registration of its client to the first token', async () => {
    audited = await startAudited();
    await audited.stack.signIn();
    expect(audited.events.map(({ event }) => event)).toEqual([
      'started',
      'client_registered',
      'consent_allowed',
      'login_succeeded',
      'code_issued',
      'token_issued',
    ]);
    const [registered] = audited.of('client_registered');
    expect(registered).toMatchObject({ clientName: 'Test app', redirectTargets: ['127.0.0.1:33418'] });
    const [consent] = audited.of('consent_allowed');
    expect(consent).toMatchObject({ ...aLogin, outcome: 'success' });
    const login = { ...consent, user: aUser, grant: aGrant, time: expect.any(String) };
    expect(audited.of('login_succeeded')).toEqual([{ ...login, event: 'login_succeeded', upstream: 'demo' }]);
    expect(audited.of('code_issued')).toEqual([{ ...login, event: 'code_issued' }]);
    const [issued] = audited.of('token_issued');
    const { user, grant, client } = audited.first('login_succeeded');
    expect(issued).toMatchObject({ user, grant, client, resource, refreshable: true });
    expect(registered?.['client']).toBe(client);
  });

  it('tells that the user did not agree', async () => {
    audited = await startAudited();
    const { stack } = audited;
    const { client_id } = await stack.register();
    const browser = stack.browser();
    const page = await browser.get(stack.authorizeUrl({ client_id, code_challenge: pkce().challenge }));
    const form = { request: sealedRequest(await page.text()), decision: 'deny' };
    await browser.post(`${issuer}/oauth/consent`, form);
    expect(audited.of('consent_declined')).toMatchObject([{ ...aLogin, outcome: 'denied' }]);
    expect(audited.of('consent_allowed')).toEqual([]);
  });

  it('tells nothing before the user answers: whoever asks for pages fills no disk', async () => {
    audited = await startAudited();
    const { stack } = audited;
    const { client_id } = await stack.register();
    audited.forget();
    await stack.browser().get(stack.authorizeUrl({ client_id, code_challenge: pkce().challenge }));
    await stack.browser().get(stack.authorizeUrl({ client_id: 'nobody' }));
    await stack.token({ grant_type: 'refresh_token', refresh_token: 'garbage', client_id });
    expect(audited.events).toEqual([]);
  });

  it('tells that the identity provider did not answer', async () => {
    audited = await startAudited();
    const { back, browser } = await consented(audited.stack);
    await audited.stack.provider.pause();
    expect((await browser.get(back)).status).toBe(503);
    await audited.stack.provider.resume();
    const failed = { ...aLogin, outcome: 'failure', upstream: 'demo', reason: 'unavailable' };
    expect(audited.of('login_failed')).toMatchObject([failed]);
  });

  it('tells that the identity provider refused the user', async () => {
    audited = await startAudited();
    const { back, browser } = await consented(audited.stack);
    const url = new URL(back);
    url.searchParams.delete('code');
    url.searchParams.set('error', 'access_denied');
    await browser.get(url.href);
    expect(audited.of('login_failed')).toMatchObject([{ reason: 'denied' }]);
  });

  it('tells whom the access rules turned away, and why, without an e-mail address', async () => {
    audited = await startAudited({ access: [{ email_domains: ['elsewhere.example'] }] });
    const { back, browser } = await consented(audited.stack);
    expect((await browser.get(back)).status).toBe(403);
    const denied = { ...aLogin, outcome: 'denied', at: 'login', user: aUser, grant: null };
    const why = {
      reason: 'no access rule matches',
      rules: ['rule 1 (email_domains: the e-mail is another one)'],
    };
    expect(audited.of('access_denied')).toMatchObject([{ ...denied, ...why }]);
    expect(JSON.stringify(audited.events)).not.toContain('alice@');
    expect(audited.of('login_succeeded')).toEqual([]);
  });
});

describe('the life of a grant', () => {
  it('tells each rotation, and each repetition within the grace', async () => {
    audited = await startAudited();
    const { stack } = audited;
    const { clientId, refresh_token } = await stack.signIn();
    await stack.refresh(clientId, refresh_token);
    await stack.refresh(clientId, refresh_token);
    const { grant, user, client } = audited.first('token_issued');
    const rotated = { grant, user, client, resource, generation: 2 };
    expect(audited.of('refreshed')).toMatchObject([rotated]);
    expect(audited.of('refresh_repeated')).toMatchObject([rotated]);
  });

  it('tells that the store had lost its last write', async () => {
    audited = await startAudited(
      {},
      {
        wrapStore: (store) => ({
          ...store,
          rotateRefresh: async (step) => {
            const result = await store.rotateRefresh(step);
            return result.r === 'ok' ? { ...result, r: 'advanced' } : result;
          },
        }),
      },
    );
    const { clientId, refresh_token } = await audited.stack.signIn();
    expect((await audited.stack.refresh(clientId, refresh_token)).status).toBe(200);
    expect(audited.of('refresh_advanced')).toMatchObject([
      { outcome: 'success', generation: 2, user: aUser },
    ]);
    expect(audited.of('refreshed')).toEqual([]);
  });

  it('tells a replayed refresh token as a theft, once, and that the grant ended', async () => {
    audited = await startAudited();
    const { stack } = audited;
    const { clientId, refresh_token } = await stack.signIn();
    await stack.refresh(clientId, refresh_token);
    stack.advance(5 * minute);
    await stack.refresh(clientId, refresh_token);
    await stack.refresh(clientId, refresh_token);
    const { grant, client } = audited.first('token_issued');
    const theft = audited.first('theft_detected');
    const more = audited.of('theft_detected').slice(1);
    expect(theft).toMatchObject({ outcome: 'attack', what: 'refresh_token', grant, client });
    expect(more).toEqual([]);
    const { correlationId } = theft;
    const ended = { by: 'server', what: 'grant', why: 'refresh_token_replayed', grant, correlationId };
    expect(audited.of('revoked')).toMatchObject([ended]);
  });

  it('tells a replayed code as a theft', async () => {
    audited = await startAudited();
    const { stack } = audited;
    const { client_id } = await stack.register();
    const { verifier, challenge } = pkce();
    const back = await stack.login({ client_id, code_challenge: challenge });
    const code = back.searchParams.get('code') ?? '';
    const form = { grant_type: 'authorization_code', client_id, code, code_verifier: verifier };
    await stack.token(form);
    stack.advance(20_000);
    expect((await stack.token(form)).status).toBe(400);
    expect(audited.of('theft_detected')).toMatchObject([{ what: 'code', grant: aGrant }]);
    expect(audited.of('revoked')).toMatchObject([{ why: 'code_replayed', by: 'server' }]);
  });

  it('tells that the access rules turned a user away later, and that the grant ended', async () => {
    const alice: Record<string, unknown> = { email: 'alice@example.com', email_verified: true };
    const provider = await startOidcProvider({
      clients: [fixtureClient],
      users: { alice },
    });
    audited = await startAudited(byDomain, { provider });
    const { stack } = audited;
    const { clientId, refresh_token } = await stack.signIn({ scope: 'openid email' });
    alice['email_verified'] = false;
    stack.advance(11 * minute);
    expect((await stack.refresh(clientId, refresh_token)).status).toBe(400);
    const { grant, user } = audited.first('token_issued');
    expect(audited.of('access_denied')).toMatchObject([{ at: 'refresh', grant, user, upstream: 'demo' }]);
    expect(audited.of('revoked')).toMatchObject([{ by: 'server', why: 'access_denied', grant, user }]);
    expect(audited.of('refreshed')).toEqual([]);
  });

  it('tells that the identity provider ended a sign-in: the connection is dead, the grant revoked', async () => {
    audited = await startAudited(byDomain);
    const { stack } = audited;
    const { clientId, refresh_token } = await stack.signIn();
    refuseRefreshes(stack);
    stack.advance(11 * minute);
    expect((await stack.refresh(clientId, refresh_token)).status).toBe(400);
    const { grant, user } = audited.first('token_issued');
    expect(audited.of('connection_dead')).toMatchObject([{ user, upstream: 'demo', outcome: 'failure' }]);
    expect(audited.of('revoked')).toMatchObject([{ by: 'server', why: 'upstream_ended', grant, user }]);
  });

  it('tells what a client revokes: the grant, or one access token', async () => {
    audited = await startAudited();
    const { stack } = audited;
    const { clientId, access_token, refresh_token } = await stack.signIn();
    const revoke = async (token: string): Promise<void> => {
      const body = new URLSearchParams({ token, client_id: clientId });
      expect((await stack.call('/oauth/revoke', { method: 'POST', body })).status).toBe(200);
    };
    await revoke(access_token);
    await revoke(refresh_token);
    await revoke(refresh_token);
    const { grant, user, client } = audited.first('token_issued');
    const byClient = { by: 'client', why: 'revoked_by_client', grant, client };
    expect(audited.of('revoked')).toMatchObject([
      { ...byClient, what: 'access_token', user },
      { ...byClient, what: 'grant', user: null },
    ]);
  });

  it('tells that revoking too many access tokens ended the grant', async () => {
    audited = await startAudited();
    const { stack } = audited;
    let tokens = await stack.signIn();
    const { clientId } = tokens;
    for (let count = 0; count < 17; count += 1) {
      const body = new URLSearchParams({ token: tokens.access_token, client_id: clientId });
      await stack.call('/oauth/revoke', { method: 'POST', body });
      const next = await stack.refresh(clientId, tokens.refresh_token);
      if (next.status === 200)
        tokens = { clientId, ...((await next.json()) as Omit<typeof tokens, 'clientId'>) };
    }
    expect(audited.of('revoked')).toHaveLength(17);
    expect(audited.of('revoked').at(-1)).toMatchObject({
      by: 'server',
      what: 'grant',
      why: 'access_tokens_revoked',
    });
  });
});

describe('a connection to an identity provider', () => {
  it('tells that it was refreshed', async () => {
    audited = await startAudited({ token_lifespans: { access_token_lifespan: '3h' } });
    const { stack } = audited;
    const { access_token } = await stack.signIn();
    stack.advance(59 * minute + 30_000);
    expect(await upstreamAccess(stack.auth, access_token)).not.toBeNull();
    const { user } = audited.first('token_issued');
    expect(audited.of('connection_refreshed')).toMatchObject([{ user, upstream: 'demo' }]);
  });
});

const fixtureClient = {
  client_id: 'sallyport',
  client_secret: 'upstream-secret-upstream-secret-1',
  redirect_uris: [`${issuer}/oauth/callback`],
  grant_types: ['authorization_code', 'refresh_token'],
};

/** The provider declares every refresh token dead. */
function refuseRefreshes(stack: Stack): void {
  stack.provider.intercept((request, response) => {
    if (request.method !== 'POST' || request.url !== '/token') return false;
    response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":"invalid_grant"}');
    return true;
  });
}

describe('a client with a document', () => {
  it('that is not let in is told under the reference of its page, with the reason', async () => {
    const publisher = await Publisher.start();
    audited = await startAudited({}, { collaborators: { documentFetch: publisher.fetch() } });
    const { stack } = audited;
    const visit = async (id: string): Promise<string> =>
      (await stack.browser().get(stack.authorizeUrl({ client_id: id }))).text();
    const wrong = publisher.publish('/wrong.json', { client_secret: 'x' });
    const [, reference = ''] = /Reference for support: <code><bdi>([\w-]+)/u.exec(await visit(wrong)) ?? [];
    await visit(publisher.at('/none.json', 'app.example.com').replace('https:', 'http:'));
    publisher.on('/down.json', (response) => void response.writeHead(503).end());
    await visit(publisher.at('/down.json'));
    expect(audited.of('client_refused')).toMatchObject([
      { correlationId: reference, outcome: 'denied', address: wrong, kind: 'invalid' },
      { kind: 'invalid' },
      { kind: 'unreachable', reason: expect.stringContaining('503') },
    ]);
    // Only what was fetched can fail there.
    expect(audited.of('client_document_failed')).toMatchObject([
      { kind: 'invalid', host: `app.example.com:${publisher.port}` },
      { kind: 'unreachable' },
    ]);
    expect(JSON.stringify(audited.events)).not.toContain('"x"');
    await publisher.close();
  });
});
