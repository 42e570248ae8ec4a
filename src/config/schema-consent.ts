/** The section `consent`: how pages look, and when people are asked. */
import { z } from 'zod';
import { duration, oneOf, section, text, someTexts } from './schema-fields.ts';
import type { DurationText } from './schema-fields.ts';

/** How pages look, and when people are asked. */
export interface ConsentSection {
  name?: string | undefined;
  logo_url?: string | undefined;
  color?: string | undefined;
  remember?: DurationText | undefined;
  remember_clients?: 'configured' | 'verified' | undefined;
  without_cookies?: string[] | undefined;
}

export const consentSchema: z.ZodType<ConsentSection> = section<ConsentSection>({
  name: text('What pages call this server. Default: the host of the issuer.', 'Example Corp'),
  logo_url: text(
    'Logo: an https URL, or data:image/… of the type png, jpeg, gif, webp or svg+xml.',
    'https://example.com/logo.svg',
  ),
  color: z
    .string()
    .regex(/^#[\da-f]{6}$/i, { error: 'is not a colour' })
    .meta({ description: 'Colour of buttons.', examples: ['#2f5bd7'], default: '#2f5bd7' })
    .optional(),
  remember: duration(
    'How long people may have a consent remembered, at most 365 days; they say so on the page. Default: 0, they are asked every time.',
    '720h',
  ),
  remember_clients: oneOf(
    ['configured', 'verified'],
    'Which clients it is offered for: those under clients with consent: remember, or also those that proved their host ' +
      '(client id metadata documents). Default: configured.',
  ),
  without_cookies: someTexts(
    'Clients whose sign-in may go on in a browser that drops our cookie: client ids, redirect URIs, or names of ' +
      'known clients, which count where the code goes to their vendor. The user then has to ' +
      'agree a second time, after signing in. Read docs/clients.md first. Default: none.',
    ['perplexity'],
  ),
});
