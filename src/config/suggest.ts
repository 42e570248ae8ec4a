/**
 * The known word that somebody most likely meant, or `null`: same letters in another style (`clientId`), a beginning of
 * exactly one known word (`client_secret` … ), or few typing mistakes.
 */
export function suggest(word: string, known: readonly string[]): string | null {
  const wanted = plain(word);
  if (wanted === '' || wanted.length > 64) return null;
  const same = known.find((name) => plain(name) === wanted);
  if (same !== undefined) return same;
  const [nearest] = known
    .map((name) => ({ name, distance: editDistance(wanted, plain(name)) }))
    .toSorted((one, other) => one.distance - other.distance);
  if (nearest && nearest.distance <= Math.max(1, Math.floor(wanted.length / 4))) return nearest.name;
  return wanted.length < 4 ? null : (known.find((name) => plain(name).startsWith(wanted)) ?? null);
}

function plain(word: string): string {
  return word.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}

/** Insertions, deletions, replacements and swaps of neighbours between two words (optimal string alignment). */
function editDistance(one: string, other: string): number {
  let before: number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let row = 1; row <= one.length; row += 1) {
    const line = [row];
    for (let column = 1; column <= other.length; column += 1) {
      const same = one[row - 1] === other[column - 1];
      const steps = [at(last, column) + 1, at(line, column - 1) + 1, at(last, column - 1) + (same ? 0 : 1)];
      const swapped = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      if (row > 1 && column > 1 && swapped) steps.push(at(before, column - 2) + 1);
      line.push(Math.min(...steps));
    }
    [before, last] = [last, line];
  }
  return at(last, other.length);
}

function at(line: readonly number[], column: number): number {
  return line[column] ?? Number.POSITIVE_INFINITY;
}
