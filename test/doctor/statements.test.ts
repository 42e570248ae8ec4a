import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { examineStatements } from '../../src/doctor/checks-statements.ts';
import type { Finding } from '../../src/doctor/finding.ts';
import { Publisher } from '../cimd/publisher.ts';
import { newStatementSigner, voucher } from '../client-registration/statements.ts';
import { resolve, runConfig } from '../run-config/fixture.ts';

let publisher: Publisher;
let keys: readonly unknown[];

beforeAll(async () => {
  const { jwk } = await newStatementSigner();
  publisher = await Publisher.start();
  keys = [jwk];
  for (const [path, set] of [
    ['/jwks.json', keys],
    ['/none.json', [{ ...jwk, use: 'enc' }]],
  ] as const)
    publisher.on(path, (response) => void response.writeHead(200).end(JSON.stringify({ keys: set })));
});
afterAll(() => publisher.close());

async function examine(issuer: object | null): Promise<readonly Finding[]> {
  const registration = issuer ? { software_statements: [{ issuer: voucher, ...issuer }] } : {};
  return examineStatements(await resolve(runConfig({ registration })), publisher.fetch({}));
}

describe('the doctor, of whoever vouches for clients', () => {
  it('says nothing where nobody does', async () => {
    expect(await examine(null)).toEqual([]);
  });

  it('says that the keys can be had', async () => {
    const published = { jwks_uri: publisher.at('/jwks.json'), allow_private_ips: true };
    for (const issuer of [published, { jwks: { keys } }])
      expect(await examine(issuer)).toMatchObject([{ check: 'software-statements', level: 'ok' }]);
  });

  it('says that they cannot, as the server could not: from a private address, from where there is nothing, or without any', async () => {
    const places = [
      { jwks_uri: publisher.at('/jwks.json') },
      { jwks_uri: publisher.at('/missing.json'), allow_private_ips: true },
      { jwks_uri: publisher.at('/none.json'), allow_private_ips: true },
    ];
    for (const place of places) {
      const [found] = await examine(place);
      expect(found).toMatchObject({ check: 'software-statements', level: 'fail' });
      expect(found?.message).toContain(`${voucher}: `);
      expect(found?.message).toContain(place.jwks_uri);
    }
  });
});
