import { PageError } from '../answer.ts';

/** A form that was shown to somebody else. */
export function otherBrowser(): PageError {
  return new PageError('This page belongs to another browser', {
    status: 403,
    explanation: 'The sign-in was started in another browser, or this browser does not keep cookies.',
    action: 'Allow cookies for this site, go back to the app, and connect again.',
  });
}
