import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync } from 'oxc-parser';
import { describe, expect, it } from 'vitest';

/**
 * What the modules of the oldest Node that `engines` allows export, as that Node itself told
 * (`Object.keys(await import(name))`). This repository runs on a newer one, which forgives what the oldest does not.
 */
const oldest = JSON.parse(readFileSync(join(import.meta.dirname, 'exports.json'), 'utf8')) as {
  readonly version: string;
  readonly exports: Readonly<Record<string, readonly string[]>>;
};

/** Members that came later, and were missed on the oldest Node before: nothing says so when they are undefined. */
const later: readonly (readonly [name: string, use: RegExp])[] = [
  ['DatabaseSync#isOpen', /\bdatabase\.isOpen\b/u],
  ['DatabaseSync#isTransaction', /\bisTransaction\b/u],
  ['the option timeout of DatabaseSync', /new DatabaseSync\([^)]*timeout/u],
  ['a numbered parameter that is used twice', /\?(\d)[^`]*\?\1/u],
  ['using', /\b(?:await )?using [\w$]+ =/u],
  ['RegExp.escape, Error.isError, Promise.try', /\b(?:RegExp\.escape|Error\.isError|Promise\.try)\(/u],
  ['Uint8Array in base64 and hex', /\.(?:fromBase64|toBase64|fromHex|toHex)\(/u],
];

const sources = globSync('src/**/*.ts').map((file) => [file, readFileSync(file, 'utf8')] as const);

describe('the oldest Node that package.json allows', () => {
  it('is the one that was asked', () => {
    const { engines } = JSON.parse(readFileSync('package.json', 'utf8')) as { engines: { node: string } };
    expect(oldest.version).toMatch(
      new RegExp(`^v${engines.node.replace('>=', '').replaceAll('.', '\\.')}\\.`, 'u'),
    );
  });

  it('exports every name that we import: one that is missing would stop the package from loading', () => {
    const missing: string[] = [];
    let seen = 0;
    for (const [file, text] of sources) {
      for (const { moduleRequest, entries } of parseSync(file, text).module.staticImports) {
        if (!moduleRequest.value.startsWith('node:')) continue;
        const known = oldest.exports[moduleRequest.value];
        for (const { importName, isType } of entries) {
          // Of a whole module (`* as`, or its default) nothing is asked when it is loaded.
          const { name } = importName;
          if (isType || name === null) continue;
          seen += 1;
          if (!known?.includes(name)) missing.push(`${file}: ${name} of ${moduleRequest.value}`);
        }
      }
    }
    expect(seen).toBeGreaterThan(100);
    expect(missing).toEqual([]);
  });

  it.each(later)('knows nothing of %s', (_name, use) => {
    expect(sources.filter(([, text]) => use.test(text)).map(([file]) => file)).toEqual([]);
  });
});
