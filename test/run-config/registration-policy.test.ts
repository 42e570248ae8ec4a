import { describe, expect, it } from 'vitest';
import { problemsOf, resolve, runConfig } from './fixture.ts';

const token = 'f'.repeat(64);

describe('who may register', () => {
  it('is anybody where nothing is written', async () => {
    const { registration } = await resolve(runConfig());
    expect(registration).toMatchObject({ policy: 'open', allowLoopback: true, maxPerMinute: 6000 });
  });

  it('is read in the one spelling that is compared', async () => {
    const { registration } = await resolve(
      runConfig({
        registration: {
          policy: 'allow_list',
          allow_hosts: ['App.Example.com', '*.bücher.example'],
          allow_schemes: ['Cursor'],
        },
      }),
    );
    expect(registration.allowHosts).toEqual(['app.example.com', '*.xn--bcher-kva.example']);
    expect(registration.allowSchemes).toEqual(['cursor']);
  });

  it('keeps initial access tokens where nothing prints them', async () => {
    const { registration } = await resolve(
      runConfig({
        registration: { policy: 'initial_access_token', initial_access_token_env_vars: ['TOKEN'] },
      }),
      { env: { TOKEN: token } },
    );
    expect(registration.initialAccessTokens.map((one) => one.reveal())).toEqual([token]);
    expect(JSON.stringify(registration)).not.toContain(token);
  });

  it('may be nobody, as long as somebody gets in another way', async () => {
    const off = { registration: { policy: 'off' } };
    expect((await resolve(runConfig(off))).registration.policy).toBe('off');
    const closed = await problemsOf(runConfig({ ...off, cimd: { enabled: false } }));
    expect(closed.map((one) => one.path)).toEqual(['registration.policy']);
    const secrets = await problemsOf(runConfig({ ...off, allow_confidential_client_registration: true }));
    expect(secrets.map((one) => one.path)).toEqual(['allow_confidential_client_registration']);
  });

  it('has one key for ids until it says otherwise, and the next keeps those before it', async () => {
    expect((await resolve(runConfig())).registration).toMatchObject({ idKey: 1, revokedIdKeys: [] });
    const { registration } = await resolve(
      runConfig({ registration: { id_key: 12, revoked_id_keys: [3, 1, 3] } }),
    );
    expect(registration).toMatchObject({ idKey: 12, revokedIdKeys: [1, 3] });
  });

  it.each([
    [{ allow_hosts: ['a.example'] }, 'registration.allow_hosts'],
    [{ revoked_id_keys: [1] }, 'registration.revoked_id_keys[0]'],
    [{ id_key: 2, revoked_id_keys: [1, 2] }, 'registration.revoked_id_keys[1]'],
    [{ id_key: 0 }, 'registration.id_key'],
    [{ id_key: 11 }, 'registration.id_key'],
    [
      { policy: 'off', initial_access_token_env_vars: ['TOKEN'] },
      'registration.initial_access_token_env_vars',
    ],
    [{ policy: 'initial_access_token' }, 'registration.policy'],
    [
      { policy: 'initial_access_token', initial_access_token_env_vars: ['SHORT'] },
      'registration.initial_access_token_env_vars[0]',
    ],
    [{ policy: 'allow_list', allow_loopback: false }, 'registration.policy'],
    [{ policy: 'allow_list', allow_hosts: ['https://a.example/'] }, 'registration.allow_hosts[0]'],
    [{ policy: 'allow_list', allow_schemes: ['javascript'] }, 'registration.allow_schemes[0]'],
    [{ policy: 'allow_list', allow_schemes: ['https'] }, 'registration.allow_schemes[0]'],
    [
      { policy: 'allow_list', allow_redirect_uris: ['http://a.example/'] },
      'registration.allow_redirect_uris[0]',
    ],
  ])('is refused where it would do nothing, or not what it says: %j', async (registration, path) => {
    const problems = await problemsOf(runConfig({ registration }), { env: { TOKEN: token, SHORT: 'short' } });
    expect(problems.map((one) => one.path)).toContain(path);
  });
});
