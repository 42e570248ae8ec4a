import type { z } from 'zod';
import { section, text } from './schema-fields.ts';

/** Registration of this server at an upstream (RFC 7591). */
export interface DcrSection {
  discovery_url?: string | undefined;
  registration_endpoint?: string | undefined;
  initial_access_token_file?: string | undefined;
  initial_access_token_env_var?: string | undefined;
  software_id?: string | undefined;
  software_statement?: string | undefined;
}

export const dcrSchema: z.ZodType<DcrSection> = section<DcrSection>({
  discovery_url: text(
    'Metadata document that names the registration endpoint.',
    'https://idp.example.com/.well-known/oauth-authorization-server',
  ),
  registration_endpoint: text('Where to register.', 'https://idp.example.com/register'),
  initial_access_token_file: text('File with the initial access token.', '/run/secrets/registration-token'),
  initial_access_token_env_var: text('Variable with the initial access token.', 'REGISTRATION_TOKEN'),
  software_id: text('Software id to register with (RFC 7591 §2).', 'sallyport'),
  software_statement: text('Signed statement about this software.', 'eyJhbGciOi…'),
});
