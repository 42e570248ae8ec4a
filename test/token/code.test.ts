import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Stack } from '../fixtures/stack.ts';
import { pkce, redirectUri, resource, startStack } from '../fixtures/stack.ts';

describe('grant_type=authorization_code', () => {
  let stack: Stack;
  let clientId: string;
  beforeAll(async () => {
    stack = await startStack();
    clientId = (await stack.register()).client_id;
  });
  afterAll(() => stack.close());

  async function code(): Promise<{ form: Record<string, string>; verifier: string }> {
    const { verifier, challenge } = pkce();
    const redirect = await stack.login({
      client_id: clientId,
      code_challenge: challenge,
      scope: 'openid profile email',
    });
    const form = {
      grant_type: 'authorization_code',
      client_id: clientId,
      code: redirect.searchParams.get('code') ?? '',
      code_verifier: verifier,
      redirect_uri: redirectUri,
      resource,
    };
    return { form, verifier };
  }

  const errorOf = async (response: Response): Promise<unknown> =>
    ((await response.json()) as { error: unknown }).error;

  it('answers JSON that nobody keeps', async () => {
    const { form } = await code();
    const response = await stack.token(form);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain('application/json');
    expect(response.headers.get('cache-control')).toBe('no-store');
    const body = (await response.json()) as Record<string, unknown>;
    expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 3600, scope: 'openid profile email' });
  });

  it('needs no redirect_uri and no resource (OAuth 2.1)', async () => {
    const { form } = await code();
    const { redirect_uri: _, resource: __, ...less } = form;
    expect((await stack.token(less)).status).toBe(200);
  });

  it.each([
    ['a wrong verifier', { code_verifier: 'x'.repeat(43) }, 'invalid_grant'],
    ['a verifier that is too short', { code_verifier: 'x' }, 'invalid_grant'],
    ['another redirect URI', { redirect_uri: 'http://127.0.0.1:1/callback' }, 'invalid_grant'],
    ['another resource', { resource: 'https://mcp.example.com/other' }, 'invalid_target'],
    ['a resource that is no URI', { resource: 'mcp' }, 'invalid_target'],
  ])('is not burned by %s: the right request still works', async (_, change, error) => {
    const { form } = await code();
    const wrong = await stack.token({ ...form, ...change });
    expect(wrong.status).toBe(400);
    expect(await errorOf(wrong)).toBe(error);
    expect((await stack.token(form)).status).toBe(200);
  });

  it('is not burned by another client that got hold of it', async () => {
    const { form } = await code();
    const thief = await stack.register({ client_name: 'Thief', redirect_uris: ['https://thief.example/cb'] });
    const stolen = await stack.token({ ...form, client_id: thief.client_id });
    expect(await errorOf(stolen)).toBe('invalid_grant');
    expect((await stack.token(form)).status).toBe(200);
  });

  it('redeems once; an immediate second time is refused and harms nothing', async () => {
    const { form } = await code();
    const first = (await (await stack.token(form)).json()) as { refresh_token: string };
    expect(await errorOf(await stack.token(form))).toBe('invalid_grant');
    expect((await stack.refresh(clientId, first.refresh_token)).status).toBe(200);
  });

  it('a replay after ten seconds ends the grant', async () => {
    const { form } = await code();
    const first = (await (await stack.token(form)).json()) as { refresh_token: string };
    stack.advance(11_000);
    expect(await errorOf(await stack.token(form))).toBe('invalid_grant');
    expect(await errorOf(await stack.refresh(clientId, first.refresh_token))).toBe('invalid_grant');
    expect(stack.log.some((line) => line.level === 'warn' && line.message.includes('replayed'))).toBe(true);
  });

  it('gives one answer to a hundred parallel redemptions', async () => {
    const { form } = await code();
    const answers = await Promise.all(Array.from({ length: 100 }, () => stack.token(form)));
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1);
  });

  it('expires as invalid_grant', async () => {
    const { form } = await code();
    stack.advance(3_600_000);
    expect(await errorOf(await stack.token(form))).toBe('invalid_grant');
  });

  it.each([
    ['an unknown grant', { grant_type: 'password' }, 400, 'unsupported_grant_type'],
    ['no grant type', { grant_type: '' }, 400, 'invalid_request'],
    ['no code', { code: '' }, 400, 'invalid_request'],
    ['no verifier', { code_verifier: '' }, 400, 'invalid_request'],
    ['garbage as code', { code: 'sp_ac_garbage' }, 400, 'invalid_grant'],
    ['a refresh token as code', { code: 'sp_rt_AAAA' }, 400, 'invalid_grant'],
    ['an unknown client', { client_id: 'nobody' }, 401, 'invalid_client'],
    ['no client', { client_id: '' }, 400, 'invalid_request'],
  ])('%s', async (_, change, status, error) => {
    const form = {
      grant_type: 'authorization_code',
      client_id: clientId,
      code: 'x',
      code_verifier: 'y'.repeat(43),
    };
    const response = await stack.token({ ...form, ...change });
    expect(response.headers.get('content-type')).toContain('application/json');
    expect({ status: response.status, error: await errorOf(response) }).toEqual({ status, error });
  });

  it('refuses a parameter that came twice', async () => {
    const body = `grant_type=authorization_code&client_id=${clientId}&code=a&code=b&code_verifier=${'y'.repeat(43)}`;
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const response = await stack.call('/oauth/token', { method: 'POST', body, headers });
    expect(await errorOf(response)).toBe('invalid_request');
  });

  it('refuses two resources', async () => {
    const { form } = await code();
    const body = `${new URLSearchParams(form).toString()}&resource=https%3A%2F%2Fother.example`;
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    expect(await errorOf(await stack.call('/oauth/token', { method: 'POST', body, headers }))).toBe(
      'invalid_target',
    );
    expect((await stack.token(form)).status).toBe(200);
  });

  it('takes a form whatever its header calls it, as the Inspector’s web client needs it', async () => {
    const { form } = await code();
    const headers = { 'content-type': 'application/json', authorization: 'Bearer an-old-token' };
    const body = new URLSearchParams(form).toString();
    expect((await stack.call('/oauth/token', { method: 'POST', body, headers })).status).toBe(200);
  });

  it('refuses multipart', async () => {
    const body = new FormData();
    body.set('grant_type', 'authorization_code');
    expect(await errorOf(await stack.call('/oauth/token', { method: 'POST', body }))).toBe('invalid_request');
  });

  it('refuses JSON and GET', async () => {
    const headers = { 'content-type': 'application/json' };
    const response = await stack.call('/oauth/token', { method: 'POST', body: '{}', headers });
    expect(await errorOf(response)).toBe('invalid_request');
    expect((await stack.call('/oauth/token')).status).toBe(405);
  });

  it('caps the body', async () => {
    const response = await stack.token({ grant_type: 'authorization_code', code: 'x'.repeat(70_000) });
    expect(response.status).toBe(413);
    expect(await errorOf(response)).toBe('invalid_request');
  });

  it('lets browser clients in by CORS, without credentials', async () => {
    const preflight = await stack.call('/oauth/token', {
      method: 'OPTIONS',
      headers: { origin: 'https://a.example' },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe('*');
    expect(preflight.headers.get('access-control-allow-credentials')).toBeNull();
    const refused = await stack.token({ grant_type: 'nonsense' });
    expect(refused.headers.get('access-control-allow-origin')).toBe('*');
    expect(refused.headers.get('access-control-expose-headers')).toContain('WWW-Authenticate');
  });
});
