/** Columns that line up, two spaces apart; a heading first when there is one. */
export function renderTable(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<readonly number[]>(
    (widest, row) =>
      Array.from({ length: Math.max(widest.length, row.length) }, (_, index) =>
        Math.max(widest[index] ?? 0, row[index]?.length ?? 0),
      ),
    [],
  );
  return rows
    .map((row) =>
      row
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
}

/** A moment for people: UTC, to the second. */
export function renderMoment(moment: number | null): string {
  return moment === null || moment === 0
    ? '–'
    : new Date(moment)
        .toISOString()
        .replace('T', ' ')
        .replace(/\.\d+Z$/u, 'Z');
}

/** A number of bytes for people. */
export function renderBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log2(bytes) / 10));
  const size = bytes / 1024 ** power;
  return `${power === 0 ? size : size.toFixed(1)} ${units[power] ?? ''}`;
}

/** Text from outside, made harmless for a terminal and one line (C0, C1, bidirectional controls). */
export function plainText(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\u{fffd}');
}

/**
 * A value as indented JSON that is harmless for a terminal, too: `JSON.stringify` leaves C1 controls and what turns the
 * writing direction as they are.
 */
export function plainJson(value: unknown): string {
  const escaped = JSON.stringify(value, null, 2).replaceAll(
    /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) =>
      // By UTF-16 units, as JSON writes them (RFC 8259 §7).
      [...Array(character.length).keys()]
        .map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`)
        .join(''),
  );
  return `${escaped}\n`;
}
