import { describe, expect, it } from 'vitest';
import { wellKnownPaths } from '../../src/oauth/metadata.ts';

describe('the places of the metadata', () => {
  it('of an issuer without a path are at the root, each once', () => {
    for (const issuer of ['https://mcp.example.com', 'https://mcp.example.com/']) {
      expect(wellKnownPaths(issuer, { pathStripped: false })).toEqual({
        authorizationServer: ['/.well-known/oauth-authorization-server'],
        openidConfiguration: ['/.well-known/openid-configuration'],
        jwks: ['/.well-known/jwks.json'],
      });
    }
  });

  it('of an issuer with a path are those with that path, and no other', () => {
    const paths = wellKnownPaths('https://mcp.example.com/t1', { pathStripped: false });
    expect(paths.authorizationServer).toEqual([
      '/.well-known/oauth-authorization-server/t1',
      '/t1/.well-known/oauth-authorization-server',
    ]);
    expect(paths.openidConfiguration).toEqual([
      '/.well-known/openid-configuration/t1',
      '/t1/.well-known/openid-configuration',
    ]);
    expect(paths.jwks).toContain('/t1/.well-known/jwks.json');
  });

  it('of an issuer with a longer path keep all of it', () => {
    const paths = wellKnownPaths('https://mcp.example.com/a/b', { pathStripped: false });
    expect(paths.authorizationServer).toEqual([
      '/.well-known/oauth-authorization-server/a/b',
      '/a/b/.well-known/oauth-authorization-server',
    ]);
  });

  it('are also at the root when a front proxy strips the path', () => {
    const paths = wellKnownPaths('https://mcp.example.com/t1', { pathStripped: true });
    expect(paths.authorizationServer).toContain('/.well-known/oauth-authorization-server');
    expect(paths.openidConfiguration).toContain('/.well-known/openid-configuration');
    expect(paths.openidConfiguration).toContain('/t1/.well-known/openid-configuration');
  });

  it('of two issuers on one origin have no metadata document in common', () => {
    const [one, two] = ['t1', 't2'].map((path) => {
      const paths = wellKnownPaths(`https://mcp.example.com/${path}`, { pathStripped: false });
      return paths.authorizationServer.concat(paths.openidConfiguration);
    });
    expect(one?.filter((path) => two?.includes(path))).toEqual([]);
  });

  it('hold the address that the metadata name for the keys', () => {
    for (const issuer of ['https://mcp.example.com', 'https://mcp.example.com/t1']) {
      const { pathname } = new URL(`${issuer}/.well-known/jwks.json`);
      expect(wellKnownPaths(issuer, { pathStripped: false }).jwks).toContain(pathname);
    }
  });
});
