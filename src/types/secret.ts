/**
 * A value that must never be printed: it shows as `[redacted]` in strings, JSON, templates and `console.log`
 * (a private field, so that `util.inspect` does not see it either). Whoever needs the value says so with {@link Secret.reveal}.
 */
export class Secret<T> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  /** The value itself. Hand it straight to the consumer; never keep or print it. */
  reveal(): T {
    return this.#value;
  }

  toString(): string {
    return '[redacted]';
  }

  toJSON(): string {
    return '[redacted]';
  }
}
