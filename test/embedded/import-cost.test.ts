import { execFile } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const run = promisify(execFile);

/** Prints the packages that importing a file loads. */
const program = (file: string): string => `
  import { registerHooks } from 'node:module';
  const packages = new Set();
  registerHooks({
    resolve(specifier, context, next) {
      const found = next(specifier, context);
      const [, name] = /node_modules\\/((?:@[^/]+\\/)?[^/]+)/.exec(found.url) ?? [];
      if (name) packages.add(name);
      return found;
    },
  });
  await import(${JSON.stringify(pathToFileURL(file).href)});
  console.log(JSON.stringify([...packages]));`;

describe('importing the package', () => {
  it.each(['src/index.ts', 'src/resource/index.ts'])(
    'loads no other package: each is loaded when it is needed (%s)',
    async (file) => {
      const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', program(file)]);
      expect(JSON.parse(stdout)).toEqual([]);
    },
  );
});
