import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { complaints, problemsOf, resolve, runConfig } from './fixture.ts';

describe.each(['issuer', 'authorization_endpoint_base_url'])('%s', (field) => {
  it.each([
    'https://mcp.example.com',
    'https://mcp.example.com:8443',
    'https://example.com/tenants/one',
    'http://localhost:8080',
    'http://LOCALHOST:8080',
    'http://127.0.0.1',
    'http://127.9.9.9:80',
    'http://[::1]:8080',
  ])('may be %s', async (url) => {
    expect(await complaints(runConfig({ [field]: url }))).toEqual([]);
  });

  it.each([
    ['mcp.example.com', 'has no scheme'],
    ['//mcp.example.com', 'has no scheme'],
    ['https://', 'has no host'],
    ['https:///path', 'has no host'],
    ['https://mcp.example.com?a=b', 'has a query'],
    ['https://mcp.example.com?', 'has a query'],
    ['https://mcp.example.com#', 'has a fragment'],
    ['https://bob:hunter2@mcp.example.com', 'holds a user name or password'],
    ['https://bob@mcp.example.com', 'holds a user name or password'],
    ['ftp://mcp.example.com', 'has a scheme that is not https'],
    ['http://mcp.example.com', 'uses http on a host that is not loopback'],
    ['http://127.0.0.1.example.com', 'uses http on a host that is not loopback'],
    ['http://localhost.example.com', 'uses http on a host that is not loopback'],
    ['https://mcp.example.com/', 'ends with a slash'],
    ['https://mcp.example.com/a/../b', 'has a path that is not in its normal form'],
    ['https://mcp.example.com/ä', 'holds characters that do not belong in a URL'],
    ['https://mcp .example.com', 'holds characters that do not belong in a URL'],
  ])('may not be %s', async (url, problem) => {
    expect(await complaints(runConfig({ [field]: url }))).toEqual([`${field}: ${problem}`]);
  });

  it('complains about the query before the password, and never repeats the password', async () => {
    const problems = await problemsOf(runConfig({ [field]: 'https://bob:hunter2@mcp.example.com/?x#y' }));
    expect(problems).toMatchObject([{ path: field, problem: 'has a query' }]);
    expect(inspect(problems)).not.toContain('hunter2');
  });

  it('may use http anywhere when that is switched on, and nothing else is relaxed', async () => {
    const http = (url: string): Promise<readonly string[]> =>
      complaints(runConfig({ [field]: url, insecure_allow_http: true }));
    expect(await http('http://mcp.internal')).toEqual([]);
    expect(await http('ftp://mcp.internal')).toHaveLength(1);
    expect(await http('http://mcp.internal/')).toHaveLength(1);
  });
});

describe('the authorization endpoint', () => {
  it('is at the issuer unless the file says otherwise', async () => {
    expect((await resolve(runConfig())).authorizationBaseUrl).toBe('https://mcp.example.com');
    const other = runConfig({ authorization_endpoint_base_url: 'https://login.example.com' });
    expect(await resolve(other)).toMatchObject({
      issuer: 'https://mcp.example.com',
      authorizationBaseUrl: 'https://login.example.com',
    });
  });
});
