import { expect, test } from 'vitest';
import { ask, authorize, login, readJwt, start } from './bare-client.ts';

const alice = '11111111-1111-4111-8111-111111111111';

async function wellKnown(base: string): Promise<Record<string, number>> {
  const origin = new URL(base).origin;
  const places = {
    appended: `${origin}/realms/x/.well-known/openid-configuration`,
    inserted: `${origin}/.well-known/openid-configuration/realms/x`,
    root: `${origin}/.well-known/openid-configuration`,
    oauth: `${origin}/.well-known/oauth-authorization-server/realms/x`,
  };
  const entries = Object.entries(places).map(async ([name, url]) => [name, (await ask(url)).status] as const);
  return Object.fromEntries(await Promise.all(entries));
}

test.each([
  ['appended', { appended: 200, inserted: 404, root: 404, oauth: 404 }],
  ['inserted', { appended: 404, inserted: 200, root: 404, oauth: 404 }],
  ['both', { appended: 200, inserted: 200, root: 404, oauth: 404 }],
  ['none', { appended: 404, inserted: 404, root: 404, oauth: 404 }],
] as const)('metadata of an issuer with a path is %s', async (discovery, statuses) => {
  await using simulator = await start({ quirks: { issuerPath: '/realms/x', discovery } });
  expect(await wellKnown(simulator.issuer)).toEqual(statuses);
});

test('metadata under the name of RFC 8414', async () => {
  await using simulator = await start({
    quirks: { issuerPath: '/realms/x', discovery: 'inserted', metadataNames: ['oauth-authorization-server'] },
  });
  expect(await wellKnown(simulator.issuer)).toMatchObject({ inserted: 404, oauth: 200 });
});

test('an issuer with a slash at its end says so everywhere, and its metadata is found without a second one', async () => {
  await using simulator = await start({ quirks: { issuerTrailingSlash: true } });
  expect(simulator.issuer).toMatch(/\/$/);
  const { body } = await ask(`${simulator.issuer}.well-known/openid-configuration`);
  expect(body['issuer']).toBe(simulator.issuer);
  const tokens = await login(simulator);
  expect(readJwt(tokens.body['id_token']).claims['iss']).toBe(simulator.issuer);
});

test('the issuer of the metadata is a template, that of the token has the tenant of the user', async () => {
  await using simulator = await start({ preset: 'entra-multi' });
  const { body } = await ask(simulator.discovery[0] ?? '');
  expect(body['issuer']).toMatch(/\/\{tenantid\}\/v2\.0$/);
  const tokens = await login(simulator);
  expect(readJwt(tokens.body['id_token']).claims['iss']).toBe(
    String(body['issuer']).replace('{tenantid}', alice),
  );
});

test('the issuer of the first version of Entra is on another host, in metadata and tokens', async () => {
  await using simulator = await start({ preset: 'entra-v1' });
  const { body } = await ask(simulator.discovery[0] ?? '');
  expect(new URL(String(body['issuer'])).host).not.toBe(new URL(simulator.issuer).host);
  expect(body['issuer']).toMatch(new RegExp(`/${alice}/$`));
  const tokens = await login(simulator);
  expect(readJwt(tokens.body['id_token']).claims['iss']).toBe(body['issuer']);
});

test('the issuer of ID tokens can lack its scheme', async () => {
  await using simulator = await start({ quirks: { idTokenIssuer: '{host}' } });
  const tokens = await login(simulator);
  expect(`http://${String(readJwt(tokens.body['id_token']).claims['iss'])}`).toBe(simulator.issuer);
});

test('endpoints on another host are there and nowhere else', async () => {
  await using simulator = await start({ quirks: { foreignHost: ['token', 'jwks'] } });
  const { body } = await ask(simulator.discovery[0] ?? '');
  const foreign = new URL(String(body['token_endpoint']));
  expect(foreign.host).not.toBe(new URL(simulator.issuer).host);
  expect((await ask(String(body['jwks_uri']))).status).toBe(200);
  expect((await ask(`${simulator.issuer}/jwks`)).status).toBe(404);
  expect((await ask(`${foreign.origin}/authorize`)).status).toBe(404);
  expect((await login(simulator)).status).toBe(200);
});

test('only users of the tenant sign in where there is one', async () => {
  await using simulator = await start({ preset: 'entra-single' });
  expect((await authorize(simulator, {}, 'bob'))['error']).toBe('access_denied');
  expect((await authorize(simulator, {}, 'alice'))['code']).toBeDefined();
});
