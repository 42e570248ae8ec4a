/** Scopes: what exists, what they include, and which tools need them. */
import { z } from 'zod';
import { section, text, texts } from './schema-fields.ts';

/** One scope of the catalogue. */
export interface ScopeSection {
  description?: string | undefined;
  implies?: string[] | undefined;
  default?: boolean | undefined;
}

/** The catalogue, by name. */
export type ScopesSection = Record<string, ScopeSection>;

export const scopesSchema: z.ZodType<ScopesSection | undefined> = z
  .record(
    z.string(),
    section<ScopeSection>({
      description: text('What the consent page says about it.', 'Write notes'),
      implies: texts('Scopes that it includes, and what those include: who has it needs none of them.', [
        'notes:read',
      ]),
      default: z
        .boolean()
        .meta({
          description:
            'Whether clients are told to ask for it from the beginning. With false they hear of it when they need it, and a ' +
            'client that asks for no scope at all does not get it.',
          default: true,
        })
        .optional(),
    }),
  )
  .meta({
    description:
      'The catalogue of scopes, by name: more words about those of scopes_supported. Without scopes_supported, these and ' +
      'openid profile email offline_access exist.',
    examples: [
      {
        'notes:read': { description: 'Read your notes' },
        'notes:write': { description: 'Write notes', implies: ['notes:read'], default: false },
      },
    ],
  })
  .optional();

/** Scopes that calls of tools need, by name or pattern. */
export const toolsSchema: z.ZodType<Record<string, string[]> | undefined> = z
  .record(z.string(), z.array(z.string()))
  .meta({
    description:
      'Scopes that a call of a tool needs beside scopes, by the tool’s name or a pattern in which * stands for any characters. ' +
      'The most specific rule decides; "*" is for all other tools. Each body is then read, and what is no plain JSON is refused.',
    examples: [{ '*': ['notes:read'], 'delete_*': ['notes:write'] }],
  })
  .optional();
