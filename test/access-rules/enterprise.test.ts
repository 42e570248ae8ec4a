import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { standardSettings } from '../../src/config/upstream-settings.ts';
import { createLookups } from '../../src/upstream/access/lookups.ts';
import type { Lookups } from '../../src/upstream/access/lookups.ts';
import { membershipsOf } from '../../src/upstream/access/memberships.ts';
import { oauth2Config } from '../fixtures/upstream.ts';
import { authority, idp } from '../upstream/certificates.ts';
import { person } from './policy.ts';

const answer = [{ state: 'active', organization: { login: 'acme' }, user: { id: 7 } }];
const server = createServer(idp, (request, response) => {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(request.url?.startsWith('/api/v3/user/memberships') ? answer : []));
});

beforeAll(async () => {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve());
  });
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

function lookups(ca: string | null): Lookups {
  // A server that listens on TCP has such an address.
  const { port } = server.address() as AddressInfo;
  const settings = {
    ...standardSettings,
    profile: 'github',
    transport: { ...standardSettings.transport, ca },
  };
  const githubApiUrl = `https://127.0.0.1:${port}/api/v3`;
  const upstream = oauth2Config('https://git.example.com', { name: 'github', settings, githubApiUrl });
  return createLookups({
    access: [{ githubOrganizations: ['acme'] }],
    upstreams: [upstream],
    signIn: 'chain',
  });
}

it('a GitHub of the company is asked by way of the authority that its upstream trusts', async () => {
  const alice = person('github', { id: 7 });
  const trusting = lookups(authority);
  expect(membershipsOf(await trusting.complete(alice, 'token'))?.organizations).toEqual(['acme']);
  const doubting = lookups(null);
  await expect(doubting.complete(alice, 'token')).rejects.toMatchObject({ failure: 'unavailable' });
  trusting.close();
  doubting.close();
});
