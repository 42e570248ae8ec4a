/** A life full of accidents, for a process that is searched afterwards. */
import { json, raw } from '../fixtures/hostile-server.ts';
import { pkce } from '../fixtures/stack.ts';
import type { LeakScene } from './leak-scene.ts';
import { random } from './leak-scene.ts';

/** Logins, refreshes, revocations, and failures of every kind. */
export async function live(scene: LeakScene): Promise<void> {
  const client = await registered(scene);
  await goodLife(scene, client);
  await badLogins(scene, client);
  await badTokens(scene, client);
  await badRefreshes(scene, client);
}

async function registered(scene: LeakScene): Promise<string> {
  const body = JSON.stringify({ client_name: 'App', redirect_uris: ['http://127.0.0.1:33418/callback'] });
  const headers = { 'content-type': 'application/json' };
  const answer = await scene.visit('/oauth/register', { method: 'POST', body, headers });
  const confidential = JSON.stringify({
    client_name: 'Confidential',
    redirect_uris: ['https://app.example.com/callback'],
    token_endpoint_auth_method: 'client_secret_post',
  });
  const other = await scene.visit('/oauth/register', { method: 'POST', body: confidential, headers });
  const { client_id, client_secret } = JSON.parse(other.body) as { client_id: string; client_secret: string };
  scene.secrets.add('registered client secret', client_secret);
  await scene.post('/oauth/token', {
    grant_type: 'refresh_token',
    refresh_token: 'x',
    client_id,
    client_secret,
  });
  await scene.post('/oauth/token', {
    grant_type: 'refresh_token',
    refresh_token: 'x',
    client_id,
    client_secret: `${client_secret}x`,
  });
  return (JSON.parse(answer.body) as { client_id: string }).client_id;
}

/** Login, use, refresh, userinfo, introspection, revocation. */
async function goodLife(scene: LeakScene, client: string): Promise<void> {
  const { code, verifier } = await scene.login(client);
  const form = { grant_type: 'authorization_code', client_id: client, code, code_verifier: verifier };
  const first = scene.learnTokens(await scene.post('/oauth/token', form));
  await scene.answerTokens(null);
  await scene.call(first.access_token);
  const second = scene.learnTokens(
    await scene.post('/oauth/token', {
      grant_type: 'refresh_token',
      client_id: client,
      refresh_token: first.refresh_token,
    }),
  );
  await scene.visit('/oauth/userinfo', { headers: { authorization: `Bearer ${second.access_token}` } });
  const basic = Buffer.from(`dashboard:${scene.staticClient.secret}`).toString('base64');
  await scene.post('/oauth/introspect', { token: second.access_token }, { authorization: `Basic ${basic}` });
  await scene.post('/oauth/introspect', { token: second.access_token }, { authorization: `Basic ${basic}x` });
  await scene.post('/oauth/revoke', { token: second.access_token, client_id: client });
  await scene.call(second.access_token);
  await scene.post('/oauth/revoke', { token: second.refresh_token, client_id: client });
  await scene.post('/oauth/token', {
    grant_type: 'refresh_token',
    client_id: client,
    refresh_token: second.refresh_token,
  });
}

/** A provider that repeats what it was told, in every way, and callbacks that carry lies. */
async function badLogins(scene: LeakScene, client: string): Promise<void> {
  const { verifier, challenge } = challengePair(scene);
  const echoes = [
    (text: string) =>
      json({ error: 'invalid_grant', error_description: text, error_uri: `https://x/?${text}` }, 400),
    (text: string) => json({ error: `e_${text}`, error_description: text }, 401),
    (text: string) =>
      raw(text, { 'content-type': 'text/plain', 'www-authenticate': `Basic realm="${text}"` }, 500),
    (text: string) => raw(`<html>${text}`, { 'content-type': 'text/html' }),
    (text: string) => json({ access_token: text, token_type: text, id_token: text }),
    (text: string) =>
      json({
        access_token: text,
        token_type: 'bearer',
        id_token: `${Buffer.from(text).toString('base64url')}.e30.x`,
      }),
    (text: string) => raw('', { location: `/elsewhere?${encodeURIComponent(text)}` }, 302),
  ];
  for (const echo of echoes) {
    const { upstream, cookie } = await scene.toProvider(client, challenge);
    // `|` and blanks would not survive in a header.
    scene.idp.on('/token', ({ body, headers }, response) =>
      echo(`${body}&${headers.authorization ?? ''}`.replaceAll(/[^\w.%=&+/-]/gu, ''))(
        { method: '', url: '', headers, body },
        response,
      ),
    );
    await scene.callback(cookie, { code: scene.upstreamCode(), state: upstream.get('state') ?? '' });
  }
  const { upstream, cookie } = await scene.toProvider(client, challenge);
  const state = upstream.get('state') ?? '';
  await scene.callback(cookie, { code: scene.upstreamCode(), state: `${state.slice(0, -1)}A` });
  await scene.callback('sallyport=none', { code: scene.upstreamCode(), state });
  await scene.callback(cookie, { error: 'server_error', error_description: scene.upstreamCode(), state });
  await scene.callback(cookie, {
    code: scene.upstreamCode(),
    state,
    iss: `https://evil.example/${scene.upstreamCode()}`,
  });
  await scene.post('/oauth/consent', { request: 'x', decision: verifier }, { cookie, origin: scene.issuer });
}

function challengePair(scene: LeakScene): { verifier: string; challenge: string } {
  const pair = pkce();
  scene.secrets.add('client verifier', pair.verifier);
  return pair;
}

/** Right secrets in wrong places, wrong secrets in right places. */
async function badTokens(scene: LeakScene, client: string): Promise<void> {
  const { code, verifier } = await scene.login(client);
  const form = { grant_type: 'authorization_code', client_id: client, code, code_verifier: verifier };
  const wrong = random('client-verifier-');
  scene.secrets.add('client verifier', wrong);
  await scene.post('/oauth/token', { ...form, code_verifier: wrong });
  await scene.post('/oauth/token', { ...form, redirect_uri: `https://x.example/?${code}` });
  await scene.post('/oauth/token', { ...form, resource: `https://x.example/${code}` });
  await scene.post('/oauth/token', { ...form, grant_type: code });
  await scene.post('/oauth/token', { ...form, client_id: code });
  await scene.post(`/oauth/token?code=${code}`, {});
  await scene.visit(`/oauth/token?code=${code}&code_verifier=${verifier}`);
  await scene.visit('/oauth/token', {
    method: 'POST',
    body: `code=${code}&code=${code}&client_id=${client}`,
  });
  await scene.visit('/oauth/register', {
    method: 'POST',
    body: `{"client_name": "${code}`,
    headers: { 'content-type': 'application/json' },
  });
  const tokens = scene.learnTokens(await scene.post('/oauth/token', form));
  await scene.post('/oauth/token', form);
  const { access_token, refresh_token } = tokens;
  await scene.call(`${access_token}x`);
  await scene.call(refresh_token);
  await scene.call(access_token, `?access_token=${access_token}`);
  await scene.visit('/mcp', { headers: { authorization: `Bearer ${access_token} ${refresh_token}` } });
  await scene.visit('/oauth/userinfo', { headers: { authorization: `Bearer ${refresh_token}` } });
  await scene.visit(`/oauth/${access_token}`);
  await scene.visit(
    `/oauth/authorize?client_id=${refresh_token}&redirect_uri=https://x.example/${access_token}`,
  );
  await scene.visit(
    `/oauth/authorize?client_id=${client}&redirect_uri=http://127.0.0.1/callback/${access_token}`,
  );
  await scene.post('/oauth/token', {
    grant_type: 'refresh_token',
    client_id: client,
    refresh_token: `${refresh_token}x`,
  });
  await scene.post('/oauth/token', {
    grant_type: 'refresh_token',
    client_id: client,
    refresh_token,
    scope: access_token,
  });
  await scene.visit(`/readyz?token=${access_token}`);
}

/** An upstream that fails while tokens are renewed, and an MCP server that repeats them in its own failures. */
async function badRefreshes(scene: LeakScene, client: string): Promise<void> {
  const token = await signedIn(scene, { client, account: 'bob' });
  scene.mcp.on('/mcp', ({ headers }, response) => {
    const { authorization } = headers;
    response.writeHead(401, {
      'www-authenticate': `Bearer error="${authorization}"`,
      location: `/?${authorization}`,
    });
    response.end(authorization);
  });
  await scene.answerTokens(null);
  await scene.call(token);
  scene.mcp.on('/mcp', (_request, response) => void response.destroy());
  await scene.call(token);
  scene.idp.on('/token', ({ body, headers }, response) => {
    response.writeHead(500).end(`${body} ${headers.authorization}`);
  });
  await scene.call(token);
  // An upstream that failed is left alone for a while, for the connection of that user.
  const other = await signedIn(scene, { client, account: 'carol' });
  scene.idp.on('/token', ({ body }, response) => {
    response.writeHead(400, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error: 'invalid_grant', error_description: body }));
  });
  await scene.call(other);
}

async function signedIn(
  scene: LeakScene,
  { client, account }: { client: string; account: string },
): Promise<string> {
  scene.account = account;
  const { code, verifier } = await scene.login(client);
  const form = { grant_type: 'authorization_code', client_id: client, code, code_verifier: verifier };
  return scene.learnTokens(await scene.post('/oauth/token', form)).access_token;
}
