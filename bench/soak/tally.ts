/** Everything that happened, by kind; and what should not have happened. */
export class Tally {
  readonly #counts = new Map<string, number>();
  readonly #failures = new Map<string, number>();
  #requests = 0;

  /** One answer of the gateway. */
  answer(route: string, outcome: string): void {
    this.#requests += 1;
    this.note(`${route}: ${outcome}`);
  }

  note(what: string): void {
    add(this.#counts, what);
  }

  /** Something that a client cannot recover from by itself. */
  failure(what: string): void {
    add(this.#failures, what);
  }

  get requests(): number {
    return this.#requests;
  }

  get counts(): Readonly<Record<string, number>> {
    return sorted(this.#counts);
  }

  get failures(): Readonly<Record<string, number>> {
    return sorted(this.#failures);
  }
}

function add(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function sorted(counts: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...counts].sort(([a], [b]) => a.localeCompare(b)));
}
