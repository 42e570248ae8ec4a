import type { Milliseconds } from '../types/time.ts';
import type { Rows } from './records.ts';
import { after } from './records.ts';
import type { TakenTurns } from './turn-contract.ts';

const kind = 'turns';

/** Keys that are counted at a time: a row is over as soon as all of its turns are back. */
const maxTurnKeys = 20_000;

/** See `AuthStore.shareTurns`. */
export function shareTurns(rows: Rows, taken: readonly TakenTurns[]): readonly Milliseconds[] {
  const now = rows.now();
  let room = roomIn(rows);
  return taken.map(({ key, turns, burst, every }) => {
    const before = rows.moment({ kind, key });
    const owed = Math.max(0, (before ?? now) - now) + turns * every;
    // Nobody is kept out for longer: not by a clock that was set back, and not by many processes that gave too much at once.
    const back = Math.min(owed, 2 * burst * every);
    if (turns > 0 && (before !== undefined || room > 0)) {
      rows.saveMoment({ kind, key }, after(now, back));
      if (before === undefined) room -= 1;
    }
    return back;
  });
}

function roomIn(rows: Rows): number {
  if (rows.countMoments(kind) >= maxTurnKeys) rows.dropMoments();
  return maxTurnKeys - rows.countMoments(kind);
}
