import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { auditEvents } from '../../src/observe/audit/event.ts';
import { readAuditSchema } from '../../tools/audit-schema.ts';
import { auditReference } from '../../tools/generate-audit-reference.ts';
import { checkDescribed } from './scene.ts';

describe('docs/audit.md', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/audit.md'), 'utf8');

  it('is what tools/generate-audit-reference.ts makes of the types', () => {
    expect(page).toBe(auditReference(page));
  });

  it('has a row for each event, with a sentence', () => {
    const schema = readAuditSchema();
    expect(schema.map(({ name }) => name).toSorted()).toEqual(Object.keys(auditEvents).toSorted());
    expect(schema.filter(({ comment }) => comment === '')).toEqual([]);
  });

  it('shows an example that is one of its events', () => {
    const [, example = ''] = /```json\n(.+)\n```/.exec(page) ?? [];
    expect(() => checkDescribed(JSON.parse(example) as object)).not.toThrow();
  });
});
