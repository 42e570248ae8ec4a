import { LineCounter, isAlias, parseDocument, visit } from 'yaml';
import type { Document } from 'yaml';
import { reasonOf, textOf } from './files.ts';
import { ConfigError } from './problems.ts';
import type { ResolveIo } from './resolving.ts';

/**
 * Reads a configuration file.
 * @throws {ConfigError} also when there is none, or when it is no text
 */
export async function readConfigFile(
  file: string,
  { readFile }: Pick<ResolveIo, 'readFile'>,
): Promise<unknown> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    const fix = 'name a configuration file that this user may read';
    throw new ConfigError([{ path: file, problem: reasonOf(cause), fix }], { cause });
  });
  const text = textOf(bytes);
  if (text !== null) return parseConfigText(text, file);
  throw new ConfigError([{ path: file, problem: 'is not text in UTF-8', fix: 'save it as text in UTF-8' }]);
}

/**
 * Reads the text of a configuration file, YAML 1.2 or JSON (which YAML contains). A key that comes twice, an unknown
 * tag, a second document and an alias without its anchor are errors.
 * @param fileName for errors only
 * @throws {ConfigError} naming line and column; never quotes the text, which may hold secrets in the wrong place
 */
export function parseConfigText(text: string, fileName: string): unknown {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, {
    lineCounter,
    prettyErrors: false,
    // `silent` would also hide a second document.
    logLevel: 'error',
    stringKeys: true,
  });
  const mistakes = [...document.errors, ...document.warnings].map(({ pos, code }) => ({
    at: pos[0],
    problem: mistakeWords[code] ?? 'is not YAML or JSON',
  }));
  for (const at of danglingAliases(document))
    mistakes.push({ at, problem: 'refers to an anchor that is not above it' });
  if (mistakes.length === 0) return toValue(document, fileName);
  throw new ConfigError(
    mistakes.map(({ at, problem }) => {
      const { line, col } = lineCounter.linePos(at);
      return { path: `${fileName}:${line}:${col}`, problem, fix: `correct line ${line}, column ${col}` };
    }),
  );
}

/** Our words for what happens most; the library's own may quote the text. */
const mistakeWords: Readonly<Record<string, string>> = {
  BAD_INDENT: 'is indented wrongly, or a bracket is open',
  BLOCK_AS_IMPLICIT_KEY: 'has a second colon in one line: put the value in quotes',
  DUPLICATE_KEY: 'is a key that came before',
  MISSING_CHAR: 'lacks a quote, comma or bracket',
  MULTIPLE_DOCS: 'starts a second document',
  NON_STRING_KEY: 'is a key that is not a text',
  TAB_AS_INDENT: 'is indented with a tab: use spaces',
  TAG_RESOLVE_FAILED: 'has a tag (!…) that is not known here',
};

function danglingAliases(document: Document.Parsed): number[] {
  const places: number[] = [];
  visit(document, {
    Node: (_key, node) => {
      if (isAlias(node) && !node.resolve(document)) places.push(node.range?.[0] ?? 0);
    },
  });
  return places;
}

/** Aliases may multiply; the library stops that (`maxAliasCount`). */
function toValue(document: Document.Parsed, fileName: string): unknown {
  try {
    return document.toJS();
  } catch (cause) {
    const fix = 'write the values out';
    throw new ConfigError([{ path: fileName, problem: 'has too many aliases', fix }], { cause });
  }
}
