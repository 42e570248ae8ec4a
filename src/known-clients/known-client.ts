import type { Deviation } from './deviations.ts';
import type { NeedId, Search } from './search.ts';

/**
 * How sure a row is. `recorded`: its requests were seen on the wire. `source`: read in its source or its vendor's
 * documents. `reported`: told by its users. `assumed`: by what it is made of.
 */
export type EvidenceGrade = 'recorded' | 'source' | 'reported' | 'assumed';

/** How a client comes to its id. */
export type RegistrationWay = 'cimd' | 'dcr' | 'static';

/**
 * By what a client is told. In addresses `*` stands for one or more characters of one host label or path segment. None of
 * this lets anybody in or keeps anybody out: it decides what people are told.
 */
export interface Marks {
  /** Addresses of its metadata documents. Who may write at them speaks for the client. */
  readonly documents?: readonly string[];
  /** https callbacks that only its vendor receives: whoever asks, the code goes there. */
  readonly callbacks?: readonly string[];
  /** https callbacks that pass on what they get to whoever is behind them, or that anybody can rent. */
  readonly relays?: readonly string[];
  /** Addresses on the user's own device, loopback ones without their port. Any other app can use them too. */
  readonly local?: readonly string[];
  /** `client_name`, as a whole; `*` stands for anything. */
  readonly names?: readonly string[];
  /** `software_id` (RFC 7591 §2). */
  readonly softwareIds?: readonly string[];
}

/** A revision of a library that the doctor tells apart. */
export interface Revision extends Search {
  readonly id: string;
  readonly name: string;
  readonly needs: readonly NeedId[];
}

/** One client as data. */
export interface KnownClient {
  /** A stable word: in logs, audit events and configuration. */
  readonly id: string;
  /** Long, for lists: which of its forms are meant. */
  readonly title: string;
  /** As people call it. */
  readonly label: string;
  readonly marks: Marks;
  readonly registration: readonly RegistrationWay[];
  /** Hosts whose metadata documents this vendor publishes. */
  readonly documentHosts?: readonly string[];
  readonly deviations: readonly Deviation[];
  readonly search: Search;
  /** What it cannot do without; absent where it is not known well enough to say that it breaks. */
  readonly needs?: readonly NeedId[];
  /** Instead of `needs`, for libraries whose revisions differ. */
  readonly revisions?: readonly Revision[];
  readonly evidence: {
    readonly grade: EvidenceGrade;
    /** What of the row is less sure than its grade, or how it was seen. */
    readonly note?: string;
    /** Public threads, `owner/repository#number`. */
    readonly threads: readonly string[];
  };
  /** What a user of it runs into, and no server can mend. */
  readonly limits: readonly string[];
  /** What an operator has to do for it; empty: nothing. */
  readonly operator: readonly string[];
}
