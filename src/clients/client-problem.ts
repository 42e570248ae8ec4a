/** Why a client that says who it is cannot be let in. */
export type ClientProblemKind =
  /** What tells about it could not be had right now; later it may. */
  | 'unreachable'
  /** What tells about it is not what it must be. */
  | 'invalid'
  /** It is what it says, and this server does not want it. */
  | 'refused';

/** A client that cannot be let in, in words for the person in front of the page. Holds nothing secret. */
export class ClientProblem extends Error {
  override readonly name = 'ClientProblem';
  readonly kind: ClientProblemKind;

  constructor(kind: ClientProblemKind, explanation: string, options?: { readonly cause?: unknown }) {
    super(explanation, options);
    this.kind = kind;
  }
}
