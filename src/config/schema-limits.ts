import type { z } from 'zod';
import { section, wholeNumber } from './schema-fields.ts';

/** How often, and how many. */
export interface LimitsSection {
  pages_per_minute?: number | undefined;
  failures_per_minute?: number | undefined;
  grants_per_user?: number | undefined;
  connections_per_user?: number | undefined;
  remembered_answers_per_user?: number | undefined;
}

export const limitsSchema: z.ZodType<LimitsSection> = section<LimitsSection>({
  pages_per_minute: wholeNumber(
    { min: 0, max: 1_000_000 },
    {
      description:
        'Pages of sign-in, consent and connections that one public address (of IPv6 one /64) may visit a minute; 0: any ' +
        'number. Who has many users behind a proxy names it in listen.trusted_proxies.',
      default: 600,
    },
  ),
  failures_per_minute: wholeNumber(
    { min: 0, max: 1_000_000 },
    {
      description:
        'How often one public address may fail to prove that it is a certain client, a minute; 0: any number. Nobody else is ' +
        'kept from proving it.',
      default: 60,
    },
  ),
  grants_per_user: wholeNumber(
    { min: 1, max: 10_000 },
    {
      description: 'Sign-ins of one user that are kept; of more, ended ones go first, and then the oldest.',
      default: 200,
    },
  ),
  connections_per_user: wholeNumber(
    { min: 1, max: 10_000 },
    {
      description:
        'Accounts that one user may have connected; of more, dead ones go first, and then the one that was connected longest ' +
        'ago. One that a living sign-in was made with stays.',
      default: 100,
    },
  ),
  remembered_answers_per_user: wholeNumber(
    { min: 1, max: 10_000 },
    {
      description:
        'Consents of one user that are remembered; of more, the one goes that was not used for longest. Its app asks again.',
      default: 50,
    },
  ),
});
