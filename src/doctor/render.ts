import type { Finding, Report } from './finding.ts';

const marks = { ok: 'ok  ', warn: 'warn', fail: 'FAIL' } as const;
const order = { fail: 0, warn: 1, ok: 2 } as const;

/** The report for people: one line a finding and its fix below it, then one line a client. */
export function renderText({ subject, findings, clients, ok }: Report): string {
  const sorted = [...findings].sort((one, two) => order[one.level] - order[two.level]);
  const lines = [subject, '', ...sorted.flatMap((one) => findingLines(one, clients.length))];
  const width = Math.max(0, ...clients.map(({ name }) => name.length));
  const table = clients.map(
    ({ name, verdict, because }) =>
      `  ${name.padEnd(width)}  ${verdict === 'works' ? 'works' : `BREAKS: ${because.join(', ')}`}`,
  );
  const failures = findings.filter(({ level }) => level === 'fail').length;
  const end = ok ? 'nothing stands in the way' : `${failures} to mend`;
  return [...lines, ...(table.length > 0 ? ['', ...table] : []), '', end, ''].join('\n');
}

function findingLines({ check, level, message, fix, clients }: Finding, all: number): readonly string[] {
  const whom = clients.length > 0 && clients.length < all ? ` (${clients.join(', ')})` : '';
  return [`${marks[level]}  ${check}: ${message}${whom}`, ...(fix === null ? [] : [`      fix: ${fix}`])];
}
