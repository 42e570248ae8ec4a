import { PageError } from '../answer.ts';

/** What an old form shows, and one that we did not make. */
export function expiredPage(): PageError {
  return new PageError('This page has expired', {
    explanation: 'A sign-in must be finished within ten minutes, on the page that this server showed.',
    action: 'Go back to the app and connect again.',
  });
}
