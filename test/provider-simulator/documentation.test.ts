import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { createProviderSimulator, plainQuirks, presets } from '../../src/testing/index.ts';

const page = readFileSync('docs/testing.md', 'utf8');

test('the example runs', async () => {
  const [, example = ''] = /^```ts\n([\s\S]*?)^```/mu.exec(page) ?? [];
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-testing-'));
  try {
    const entry = pathToFileURL('src/testing/index.ts').href;
    const file = join(folder, 'example.ts');
    expect(example).toContain("from 'sallyport/testing'");
    writeFileSync(file, example.replace("'sallyport/testing'", `'${entry}'`));
    await expect(promisify(execFile)(process.execPath, [file])).resolves.toBeDefined();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('names every preset, every switch, every hand, and no others', () => {
  const listed = (heading: string): string[] => {
    const [, section = ''] =
      new RegExp(`^## ${heading}\\n([\\s\\S]*?)(?=^## |\\s*$(?![\\s\\S]))`, 'mu').exec(page) ?? [];
    return [...section.matchAll(/`([\w-]+)`/gu)].map(([, name = '']) => name);
  };
  const levels = new Set(['docs', 'reports', 'assumed', 'presets']);
  const names = listed('Providers').filter((name) => !levels.has(name));
  expect(names.toSorted()).toEqual(Object.keys(presets).toSorted());
  expect(listed('Switches').toSorted()).toEqual(Object.keys(plainQuirks).toSorted());
  const hands = Object.keys(createProviderSimulator()).filter(
    (name) => !['start', 'close', 'change', 'quirks'].includes(name),
  );
  for (const hand of hands) expect(page).toMatch(new RegExp(`\`${hand}[(\`]`, 'u'));
});
