import type { LimitName } from '../http/limit-headers.ts';
import { nameLabel, sourceLabel } from '../observe/audit/labels.ts';
import type { Observer } from '../observe/observer.ts';
import type { Clock, Milliseconds } from '../types/time.ts';

/** Of one limit. */
const tellEvery: Milliseconds = 60_000;

/** Counts everybody who is held back; who it was is told of one a minute, so that a flood does not become one of events. */
export function createLimitNews(
  { audit, metrics }: Pick<Observer, 'audit' | 'metrics'>,
  clock: Clock,
): (limit: LimitName, from: string | undefined) => void {
  const toldAt = new Map<LimitName, Milliseconds>();
  return (limit, from) => {
    metrics.limited.add([limit]);
    const now = clock();
    if (Math.abs(now - (toldAt.get(limit) ?? Number.NEGATIVE_INFINITY)) < tellEvery) return;
    toldAt.set(limit, now);
    audit.record('limit_reached', () => ({ limit: nameLabel(limit), source: sourceLabel(from) }));
  };
}
