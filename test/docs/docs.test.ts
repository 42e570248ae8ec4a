import { existsSync, globSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { run } from '../../src/cli/run.ts';
import { resolveRunConfig } from '../../src/config/resolve.ts';

const pages = ['README.md', ...globSync('docs/{*,providers/*}.md'), 'AGENTS.md', 'CONTRIBUTING.md'];

const io = {
  env: {
    KEYCLOAK_CLIENT_SECRET: 'a-secret-of-more-than-thirty-two-characters',
    NOTES_CLIENT_SECRET: 'another-secret-of-more-than-thirty-two-characters',
  },
  readFile: () => Promise.resolve(Buffer.from('a-secret-of-more-than-thirty-two-characters')),
};

function blocks(page: string, language: string): string[] {
  const fence = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gmu');
  return [...readFileSync(page, 'utf8').matchAll(fence)].map(([, text = '']) => text);
}

/** What a command says about itself; the whole command when it has no help of its own. */
async function helpOf(command: string): Promise<string> {
  let shown = '';
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    shown += String(text);
    return true;
  });
  try {
    await run(command.startsWith('-') || command === 'COMMAND' ? ['--help'] : [command, '--help']);
  } finally {
    write.mockRestore();
  }
  return shown;
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

  it.each(pages)('%s: files of the repository that it names are there', (page) => {
    const named = readFileSync(page, 'utf8').matchAll(
      /`((?:src|test|bench|deploy|examples|tools|docs)\/[\w./-]+)`/gu,
    );
    for (const [, path = ''] of named) expect(existsSync(path), `${page}: ${path}`).toBe(true);
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

  it.each(pages)(
    '%s: every sallyport command is one that there is, with options that it takes',
    async (page) => {
      const text = readFileSync(page, 'utf8');
      const written = [
        ...blocks(page, 'sh'),
        ...[...text.matchAll(/`(sallyport [^`]+)`/gu)].map(([, one = '']) => one),
      ];
      const lines = written.flatMap((one) => one.split('\n')).filter((line) => line.startsWith('sallyport '));
      for (const line of lines) {
        const [, command = '', ...words] = line.split('#', 1)[0]?.trim().split(/\s+/u) ?? [];
        const help = await helpOf(command);
        const action = words.find((word) => /^[a-z]+(?:\|[a-z]+)*$/u.test(word));
        for (const one of action?.split('|') ?? [])
          expect(help, line).toContain(`sallyport ${command} ${one}`);
        for (const flag of words.filter((word) => word.startsWith('-') && word !== '--help'))
          expect(help, line).toMatch(new RegExp(`(?:^|[\\s[(,])${flag}\\b`, 'mu'));
      }
    },
  );

  it('tells of every member of the library’s server', () => {
    const members = [...readFileSync('src/server/embedded.ts', 'utf8').matchAll(/^ {2}readonly (\w+): /gmu)]
      .map(([, name = '']) => name)
      // Options.
      .filter((name) => !['store', 'io'].includes(name));
    expect(members.length).toBeGreaterThan(6);
    const page = readFileSync('docs/library.md', 'utf8');
    for (const name of members) expect(page).toMatch(new RegExp(`^\\| \`${name}\\b`, 'mu'));
  });

  it('imports in its examples only what the package exports', () => {
    const exported = readFileSync('src/index.ts', 'utf8');
    const examples = pages.flatMap((page) => blocks(page, 'ts')).join('');
    const wanted = [...examples.matchAll(/import \{([^}]+)\} from 'sallyport'/gu)]
      .flatMap(([, names = '']) => names.split(','))
      .map((name) => name.trim());
    expect(wanted).not.toEqual([]);
    for (const name of wanted) expect(exported).toMatch(new RegExp(`[{ ]${name}[ ,}]`, 'u'));
  });

  it('has a row in the map for every folder of the source', () => {
    const map = readFileSync('AGENTS.md', 'utf8');
    for (const folder of readdirSync('src')) {
      const name = folder.endsWith('.ts') ? folder : `${folder}/`;
      expect(map).toContain(`| \`${name}\` |`);
    }
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
