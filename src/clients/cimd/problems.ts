import { ClientProblem } from '../client-problem.ts';

/** The document is there, and is not what it must be: only its maker can mend that. */
export function invalidDocument(problem: string): ClientProblem {
  return new ClientProblem('invalid', `The document that describes the app is not valid: ${problem}.`);
}

/** The document could not be had: later it may. */
export function unreachableDocument(problem: string, cause?: unknown): ClientProblem {
  return new ClientProblem(
    'unreachable',
    `The document that describes the app could not be fetched: ${problem}.`,
    { cause },
  );
}

/** Whatever the document says, this server does not want its client. */
export function refusedDocument(problem: string): ClientProblem {
  return new ClientProblem('refused', `This server does not take the app: ${problem}.`);
}
