import { describe, expect, it } from 'vitest';
import { complaints, resolve, runConfig } from './fixture.ts';
import type { Json } from './fixture.ts';

const target = 'http://127.0.0.1:9000/mcp';
const scopes = {
  'notes:read': { description: 'Read your notes' },
  'notes:write': { implies: ['notes:read'], default: false },
  'notes:admin': { implies: ['notes:write'] },
};
const proxied = (change: Json, config: Json = {}): Json =>
  runConfig({ allowed_audiences: [], scopes, proxy: [{ path: '/mcp', target, ...change }], ...config });

describe('scopes', () => {
  it('exist beside the usual ones, or are of those that are listed', async () => {
    expect((await resolve(runConfig({ scopes }))).scopesSupported).toEqual(
      'openid profile email offline_access notes:read notes:write notes:admin'.split(' '),
    );
    const listed = { scopes_supported: ['notes:read', 'openid'], scopes: { 'notes:read': {} } };
    expect((await resolve(runConfig(listed))).scopesSupported).toEqual(['notes:read', 'openid']);
    expect(await complaints(runConfig({ ...listed, scopes: { 'notes:reed': {} } }))).toEqual([
      'scopes["notes:reed"]: is not in scopes_supported',
    ]);
  });

  it('include what those include that they imply', async () => {
    expect((await resolve(runConfig({ scopes }))).scopeHierarchy).toEqual({
      'notes:write': ['notes:read'],
      'notes:admin': ['notes:write', 'notes:read'],
    });
  });

  it.each([
    [{ a: { implies: ['a'] } }],
    [{ a: { implies: ['b'] }, b: { implies: ['a'] } }],
    [{ a: { implies: ['b'] }, b: { implies: ['c'] }, c: { implies: ['d', 'a'] }, d: {} }],
  ])('may not imply each other: %j', async (circle) => {
    expect(await complaints(runConfig({ scopes: circle }))).toEqual([
      'scopes.a.implies: leads back to the scope itself',
    ]);
  });

  it('may not give away who somebody is, nor be given for it', async () => {
    for (const odd of [{ a: { implies: ['email'] } }, { profile: { implies: ['a'] }, a: {} }])
      expect(await complaints(runConfig({ scopes: odd }))).toEqual([
        expect.stringContaining('is about one of openid, profile, email, offline_access'),
      ]);
  });

  it('imply scopes that exist, have names of scopes, and are described once', async () => {
    expect(await complaints(runConfig({ scopes: { a: { implies: ['b'] } } }))).toEqual([
      'scopes.a.implies[0]: is not in scopes_supported',
    ]);
    expect(await complaints(runConfig({ scopes: { 'a b': {} } }))).toEqual(['scopes["a b"]: is not a scope']);
    const twice = { scopes, scope_descriptions: { 'notes:read': 'Read' } };
    expect(await complaints(runConfig(twice))).toEqual([
      'scope_descriptions["notes:read"]: is said a second time in scopes',
    ]);
    expect(await complaints(runConfig({ scopes: { a: { implise: [] } } }))).toHaveLength(1);
    expect((await resolve(runConfig({ scopes }))).scopeDescriptions).toEqual({
      'notes:read': 'Read your notes',
    });
  });

  it('make a file one of ours', async () => {
    expect((await resolve(runConfig({ access: 'anyone', scopes }))).toolhiveFile).toBe(false);
  });
});

describe('the scopes of a proxy', () => {
  it('are of its own list, when it has one', async () => {
    const own = { scopes_supported: ['notes:read'] };
    const { proxies } = await resolve(proxied({ ...own, scopes: ['openid', 'notes:read'] }));
    expect(proxies[0]).toMatchObject({ scopesSupported: ['notes:read'], scopes: ['openid', 'notes:read'] });
    expect(await complaints(proxied({ ...own, scopes: ['notes:write'] }))).toEqual([
      'proxy[0].scopes[0]: is not in scopes_supported of this endpoint',
    ]);
    expect(await complaints(proxied({ scopes_supported: ['nope'] }))).toEqual([
      'proxy[0].scopes_supported[0]: is not in scopes_supported',
    ]);
  });

  it('may be demanded of single tools, when all others are named too', async () => {
    const tools = { '*': [], 'delete_*': ['notes:write'] };
    const { proxies } = await resolve(proxied({ tools }));
    expect(proxies[0]?.tools).toEqual([
      { pattern: '*', scopes: [] },
      { pattern: 'delete_*', scopes: ['notes:write'] },
    ]);
    expect(await complaints(proxied({ tools: { 'delete_*': ['notes:write'] } }))).toEqual([
      'proxy[0].tools: does not say what all other tools need, also those that the MCP server gets one day',
    ]);
    expect(await complaints(proxied({ tools: { '*': ['nope'], ' x': [] } }))).toEqual([
      'proxy[0].tools["*"][0]: is not in scopes_supported',
      'proxy[0].tools[" x"]: is not the name of a tool',
    ]);
  });

  it('limit bodies to what can be held and read', async () => {
    const tools = { '*': [] };
    expect((await resolve(proxied({ tools }))).proxies[0]?.maxBody).toBe(4_194_304);
    expect((await resolve(proxied({ tools, max_body: 16_777_216 }))).proxies[0]?.maxBody).toBe(16_777_216);
    expect(await complaints(proxied({ tools, max_body: 16_777_217 }))).toEqual([
      'proxy[0].max_body: is more than can be read to see which tool is called',
    ]);
    expect((await resolve(proxied({ max_body: 16_777_217 }))).proxies[0]?.maxBody).toBe(16_777_217);
  });

  it('are no protection when another endpoint leads to the same server without them', async () => {
    const door = (tools: object): Json =>
      runConfig({
        allowed_audiences: [],
        proxy: [
          { path: '/mcp', target, tools: { '*': ['openid'] } },
          { path: '/b', target, ...tools },
        ],
      });
    expect((await resolve(door({}))).warnings).toEqual([
      expect.stringContaining('proxy[1]: leads to the target of proxy[0]'),
    ]);
    expect((await resolve(door({ tools: { '*': [] } }))).warnings).toEqual([]);
  });
});
