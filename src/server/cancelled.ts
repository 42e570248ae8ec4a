import { PageError } from './answer.ts';

/** What a sign-in that the user said no to shows, whatever arrives for it later. Its client was told at the no. */
export function cancelled(): PageError {
  return new PageError('You cancelled this sign-in', {
    status: 403,
    explanation: 'You chose not to allow it, so nothing was connected.',
    action: 'If you want to connect after all, go back to the app and start again.',
  });
}
