import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { resolveRunConfig } from '../../src/config/resolve.ts';

const pages = ['README.md', ...globSync('docs/*.md'), 'AGENTS.md', 'CONTRIBUTING.md'];

const io = {
  env: { KEYCLOAK_CLIENT_SECRET: 'a-secret-of-more-than-thirty-two-characters' },
  readFile: () => Promise.resolve(Buffer.from('a-secret-of-more-than-thirty-two-characters')),
};

function blocks(page: string, language: string): string[] {
  const fence = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gmu');
  return [...readFileSync(page, 'utf8').matchAll(fence)].map(([, text = '']) => text);
}

describe('documentation', () => {
  const examples = pages
    .flatMap((page) => blocks(page, 'yaml').map((text) => [page, text] as const))
    // Prometheus' own.
    .filter(([, text]) => !text.startsWith('scrape_configs:'));

  it('has examples of configuration', () => {
    expect(examples.length).toBeGreaterThanOrEqual(3);
  });

  it.each(examples)('%s: every YAML example is a configuration that works', async (_, text) => {
    const example = parse(text) as Record<string, unknown>;
    const rest = {
      issuer: 'https://mcp.example.com',
      allowed_audiences: ['https://mcp.example.com/mcp'],
      upstreams: [{ type: 'oidc', oidc_config: { issuer_url: 'https://idp.example.com', client_id: 'x' } }],
    };
    const whole = 'issuer' in example ? example : { ...rest, ...example };
    await expect(resolveRunConfig(whole, io)).resolves.toMatchObject({ issuer: 'https://mcp.example.com' });
  });

  it.each(pages)('%s: links inside the repository lead somewhere', (page) => {
    const links = [...readFileSync(page, 'utf8').matchAll(/\]\((?!https?:)([^)#]+)/gu)].map(
      ([, link = '']) => link,
    );
    for (const link of links) expect(existsSync(join(dirname(page), link)), `${page} → ${link}`).toBe(true);
  });

  it('names only commands that package.json has', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      scripts: Record<string, string>;
    };
    const named = [
      ...pages
        .map((page) => readFileSync(page, 'utf8'))
        .join('\n')
        .matchAll(/npm run ([\w:-]+)/gu),
    ];
    for (const [, name = ''] of named) expect(Object.keys(scripts)).toContain(name);
  });

  it('names in the specification’s checklist only tests that there are', () => {
    const checklist = readFileSync('test/mcp-checklist.md', 'utf8');
    const tests = globSync('test/**/*.test.ts');
    const sources = tests.map((file) => readFileSync(file, 'utf8')).join('\n');
    const places = [...checklist.matchAll(/`([\w-]+\/[\w-]*)`/gu)].map(([, place = '']) => place);
    expect(places.length).toBeGreaterThan(50);
    for (const place of places) {
      expect(
        tests.some((file) => file.startsWith(`test/${place}`)),
        place,
      ).toBe(true);
    }
    for (const [, name = ''] of checklist.matchAll(/` "([^"]+)"/gu)) expect(sources, name).toContain(name);
  });
});
