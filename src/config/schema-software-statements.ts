import { z } from 'zod';
import { assertionAlgorithms } from '../oauth/metadata.ts';
import { flag, optional, requiredText, section, someTexts, text } from './schema-fields.ts';

/** Somebody whose word about software counts (RFC 7591 §2.3). */
export interface StatementIssuerSection {
  issuer: string;
  jwks?: { keys: Record<string, unknown>[] } | undefined;
  jwks_file?: string | undefined;
  jwks_uri?: string | undefined;
  allow_private_ips?: boolean | undefined;
  algs?: string[] | undefined;
}

export const softwareStatementsSchema: z.ZodType<StatementIssuerSection[] | undefined> = optional(
  z.array(
    section<StatementIssuerSection>({
      issuer: requiredText('Its name: `iss` of its statements, exactly.', 'https://vouch.example.com'),
      jwks: optional(
        section<{ keys: Record<string, unknown>[] }>({
          keys: z.array(z.record(z.string(), z.unknown())).meta({
            description: 'Public keys as JWKs.',
            examples: [[{ kty: 'EC', crv: 'P-256', kid: 'one', x: '…', y: '…' }]],
          }),
        }),
        'Its public keys.',
      ),
      jwks_file: text('File with its public keys, in place of jwks.', '/etc/sallyport/vouch.jwks.json'),
      jwks_uri: text(
        'https address where it publishes its public keys, in place of jwks.',
        'https://vouch.example.com/jwks.json',
      ),
      allow_private_ips: flag('Its jwks_uri may lead to a private address.'),
      algs: someTexts(
        `What it signs with, of ${assertionAlgorithms.join(', ')}. Default: any of them, as its keys say.`,
        ['ES256'],
      ),
    }),
  ),
  'Whose software statements are believed (RFC 7591 §2.3). What such a statement says of a client counts before what the ' +
    'client says itself. Without any, statements are ignored.',
);
