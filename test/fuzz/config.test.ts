import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { parseConfigText } from '../../src/config/load.ts';
import { ConfigError, resolveRunConfig } from '../../src/config/resolve.ts';
import { oauth2Config, oidcConfig, runConfig } from '../run-config/fixture.ts';
import { bounded, fuzz, fuzzAsync } from './cases.ts';
import { anyText, around, damaged, fragment, repeats } from './texts.ts';

const io = {
  env: { SECRET: 'a-secret-of-the-environment' },
  readFile: (path: string) =>
    path === '/secret'
      ? Promise.resolve(Buffer.from('a-secret-of-a-file'))
      : Promise.reject(new Error('no file')),
};

const full = runConfig({
  upstreams: [
    {
      name: 'one',
      type: 'oidc',
      oidc_config: { ...oidcConfig, client_secret_file: '/secret', scopes: ['openid'] },
    },
    { name: 'two', type: 'oauth2', oauth2_config: oauth2Config },
  ],
  token_lifespans: { access_token_lifespan: '1h', refresh_token_lifespan: '720h' },
  listen: { host: '127.0.0.1', port: 8080 },
  proxy: [{ path: '/mcp', target: 'http://127.0.0.1:9000/mcp' }],
  access: [{ email_domains: ['example.com'] }],
  clients: [{ client_id: 'app', redirect_uris: ['https://app.example.com/cb'] }],
  consent: { brand: { name: 'Example' } },
});
const examples = ['oidc.yaml', 'oauth2-userinfo.yaml', 'pem-keys.json'].map((name) =>
  readFileSync(new URL(`../../examples/toolhive/${name}`, import.meta.url), 'utf8'),
);
const texts = fc.constantFrom(stringify(full), JSON.stringify(full), ...examples);

/** YAML's own traps, in the place of a section: references to themselves, tags, merges, further documents. */
const knots = [
  ['&a [*a]', '&a {b: *a}', '&a {<<: *a}', '*a', '!!binary aGk=', '!!js/undefined x', '!!set {a, b}', '!x y'],
  [
    '|',
    '>-',
    '{? [a] : b}',
    '~',
    '2001-01-01',
    '0o17',
    '.inf',
    '\n---\na: b',
    '\n...\nx',
    '{a: &b [1], c: [*b, *b]}',
  ],
].flat();
const sections = fc.constantFrom('issuer', 'upstreams', 'access', 'proxy', 'clients', 'consent', 'listen');
const knotted = fc
  .tuple(sections, fc.oneof(fc.constantFrom(...knots), damaged(fc.constantFrom(...knots))))
  .map(
    ([name, knot]) =>
      stringify({ ...full, [name]: undefined }, { keepUndefined: false }) + `${name}: ${knot}\n`,
  );

/** Every place of a value: paths of keys and indexes. */
function places(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, item]) => places(item, [...path, key]))];
}

function replaced(value: unknown, [key, ...rest]: readonly string[], by: unknown): unknown {
  if (key === undefined) return by;
  const copy: unknown = Array.isArray(value) ? [...value] : { ...(value as object) };
  // A copy of an object or list that holds this key.
  const members = copy as Record<string, unknown>;
  members[key] = replaced(members[key], rest, by);
  return copy;
}

/** Whether what leads to a place is still there after earlier changes. */
function holds(value: unknown, [key, ...rest]: readonly string[]): boolean {
  if (key === undefined) return true;
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return false;
  return holds((value as Record<string, unknown>)[key], rest);
}

const wrong = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  anyText,
  damaged(fc.constantFrom('https://idp.example.com', 'http://127.0.0.1:9000/mcp', '1h30m', 'one', '/mcp')),
  fc.constantFrom(
    undefined,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    -1,
    65_536,
    '__proto__',
    [],
    {},
    [[]],
    [null],
  ),
);
/** A configuration that is right but for one to three places. */
const mutated = fc
  .array(fc.tuple(fc.constantFrom(...places(full)), wrong), { minLength: 1, maxLength: 3 })
  .map((changes) => {
    let config: unknown = full;
    for (const [path, by] of changes) {
      if (holds(config, path)) config = replaced(config, path, by);
    }
    return config;
  });

function checkError(error: unknown): void {
  expect(error).toBeInstanceOf(ConfigError);
  if (!(error instanceof ConfigError)) return;
  expect(error.problems.length).toBeGreaterThan(0);
  for (const { path, problem, fix } of error.problems) {
    for (const text of [path, problem, fix]) expect(text).not.toBe('');
    expect(path, 'a path is one line').not.toMatch(/[\r\n]/u);
  }
  expect(error.message).not.toContain('a-secret-of');
}

async function resolve(raw: unknown): Promise<void> {
  try {
    const config = await resolveRunConfig(raw, io);
    expect(config.issuer).toMatch(/^https?:/u);
    expect(config.upstreams.length).toBeGreaterThan(0);
    expect(JSON.stringify(config)).not.toContain('a-secret-of');
  } catch (error) {
    checkError(error);
  }
}

function parse(text: string): unknown {
  try {
    return parseConfigText(text, 'sallyport.yaml');
  } catch (error) {
    checkError(error);
    return undefined;
  }
}

describe('a configuration', () => {
  it('as a file is parsed and resolved, or refused with place and fix', async () => {
    await resolve(parse(stringify(full)));
    await fuzzAsync(damaged(texts), (text) => resolve(parse(text)), 0.12);
    await fuzzAsync(knotted, (text) => resolve(parse(text)), 0.03);
  });

  it('of valid form with wrong values is resolved, or refused with place and fix', async () => {
    await fuzzAsync(mutated, resolve, 0.35);
  });

  it('of any shape is refused with place and fix', async () => {
    await fuzzAsync(fc.anything({ maxDepth: 3 }), resolve, 0.25);
    await fuzzAsync(fc.dictionary(fragment, fc.jsonValue({ maxDepth: 1 })), resolve, 0.1);
  });

  it('means the same in YAML and in JSON, and reads again as it is written', () => {
    fuzz(
      fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.parse(JSON.stringify(value)) as unknown),
      (value) => {
        const json = parse(JSON.stringify(value));
        expect(json).toEqual(value);
        expect(parse(stringify(json))).toEqual(value);
      },
      0.1,
    );
    fuzz(around(texts), (text) => void parse(text), 0.05);
  });

  it('is read in a time that grows with its length', () => {
    const openings = ['', 'a: "'];
    for (const text of repeats(openings, ['- ', '[', '{', 'a: ', '&a ', '*a ', '!', '? '], 1024))
      bounded(() => parse(text));
  });
});
