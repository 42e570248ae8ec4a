import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { assertionAlgorithms } from '../../src/oauth/metadata.ts';
import { problemsOf, resolve, runConfig } from './fixture.ts';

const jwk = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });
const jwks = { keys: [jwk] };
const one = { issuer: 'https://vouch.example.com', jwks };
const by = (...software_statements: object[]): Record<string, unknown> => ({
  registration: { software_statements },
});

describe('whose software statements are believed', () => {
  it('is nobody where nothing is written', async () => {
    expect((await resolve(runConfig())).registration.softwareStatements).toEqual([]);
  });

  it('is read with its keys, wherever they are, and with every algorithm unless it says which', async () => {
    const published = {
      issuer: 'Directory Ltd',
      jwks_uri: 'https://directory.example/jwks.json',
      allow_private_ips: true,
      algs: ['PS256'],
    };
    const filed = { issuer: 'https://file.example', jwks_file: '/etc/vouch.json' };
    const { registration } = await resolve(runConfig(by(one, published, filed)), {
      files: { '/etc/vouch.json': JSON.stringify(jwks) },
    });
    expect(registration.softwareStatements).toEqual([
      { issuer: one.issuer, keys: { jwks }, allowPrivateIps: false, algs: assertionAlgorithms },
      {
        issuer: 'Directory Ltd',
        keys: { jwksUri: 'https://directory.example/jwks.json' },
        allowPrivateIps: true,
        algs: ['PS256'],
      },
      { issuer: 'https://file.example', keys: { jwks }, allowPrivateIps: false, algs: assertionAlgorithms },
    ]);
  });

  const place = 'registration.software_statements[0]';
  it.each([
    [by({ issuer: one.issuer }), place],
    [by({ jwks }), `${place}.issuer`],
    [by({ issuer: 'x'.repeat(257), jwks }), `${place}.issuer`],
    [by(one, one), 'registration.software_statements[1].issuer'],
    [by({ ...one, jwks_uri: 'https://vouch.example.com/jwks.json' }), `${place}.jwks_uri`],
    [by({ issuer: one.issuer, jwks_uri: 'http://vouch.example.com/jwks.json' }), `${place}.jwks_uri`],
    [by({ ...one, allow_private_ips: true }), `${place}.allow_private_ips`],
    [by({ issuer: one.issuer, jwks: { keys: [{ kty: 'oct', k: 'c2VjcmV0' }] } }), `${place}.jwks`],
    [by({ issuer: one.issuer, jwks: { keys: [{ ...jwk, d: 'x' }] } }), `${place}.jwks`],
    [by({ ...one, algs: ['HS256'] }), `${place}.algs[0]`],
    [by({ ...one, algs: ['none'] }), `${place}.algs[0]`],
    [by({ ...one, algs: [] }), `${place}.algs`],
    [{ registration: { policy: 'software_statement' } }, 'registration.policy'],
    [{ cimd: { trust: 'attested' } }, 'cimd.trust'],
    [{ registration: { policy: 'off', software_statements: [one] } }, 'registration.software_statements'],
    [
      {
        registration: {
          policy: 'software_statement',
          software_statements: [one],
          initial_access_token_files: ['/x'],
        },
      },
      'registration.initial_access_token_files',
    ],
  ])('is refused where it would do nothing, or not what it says: %j', async (config, path) => {
    const problems = await problemsOf(runConfig(config));
    expect(problems.map((problem) => problem.path)).toContain(path);
  });

  it('may stand for an allow list, and for documents where registration is off', async () => {
    const list = { policy: 'allow_list', allow_loopback: false, software_statements: [one] };
    expect(await problemsOf(runConfig({ registration: list }))).toEqual([]);
    const documents = {
      registration: { policy: 'off', software_statements: [one] },
      cimd: { trust: 'attested' },
    };
    expect((await resolve(runConfig(documents))).cimd.trust).toBe('attested');
    expect(await problemsOf(runConfig(documents))).toEqual([]);
  });
});
