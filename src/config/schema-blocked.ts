import { z } from 'zod';
import { section, text } from './schema-fields.ts';

/** Somebody who is shut out: one of the first four says who. */
export interface BlockedSection {
  client_id?: string | undefined;
  host?: string | undefined;
  software_id?: string | undefined;
  user?: string | undefined;
  reason?: string | undefined;
}

export const blockedSchema: z.ZodType<BlockedSection[]> = z
  .array(
    section<BlockedSection>({
      client_id: text('The client with this id.', 'https://app.example.net/client.json'),
      host: text(
        'Every client whose document is there, or that wants answers there; *.example.net means every host below ' +
          'example.net, and app: every address of that scheme.',
        'example.net',
      ),
      software_id: text('Every client that registered with this software_id.', '4d1e8b7c-9f5a-4c3e'),
      user: text('The user with this id: `sub` of tokens and log lines.', 'u_4f7a'),
      reason: text('Why, for those who read the configuration and the log.', 'phishing, 2026-11-20'),
    }),
  )
  .meta({
    description:
      'Clients and users that are shut out, beside those of `sallyport clients block`. Looked at at every sign-in and refresh.',
  });
