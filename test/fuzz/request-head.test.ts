/** Request targets, `Host`, `Origin`, `Authorization: Basic` and peer addresses. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { authenticateClient } from '../../src/clients/authenticate.ts';
import { createClients } from '../../src/clients/clients.ts';
import { createClientRegistry } from '../../src/clients/registry.ts';
import { sourceOf } from '../../src/http/source.ts';
import { splitTarget } from '../../src/http/target.ts';
import { OAuthError } from '../../src/oauth/errors.ts';
import { parseParameters } from '../../src/oauth/parameters.ts';
import { createOriginPolicy } from '../../src/proxy/origins.ts';
import { confidentialOptions, webCallback } from '../client-registration/registry.ts';
import { bounded, fuzz, fuzzAsync } from './cases.ts';
import { around, damaged, repeats } from './texts.ts';

const target = fc.oneof(
  fc.webPath().map((path) => path || '/'),
  fc.webUrl({ withQueryParameters: true }),
  fc.constantFrom('/mcp?x=1', '*', '/a?b?c', 'http://h', '//evil.example/x', 'host:443', '/oauth/token?'),
);
const host = fc.constantFrom(
  'localhost',
  'localhost:8080',
  '127.0.0.1:1',
  '[::1]:9',
  'mcp.example.com',
  'evil.example',
);
const origin = fc
  .tuple(fc.constantFrom('http', 'https'), host)
  .map(([scheme, name]) => `${scheme}://${name}`);

describe('a request target', () => {
  it('is split without losing or inventing a character', () => {
    fuzz(
      around(target),
      (text) => {
        const { path, query } = splitTarget(text);
        expect(path).not.toContain('?');
        if (text.startsWith('/'))
          expect(query === '' ? [path, `${path}?`] : [`${path}?${query}`]).toContain(text);
        expect(text.endsWith(query)).toBe(true);
      },
      0.3,
    );
  });

  it('is split in a time that grows with its length', () => {
    for (const text of repeats(['', '/', 'http://'], ['?', '://', '/'])) bounded(() => splitTarget(text));
  });
});

describe('the origin policy', () => {
  const local = createOriginPolicy('http://127.0.0.1:8080', ['https://app.example.com']);
  const open = createOriginPolicy('https://mcp.example.com', ['https://app.example.com']);
  const loopback = /^(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])$/u;

  it('admits no name and no origin but its own, the configured and this machine’s', () => {
    fuzz(
      fc.tuple(around(host), fc.option(around(origin), { nil: undefined })),
      ([name, from]) => {
        const headers = { host: name, ...(from !== undefined && { origin: from }) };
        if (local.admits(headers)) expect(name.toLowerCase().replace(/:\d+$/u, '')).toMatch(loopback);
        if (!open.admits(headers) || from === undefined) return;
        const known = ['https://mcp.example.com', 'https://app.example.com'].includes(from);
        if (!known)
          expect(
            from
              .toLowerCase()
              .replace(/^https?:\/\//u, '')
              .replace(/:\d+$/u, ''),
          ).toMatch(loopback);
      },
      0.3,
    );
  });

  it('decides in a time that grows with the length of the headers', () => {
    for (const text of repeats(['', 'http://', '127.', 'http://127.'], ['1.', ':', '127.1.'])) {
      bounded(() => local.admits({ host: text, origin: text }));
      bounded(() => open.admits({ origin: text }));
    }
  });
});

describe('client authentication', () => {
  const registry = createClientRegistry(confidentialOptions());
  const clients = {
    find: (id: string) => createClients({ registry }).find(id),
    checkAssertion: async (): Promise<boolean> => false,
  };
  const { client_id, client_secret } = registry.register({
    redirect_uris: [webCallback],
    token_endpoint_auth_method: 'client_secret_basic',
  });
  const right = `Basic ${Buffer.from(`${client_id}:${String(client_secret)}`).toString('base64')}`;
  const basic = fc.oneof(
    fc.constant(right),
    fc.string().map((text) => `Basic ${Buffer.from(text).toString('base64')}`),
  );
  const form = fc.constantFrom(
    'grant_type=x',
    `client_id=${client_id}`,
    'client_assertion=x',
    'client_secret=x',
  );

  async function authenticate(authorization: string, body: string): Promise<boolean> {
    try {
      await authenticateClient({ headers: { authorization }, parameters: parseParameters(body) }, clients);
      return true;
    } catch (error) {
      if (!(error instanceof OAuthError) || ![400, 401].includes(error.status)) throw error;
      return false;
    }
  }

  it('succeeds with the very credentials, and otherwise fails as the standard says', async () => {
    expect(await authenticate(right, 'grant_type=x')).toBe(true);
    await fuzzAsync(
      fc.tuple(fc.oneof(around(basic), damaged(fc.constant(right))), form),
      async ([header, body]) => {
        if (!(await authenticate(header, body))) return;
        const [, text = ''] = /^basic +(\S+) *$/iu.exec(header) ?? [];
        expect(Buffer.from(text, 'base64').toString()).toBe(`${client_id}:${String(client_secret)}`);
      },
      0.3,
    );
  });

  it('is decided in a time that grows with the length of the header', () => {
    for (const text of repeats(['Basic ', 'Basic', ''], ['QQ', '=', ' ']))
      bounded(() => void authenticate(text, 'a=b'));
  });
});

describe('the source of a request', () => {
  it('is a short text for every address', () => {
    const address = fc.oneof(fc.ipV4(), fc.ipV6(), fc.constantFrom('::ffff:10.0.0.1', 'fe80::1%eth0', '::'));
    fuzz(around(address), (text) => expect(typeof sourceOf(text)).toBe('string'), 0.05);
    fuzz(
      fc.ipV6(),
      (text) => expect(sourceOf(text)).toMatch(/^(?:(?:[0-9a-f]{1,4}:){4}:\/64|[\d.]+)$/u),
      0.05,
    );
  });
});
