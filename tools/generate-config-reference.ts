/** Writes docs/configuration.md from the schema of configurations. `--print` prints it instead. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runConfigJsonSchema } from '../src/config/json-schema.ts';
import type { JsonSchemaNode } from '../src/config/json-schema.ts';

const intro = `# Configuration

The file that \`sallyport serve -c FILE\` reads (YAML or JSON), and the object that \`createEmbeddedAuthServer\` takes.
It is ToolHive's \`RunConfig\` (schema v0.1.0) and our own sections. Unknown fields are errors, and
\`sallyport config check FILE\` finds every mistake at once. \`sallyport config schema\` prints the JSON Schema for editors.

Durations are written as in Go: \`90s\`, \`15m\`, \`1h30m\`; there are no days. Secrets are never in the file: it names
files and environment variables.

This page is made from the schema: \`node tools/generate-config-reference.ts\`.
`;

interface Section {
  readonly path: string;
  readonly node: JsonSchemaNode;
}

/** The text of docs/configuration.md. */
export function configReference(): string {
  const root = runConfigJsonSchema();
  const sections = [{ path: '', node: root }, ...sectionsBelow({ path: '', node: root })];
  return [intro, ...sections.map((section) => describeSection(section))].join('\n');
}

function sectionsBelow({ path, node }: Section): readonly Section[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, field]) => {
    const place = path === '' ? name : `${path}.${name}`;
    return sectionOf(place, field).flatMap((section) => [section].concat(sectionsBelow(section)));
  });
}

/** A field that has fields of its own, directly, in its items, or in one of its forms. */
function sectionOf(path: string, node: JsonSchemaNode): readonly Section[] {
  if (node.properties) return [{ path, node }];
  if (node.items) return sectionOf(`${path}[]`, node.items);
  if (isMap(node)) return sectionOf(`${path}.<name>`, node.additionalProperties);
  return (node.anyOf ?? []).flatMap((form) => sectionOf(path, form));
}

function describeSection({ path, node }: Section): string {
  const title = path === '' ? '## Top level' : `## \`${path}\``;
  const about = path !== '' && node.description !== undefined ? `${escape(node.description)}\n\n` : '';
  const rows = Object.entries(node.properties ?? {}).map(([name, field]) =>
    row(name, { field, isRequired: node.required?.includes(name) ?? false }),
  );
  const head = '| Key | Type | Default | Description |\n| --- | --- | --- | --- |\n';
  return `${title}\n\n${about}${head}${rows.join('\n')}\n`;
}

function row(name: string, { field, isRequired }: { field: JsonSchemaNode; isRequired: boolean }): string {
  const { text, usual } = splitDefault(field);
  return `| \`${name}\` | ${typeOf(field)} | ${isRequired ? 'required' : usual} | ${escape(text)} |`;
}

/** The default is a value of the schema, or the sentence of the description that says it. */
function splitDefault({ description = '', default: value }: JsonSchemaNode): { text: string; usual: string } {
  if (value !== undefined) return { text: description, usual: `\`${JSON.stringify(value)}\`` };
  const [sentence, usual] = / ?Default: (.+?)\.(?= [A-Z]|$)/.exec(description) ?? [];
  if (sentence === undefined || usual === undefined) return { text: description, usual: '–' };
  return { text: description.replace(sentence, '').trim(), usual: escape(usual) };
}

function typeOf(node: JsonSchemaNode): string {
  if (node.anyOf) return [...new Set(node.anyOf.map((form) => typeOf(form)))].join(' or ');
  if (node.enum) return node.enum.map((word) => `\`${text(word)}\``).join(', ');
  if (node.const !== undefined) return `\`${text(node.const)}\``;
  if (node.type === 'array') return node.items?.type === 'string' ? 'list of texts' : 'list';
  if (isMap(node)) return `names with ${manyOf(node.additionalProperties)}`;
  if (node.type === 'object') return node.properties ? 'section' : 'names with texts';
  const words: Readonly<Record<string, string>> = {
    string: 'text',
    boolean: 'true or false',
    integer: 'number',
  };
  return words[node.type ?? ''] ?? node.type ?? 'anything';
}

/** An object with names of the writer's choice. */
function isMap(node: JsonSchemaNode): node is JsonSchemaNode & { additionalProperties: JsonSchemaNode } {
  return typeof node.additionalProperties === 'object' && node.properties === undefined;
}

function manyOf(node: JsonSchemaNode): string {
  if (node.type === 'array') return 'lists of texts';
  return node.type === 'object' ? 'sections' : 'texts';
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function escape(text: string): string {
  return text
    .replaceAll('|', String.raw`\|`)
    .replaceAll('\n', ' ')
    .replaceAll('{', String.raw`\{`);
}

if (import.meta.main) {
  if (process.argv.includes('--print')) process.stdout.write(configReference());
  else writeFileSync(join(import.meta.dirname, '../docs/configuration.md'), configReference());
}
