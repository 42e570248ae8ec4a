import { Buffer } from 'node:buffer';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { RegistrationRefused } from '../../src/clients/registration-refusal.ts';
import type { SoftwareStatements } from '../../src/clients/software-statement.ts';
import { createSoftwareStatements, StatementProblem } from '../../src/clients/software-statement.ts';
import { withClaims } from '../../src/clients/stated-metadata.ts';
import { readStated } from '../../src/clients/stated-registration.ts';
import { assertionAlgorithms } from '../../src/oauth/metadata.ts';
import { OAuthError } from '../../src/oauth/errors.ts';
import { newStatementSigner, voucher } from '../client-registration/statements.ts';
import { issuer } from '../fixtures/stack.ts';
import { bounded, fuzz, fuzzAsync } from './cases.ts';
import { anyText, damaged, repeats } from './texts.ts';

let statements: SoftwareStatements;
/** Statements made beforehand: what is fuzzed is the reading. */
const signed: string[] = [];

beforeAll(async () => {
  const signer = await newStatementSigner();
  for (let index = 0; index < 10; index += 1)
    signed.push(await signer.sign({ software_id: `s${index}`, aud: index % 2 ? issuer : undefined }));
  statements = createSoftwareStatements({
    issuers: [
      {
        issuer: voucher,
        keys: { jwks: { keys: [signer.jwk] } },
        allowPrivateIps: false,
        algs: assertionAlgorithms,
      },
    ],
    keys: { find: () => Promise.resolve([signer.jwk]) },
    audiences: [issuer],
    clock: Date.now,
  });
});

const statement = fc.nat({ max: 9 }).map((index) => signed[index] ?? '');
const part = (value: unknown): string => Buffer.from(JSON.stringify(value) ?? '').toString('base64url');

/** Of any header and claims, with some signature. */
const made = fc
  .tuple(
    fc.record(
      {
        alg: fc.constantFrom('ES256', 'none', 'HS256', 'EdDSA', null, ['ES256']),
        typ: fc.constantFrom('JWT', 'at+jwt', 'software-statement+jwt', 7, null),
        kid: fc.oneof(anyText, fc.constantFrom('vouch-1', '__proto__', null)),
        jku: fc.webUrl(),
        crit: fc.constantFrom([], ['exp'], 'exp'),
      },
      { requiredKeys: ['alg'] },
    ),
    fc.oneof(
      fc.record(
        {
          iss: fc.constantFrom(voucher, 'https://other.example', null, [voucher]),
          exp: fc.oneof(fc.double(), fc.constantFrom(0, 4_000_000_000, '4000000000', null)),
          nbf: fc.constantFrom(0, 4_000_000_000, 'x'),
          aud: fc.oneof(fc.constantFrom(issuer, [issuer], [], {}), anyText),
          redirect_uris: fc.oneof(fc.constant(['https://app.example.com/cb']), fc.jsonValue({ maxDepth: 1 })),
          jwks: fc.jsonValue({ maxDepth: 2 }),
          client_name: fc.jsonValue({ maxDepth: 1 }),
        },
        { requiredKeys: [] },
      ),
      fc.jsonValue({ maxDepth: 2 }),
    ),
    statement,
  )
  .map(([header, claims, text]) => `${part(header)}.${part(claims)}.${text.split('.')[2] ?? ''}`);

async function isTaken(text: unknown): Promise<boolean> {
  try {
    await statements.prove(statements.read(text));
    return true;
  } catch (error) {
    if (!(error instanceof StatementProblem)) throw error;
    return false;
  }
}

describe('a software statement', () => {
  it('is refused after any damage to what it says', async () => {
    // The last bits of a signature's text stand for nothing.
    const content = (text: string): string => text.slice(0, text.lastIndexOf('.'));
    await fuzzAsync(
      damaged(statement),
      async (changed) => {
        if (await isTaken(changed)) expect(signed.map(content)).toContain(content(changed));
      },
      0.3,
    );
  });

  it('of any header and any claims is refused, and never a failure of ours', async () => {
    await fuzzAsync(
      fc.oneof(made, made, fc.jsonValue({ maxDepth: 2 }), anyText),
      async (text) => {
        expect(await isTaken(text)).toBe(false);
      },
      0.3,
    );
  });

  it('makes of any registration one that is refused by the codes of RFC 7591, or that says what it says', () => {
    fuzz(
      fc.tuple(fc.oneof(statement, made, anyText), fc.jsonValue({ maxDepth: 2 })),
      ([text, body]) => {
        const sent =
          typeof body === 'object' && body !== null
            ? Object.assign({}, body, { software_statement: text })
            : body;
        try {
          const stated = readStated(sent, statements);
          if (!stated) return;
          const { claims } = stated.statement;
          expect(claims.iss).toBe(voucher);
          expect(stated.metadata['redirect_uris']).toEqual(claims['redirect_uris'] ?? undefined);
          expect(stated.voucher).toBe(voucher);
        } catch (error) {
          if (!(error instanceof OAuthError)) throw error;
          const known = /^(?:invalid|unapproved)_(?:software_statement|client_metadata|redirect_uri)$/u;
          expect(error.error).toMatch(known);
          if (error.error.endsWith('statement')) expect(error).toBeInstanceOf(RegistrationRefused);
        }
      },
      0.3,
    );
  });

  it('counts before whatever is sent beside it', () => {
    const members = fc.dictionary(
      fc.constantFrom(
        'redirect_uris',
        'jwks',
        'jwks_uri',
        'client_id',
        'client_name',
        '__proto__',
        'toString',
      ),
      fc.option(fc.jsonValue({ maxDepth: 1 })),
    );
    fuzz(
      fc.tuple(members, members),
      ([sent, claims]) => {
        const merged = withClaims(sent, claims);
        for (const [name, value] of Object.entries(claims))
          if (value !== null && name !== 'client_id') expect(merged[name]).toEqual(value);
        const keys = Object.entries(claims).filter(
          ([name, value]) => name.startsWith('jwks') && value !== null,
        );
        for (const name of ['jwks', 'jwks_uri'])
          if (keys.length > 0 && !keys.some(([own]) => own === name)) expect(merged).not.toHaveProperty(name);
        expect(merged['client_id']).toEqual(Object.hasOwn(sent, 'client_id') ? sent['client_id'] : undefined);
      },
      0.1,
    );
  });

  it('is read in a time that grows with its length', () => {
    for (const text of repeats(['', 'a.'], ['.', 'a', 'e30.', '='], 65_536))
      bounded(() => {
        expect(() => statements.read(text)).toThrow(StatementProblem);
      });
  });
});
