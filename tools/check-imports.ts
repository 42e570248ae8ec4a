/**
 * Imports point one way: a folder of `src/` may import only from itself and from folders below it in this list.
 * Type imports count. An unknown folder or an empty tree is a failure, so the check cannot pass by accident.
 */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { parseSync } from 'oxc-parser';

const order = [
  'index.ts',
  'cli',
  'doctor',
  'testing',
  'adapters',
  'gateway',
  'proxy',
  'admin',
  'server',
  'resource',
  'clients',
  'vault',
  'upstream',
  'ui',
  'store',
  'keys',
  'net',
  'observe',
  'config',
  'profiles',
  'known-clients',
  'oauth',
  'crypto',
  'http',
  'types',
];

const failures: string[] = [];

function layer(path: string): number {
  const [, folder = ''] = path.split(sep);
  const index = order.indexOf(folder);
  if (index < 0) failures.push(`${path}: "${folder}" is not in the list of folders (tools/check-imports.ts)`);
  return index;
}

function specifiers(source: string, file: string): string[] {
  const { module, errors } = parseSync(file, source);
  if (errors.length > 0) failures.push(`${file}: does not parse`);
  const exported = module.staticExports.flatMap((statement) =>
    statement.entries.flatMap((entry) => (entry.moduleRequest ? [entry.moduleRequest.value] : [])),
  );
  const dynamic = module.dynamicImports.map(({ moduleRequest: { start, end } }) =>
    source.slice(start, end).replaceAll(/^['"`]|['"`]$/g, ''),
  );
  return [...module.staticImports.map((statement) => statement.moduleRequest.value), ...exported, ...dynamic];
}

const files = globSync('src/**/*.ts');
for (const file of files) {
  for (const specifier of specifiers(readFileSync(file, 'utf8'), file)) {
    if (!specifier.startsWith('.')) continue;
    const target = join(dirname(file), specifier);
    if (layer(target) < layer(file))
      failures.push(`${file} imports ${specifier}: imports may only point down`);
  }
}

if (files.length === 0) failures.push('no files found under src/');
for (const failure of failures) console.error(failure);
if (failures.length > 0) process.exit(1);
console.log(`imports point one way in ${files.length} files`);
