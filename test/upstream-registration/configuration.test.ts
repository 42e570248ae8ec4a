import { describe, expect, it } from 'vitest';
import { problemsOf, resolve, withOAuth2, withOidc } from '../run-config/fixture.ts';

type Json = Record<string, unknown>;

const discovery_url = 'https://idp.example.com/.well-known/oauth-authorization-server';
const registration_endpoint = 'https://idp.example.com/register';

const registering = (dcr_config: Json, more: Json = {}): Json =>
  withOAuth2({ client_id: undefined, dcr_config, ...more });

describe('the configuration of registering at an upstream', () => {
  it('needs no endpoints where metadata tell them', async () => {
    const endpoints = { authorization_endpoint: undefined, token_endpoint: undefined };
    const config = await resolve(registering({ discovery_url }, endpoints));
    const [upstream] = config.upstreams;
    expect(upstream?.clientId).toBe('');
    expect(upstream?.registration).toEqual({
      discoveryUrl: discovery_url,
      registrationEndpoint: null,
      initialAccessToken: null,
      clientName: 'Sallyport at mcp.example.com',
      softwareId: null,
      softwareStatement: null,
    });
  });

  it('reads the initial access token from a file or a variable, and never shows it', async () => {
    const file = registering({ registration_endpoint, initial_access_token_file: '/token' });
    const { upstreams } = await resolve(file, { files: { '/token': ' may-register\n' } });
    expect(upstreams[0]?.registration?.initialAccessToken?.reveal()).toBe('may-register');
    expect(JSON.stringify(upstreams)).not.toContain('may-register');
    const variable = registering({ registration_endpoint, initial_access_token_env_var: 'TOKEN' });
    const other = await resolve(variable, { env: { TOKEN: 'may-register' } });
    expect(other.upstreams[0]?.registration?.initialAccessToken?.reveal()).toBe('may-register');
  });

  it.each([
    ['neither address', registering({}), 'exactly one'],
    ['both addresses', registering({ discovery_url, registration_endpoint }), 'exactly one'],
    ['plain http', registering({ registration_endpoint: 'http://idp.example.com/r' }), 'uses http'],
    ['an address that is none', registering({ discovery_url: 'idp' }), 'URL'],
    ['a client id beside it', registering({ discovery_url }, { client_id: 'x' }), 'beside client_id'],
    ['a client id beside it (oidc)', withOidc({ dcr_config: { discovery_url } }), 'beside client_id'],
    ['no client id at all', withOidc({ client_id: undefined }), 'is missing'],
    [
      'nothing that tells the endpoints',
      registering({ registration_endpoint }, { token_endpoint: undefined }),
      'nothing tells',
    ],
    [
      'two places for the token',
      registering({
        discovery_url,
        initial_access_token_file: '/token',
        initial_access_token_env_var: 'TOKEN',
      }),
      'beside initial_access_token_file',
    ],
  ])('refuses %s, and says how to mend it', async (_name, config, problem) => {
    const surroundings = { files: { '/token': 'x' }, env: { TOKEN: 'x' } };
    const problems = await problemsOf(config, surroundings);
    expect(problems.map((one) => one.problem).join('\n')).toContain(problem);
    for (const { fix } of problems) expect(fix.length).toBeGreaterThan(5);
  });
});
