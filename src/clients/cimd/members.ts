import { withClaims } from '../stated-metadata.ts';
import type { ClientProblem } from '../client-problem.ts';
import { invalidDocument } from './problems.ts';

/** Longest list of words, and longest word in it. */
const maxWords = 50;
const maxWordLength = 256;

/** The members of a document, read by name and looked at before they are used. `null` counts as absent. */
export class Members {
  readonly #members: Readonly<Record<string, unknown>>;

  /** @throws {ClientProblem} `invalid` */
  constructor(value: unknown) {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw wrong('it', 'a JSON object');
    // Any object may be read by name; every value is looked at before it is used.
    this.#members = value as Readonly<Record<string, unknown>>;
  }

  /** These, with what is signed in the place of what is not. */
  with(claims: Readonly<Record<string, unknown>>): Members {
    return new Members(withClaims(this.#members, claims));
  }

  raw(name: string): unknown {
    // Its own members only: what every object inherits is nobody's word.
    return Object.hasOwn(this.#members, name) ? (this.#members[name] ?? undefined) : undefined;
  }

  /** @throws {ClientProblem} `invalid` */
  text(name: string, longest: number): string | null {
    const value = this.raw(name) ?? null;
    if (value === null || (typeof value === 'string' && value.length <= longest)) return value;
    throw wrong(name, `a text of at most ${longest} characters`);
  }

  /** @throws {ClientProblem} `invalid` */
  texts(
    name: string,
    { most, longest }: { readonly most: number; readonly longest: number },
  ): readonly string[] | null {
    const value = this.raw(name) ?? null;
    if (value === null) return null;
    if (isTexts(value) && value.length <= most && value.every((text) => text.length <= longest)) return value;
    throw wrong(name, `a list of at most ${most} texts of at most ${longest} characters`);
  }

  /** @throws {ClientProblem} `invalid` */
  words(name: string): readonly string[] | null {
    return this.texts(name, { most: maxWords, longest: maxWordLength });
  }
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((member) => typeof member === 'string');
}

function wrong(name: string, form: string): ClientProblem {
  return invalidDocument(`${name} is not ${form}`);
}
