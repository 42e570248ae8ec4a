import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { complaints, resolve, runConfig } from './fixture.ts';

describe('hmac_secret_files', () => {
  // Begins and ends like white space, which must survive.
  const spaced = Buffer.concat([Buffer.from(' \n'), randomBytes(32), Buffer.from('\t\n')]);
  const files = { '/0': spaced, '/1': randomBytes(32), '/short': randomBytes(31) };
  const config = (...hmac_secret_files: string[]): object => runConfig({ hmac_secret_files });

  it('are taken byte by byte, in order', async () => {
    const { hmacSecrets } = await resolve(config('/0', '/1'), { files });
    expect(hmacSecrets.map((secret) => Buffer.from(secret.reveal()))).toEqual([files['/0'], files['/1']]);
  });

  it('may have empty names after the first only', async () => {
    expect((await resolve(config('/0', '', '/1'), { files })).hmacSecrets).toHaveLength(2);
    expect(await complaints(config('', '/1'), { files })).toEqual(['hmac_secret_files[0]: is empty']);
  });

  it.each([
    [['/short'], 'hmac_secret_files[0]: the file /short has 31 bytes; at least 32 are needed'],
    [['/0', '/short'], 'hmac_secret_files[1]: the file /short has 31 bytes; at least 32 are needed'],
    [['/0', '/0'], 'hmac_secret_files[1]: the file /0 holds the same secret as one before it'],
    [['/none'], 'hmac_secret_files[0]: the file /none does not exist'],
  ])('are refused: %j', async (names, complaint) => {
    expect(await complaints(config(...names), { files })).toEqual([complaint]);
  });
});

describe('signing_key_config', () => {
  const files = { '/keys/a.pem': 'PEM A', '/keys/sub/b.pem': 'PEM B', '/etc/passwd': 'x' };
  const config = (signing_key_config: object): object => runConfig({ signing_key_config });

  it('names files in its directory', async () => {
    const { signingKeys } = await resolve(
      config({ key_dir: '/keys', signing_key_file: 'a.pem', fallback_key_files: ['sub/b.pem'] }),
      { files },
    );
    expect(signingKeys?.signing.pem.reveal()).toBe('PEM A');
    expect(signingKeys?.signing.origin).toBe('/keys/a.pem');
    expect(signingKeys?.fallbacks.map(({ origin }) => origin)).toEqual(['/keys/sub/b.pem']);
  });

  it.each(['../etc/passwd', '/etc/passwd', '..', '.', 'sub/../../etc/passwd'])(
    'never leaves it: %s',
    async (name) => {
      const path = 'signing_key_config.signing_key_file';
      const complaint = [`${path}: is not inside key_dir`];
      expect(await complaints(config({ key_dir: '/keys', signing_key_file: name }), { files })).toEqual(
        complaint,
      );
    },
  );

  it('never falls back to a key of its own behind the operator’s back', async () => {
    const missing = ['signing_key_config.signing_key_file: is missing, although other keys are configured'];
    expect(await complaints(config({ key_dir: '/keys' }))).toEqual(missing);
    expect(await complaints(config({ key_dir: '/keys', signing_key_file: '' }))).toEqual(missing);
    expect(await complaints(config({ fallback_key_files: ['a.pem'] }))).toEqual(missing);
  });

  it('names the file that is missing, fallbacks too', async () => {
    const section = { key_dir: '/keys', signing_key_file: 'a.pem', fallback_key_files: ['none.pem'] };
    expect(await complaints(config(section), { files })).toEqual([
      'signing_key_config.fallback_key_files[0]: the file /keys/none.pem does not exist',
    ]);
  });
});

describe('lifespans', () => {
  const tokens = (change: object): object => runConfig({ token_lifespans: change });

  it('default to ToolHive’s, and a zero is the default', async () => {
    const usual = { accessToken: 3_600_000, refreshToken: 604_800_000, authorizationCode: 600_000 };
    expect((await resolve(runConfig())).lifespans).toMatchObject({ ...usual, session: 2160 * 3_600_000 });
    const zeros = { access_token_lifespan: '0s', refresh_token_lifespan: '0', auth_code_lifespan: '' };
    expect((await resolve(tokens(zeros))).lifespans).toMatchObject(usual);
  });

  it('have defaults of our own beside', async () => {
    expect(await resolve(runConfig())).toMatchObject({ refreshGrace: 60_000, identityMaxAge: 86_400_000 });
  });

  it('of our own take a zero for what it says: no grace, and never no end', async () => {
    for (const zero of [0, '0', '0s', '-0s'])
      expect((await resolve(runConfig({ refresh_grace: zero }))).refreshGrace).toBe(0);
    expect(await complaints(runConfig({ refresh_grace: '999ms' }))).toHaveLength(1);
    for (const field of ['session_lifespan', 'identity_max_age'])
      expect(await complaints(runConfig({ [field]: 0 }))).toEqual([
        `${field}: must be between 1s and 87600h`,
      ]);
  });

  it.each([
    ['access_token_lifespan', '24h', '24h0m1s'],
    ['refresh_token_lifespan', '720h', '721h'],
    ['auth_code_lifespan', '10m', '11m'],
  ])('%s ends at %s', async (field, most, more) => {
    expect(await complaints(tokens({ [field]: most }))).toEqual([]);
    expect(await complaints(tokens({ [field]: '1s' }))).toEqual([]);
    for (const bad of [more, '999ms', '-1h', '9999999h'])
      expect(await complaints(tokens({ [field]: bad }))).toEqual([
        `token_lifespans.${field}: must be between 1s and ${most}`,
      ]);
    for (const bad of ['1d', '3600', 'x', 3600])
      expect(await complaints(tokens({ [field]: bad }))).toHaveLength(1);
  });
});
