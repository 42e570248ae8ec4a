import { Buffer } from 'node:buffer';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ClientDocument } from '../../src/clients/cimd/document.ts';
import { checkDocumentUrl, hostOfDocument, isDocumentId } from '../../src/clients/cimd/document-url.ts';
import { freshFor } from '../../src/clients/cimd/freshness.ts';
import { readDocument } from '../../src/clients/cimd/read-document.ts';
import { ClientProblem } from '../../src/clients/client-problem.ts';
import { isPublicName } from '../../src/net/names.ts';
import { checkRedirectUri } from '../../src/oauth/redirect-uri.ts';
import { bounded, fuzz } from './cases.ts';
import { anyText, around, repeats } from './texts.ts';

const id = 'https://app.example.com/client.json';
const strict = { allowLoopback: false };

const document = fc.record(
  {
    client_id: fc.constant(id),
    client_name: fc.oneof(anyText, fc.constant('Claude')),
    redirect_uris: fc.array(
      fc.oneof(
        fc.constantFrom('http://127.0.0.1/cb', 'https://app.example.com/cb', 'javascript:alert(1)'),
        anyText,
      ),
      { minLength: 1, maxLength: 4 },
    ),
    token_endpoint_auth_method: fc.constantFrom('none', 'private_key_jwt', 'client_secret_basic'),
    token_endpoint_auth_methods_supported: fc.constantFrom(['none'], ['none', 'private_key_jwt'], []),
    grant_types: fc.constantFrom(
      ['authorization_code'],
      ['authorization_code', 'refresh_token'],
      ['implicit'],
    ),
    jwks: fc.constantFrom({ keys: [{ kty: 'EC' }] }, { keys: [{ kty: 'EC', d: 'x' }] }, { keys: [] }),
    jwks_uri: fc.oneof(fc.webUrl(), fc.constantFrom('https://10.0.0.1/', 'https://app.example.com/jwks')),
    logo_uri: fc.oneof(fc.webUrl(), anyText),
    scope: fc.oneof(fc.constant('openid email'), anyText),
    software_statement: fc.oneof(
      anyText,
      fc
        .jsonValue({ maxDepth: 2 })
        .map((claims) => `e30.${Buffer.from(JSON.stringify(claims) ?? '').toString('base64url')}.x`),
    ),
  },
  { requiredKeys: ['client_id', 'client_name', 'redirect_uris'] },
);

const members = [
  'client_id',
  'client_name',
  'redirect_uris',
  'jwks',
  'scope',
  'client_secret',
  '__proto__',
  'toString',
];

/** One member holds something of another type. */
const misshapen = fc
  .tuple(document, fc.constantFrom(...members), fc.jsonValue({ maxDepth: 3 }))
  .map(([body, name, value]) => JSON.stringify(Object.fromEntries([...Object.entries(body), [name, value]])));

function read(text: string): ClientDocument | null {
  try {
    return readDocument(text, id, strict);
  } catch (error) {
    if (!(error instanceof ClientProblem)) throw error;
    expect(error.kind).toBe('invalid');
    return null;
  }
}

/** What must hold for every document that is taken, whatever it says. */
function checkTaken(taken: ClientDocument | null): void {
  if (!taken) return;
  expect(taken.clientId).toBe(id);
  expect(taken.name.trim()).not.toBe('');
  expect(taken.redirectUris.length).toBeGreaterThan(0);
  for (const uri of taken.redirectUris) expect(checkRedirectUri(uri)).toBeNull();
  expect(taken.grantTypes).toContain('authorization_code');
  expect(taken.authMethod === 'private_key_jwt').toBe(taken.keys !== null);
  expect(JSON.stringify(taken.keys)).not.toMatch(/"d":/u);
  checkTaken(taken.stated?.document ?? null);
  if (taken.logoUri !== null) expect(taken.logoUri).toMatch(/^https:\/\//iu);
}

describe('a document', () => {
  it('is read or refused, and what is read can be used', () => {
    fuzz(document, (body) => checkTaken(read(JSON.stringify(body))), 0.4);
    fuzz(misshapen, (text) => checkTaken(read(text)), 0.4);
  });

  it('may be any text', () => {
    fuzz(around(document.map((body) => JSON.stringify(body))), (text) => checkTaken(read(text)), 0.3);
  });
});

describe('an id', () => {
  const parts = fc.constantFrom(
    'https://',
    'HTTPS://',
    'http://',
    'app.example.com',
    'APP.example.com',
    'localhost',
    '127.0.0.1',
    '[::1]',
    ':443',
    ':8443',
    '/',
    '/client.json',
    '/..',
    '/%2e%2E/',
    '/./',
    '?x=1',
    '#',
    '@',
    'user@',
    '\\',
    '.',
    'é',
    '。',
    '%',
    '\t',
  );
  const ids = fc.oneof(
    fc.array(parts, { maxLength: 8 }).map((list) => list.join('')),
    fc.webUrl(),
    around(fc.constant(id)),
  );

  it('has one spelling, a public name and a path, or is refused', () => {
    fuzz(ids, (text) => {
      const problem = checkDocumentUrl(text, strict);
      if (problem !== null) return;
      const url = new URL(text);
      expect(url.href).toBe(text);
      expect([url.protocol, url.username, url.password, url.hash]).toEqual(['https:', '', '', '']);
      expect(url.pathname).not.toBe('/');
      expect(isPublicName(url.hostname)).toBe(true);
      expect(hostOfDocument(text)).toMatch(/^[a-z0-9._-]+(?::\d+)?$/u);
      expect(isDocumentId(text)).toBe(true);
    });
  });

  it('is looked at once, however long it is', () => {
    for (const text of repeats(['https://', 'https://a.example.com/', ''], ['/.', '%2e/', '@', '\\', 'a.']))
      expect(bounded(() => checkDocumentUrl(text, strict))).not.toBeNull();
  });

  it('is never asked about as a document when it was ours to issue', () => {
    fuzz(anyText, (text) => expect(isDocumentId(`sp_c1_${text}`)).toBe(false), 0.1);
  });
});

describe('what a host says about keeping', () => {
  const value = fc.oneof(
    anyText,
    fc.constantFrom('max-age=5', 'no-store', 's-maxage=0', 'max-age="7"', 'max-age=99999999999', ',,=,'),
  );

  it('leads to a time within our bounds, whatever it is', () => {
    const headers = fc.record(
      { 'cache-control': value, age: value, expires: value, date: value },
      { requiredKeys: [] },
    );
    fuzz(headers, (named) => {
      const safe = new Headers();
      for (const [name, text] of Object.entries(named)) {
        // What no header can hold never arrives.
        if (/^[\x20-\x7e]*$/u.test(text)) safe.set(name, text);
      }
      const spell = freshFor(safe, { now: 1_800_000_000_000, fallback: 300_000 });
      expect(spell).toBeGreaterThanOrEqual(60_000);
      expect(spell).toBeLessThanOrEqual(86_400_000);
    });
  });
});
