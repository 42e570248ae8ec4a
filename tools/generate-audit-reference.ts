/** Writes the tables of docs/audit.md from the types of the events. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { auditEvents } from '../src/observe/audit/event.ts';
import type { AuditEventName } from '../src/observe/audit/event.ts';
import { readAuditSchema } from './audit-schema.ts';

const begin = '<!-- made by tools/generate-audit-reference.ts -->';
const end = '<!-- end of what is made -->';
const page = join(import.meta.dirname, '../docs/audit.md');

/** The page with its tables made anew. */
export function auditReference(text: string): string {
  const before = text.slice(0, text.indexOf(begin));
  const after = text.slice(text.indexOf(end));
  return `${before}${begin}\n\n${tables()}\n${after}`;
}

function tables(): string {
  const events = readAuditSchema();
  const rows = events.map(({ name, comment, fields }) => {
    // The reader reads the very file that this table comes from.
    const { outcome } = auditEvents[name as AuditEventName];
    return `| \`${name}\` | ${outcome} | ${comment} | ${fields.map((field) => `\`${field.name}\``).join(' ')} |`;
  });
  const head = '| Event | Outcome | What happened | Fields |\n| --- | --- | --- | --- |\n';
  return `${head}${rows.join('\n')}\n\n${fieldTable(events.flatMap(({ fields }) => fields))}`;
}

function fieldTable(fields: ReturnType<typeof readAuditSchema>[number]['fields']): string {
  const names = [...new Set(fields.map(({ name }) => name))].toSorted();
  const rows = names.map((name) => {
    const same = fields.filter((field) => field.name === name);
    const types = [...new Set(same.map(({ type }) => escape(type)))].join('; ');
    const comment = same.find((field) => field.comment !== '')?.comment ?? '';
    return `| \`${name}\` | ${types} | ${comment} |`;
  });
  return `| Field | Type | |\n| --- | --- | --- |\n${rows.join('\n')}\n`;
}

function escape(type: string): string {
  return `\`${type.replaceAll('|', String.raw`\|`)}\``;
}

if (import.meta.main) writeFileSync(page, auditReference(readFileSync(page, 'utf8')));
