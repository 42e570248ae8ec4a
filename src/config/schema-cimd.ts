import type { z } from 'zod';
import type { DurationText } from './schema-fields.ts';
import { duration, flag, oneOf, section, text, texts, wholeNumber } from './schema-fields.ts';

/** Client ID Metadata Documents: the first three fields are ToolHive's. */
export interface CimdSection {
  enabled?: boolean | undefined;
  cache_max_size?: number | undefined;
  cache_fallback_ttl?: DurationText | undefined;
  trust?: 'any' | 'known' | 'listed' | 'attested' | undefined;
  allow_hosts?: string[] | undefined;
  deny_hosts?: string[] | undefined;
  built_in_documents?: boolean | undefined;
  logos?: boolean | undefined;
  allow_loopback?: boolean | undefined;
  ca_file?: string | undefined;
  outbound_proxy?: string | undefined;
  outbound_proxy_credentials_file?: string | undefined;
  outbound_proxy_credentials_env_var?: string | undefined;
}

/** On unless it is switched off. */
function onFlag(description: string): z.ZodType<boolean | undefined> {
  return flag(description).meta({ description, default: true });
}

export const cimdSchema: z.ZodType<CimdSection> = section<CimdSection>({
  enabled: flag('').meta({
    description:
      'Clients may identify themselves by the https address of a document that describes them. Default: true; false in a ' +
      'file that has none of our own sections, as in ToolHive.',
  }),
  cache_max_size: wholeNumber(
    { min: 0, max: 1_000_000 },
    { description: 'How many documents are kept, within 4 MiB.', default: 256 },
  ),
  cache_fallback_ttl: duration(
    'How long a document is used unasked when its host does not say: 1m to 24h, the bounds for what hosts say too. Default: 5m.',
    '5m',
  ),
  trust: oneOf(
    ['any', 'known', 'listed', 'attested'],
    'Whose documents are taken: any host’s, those of well-known clients and of allow_hosts, those of allow_hosts alone, or ' +
      'those of allow_hosts and any that an issuer of registration.software_statements vouches for. Default: any.',
  ),
  allow_hosts: texts(
    'Hosts whose documents are always taken; *.example.com means every host below example.com, and not example.com itself.',
    ['apps.example.com'],
  ),
  deny_hosts: texts(
    'Hosts whose documents are never taken, written likewise; they count before allow_hosts.',
    ['*.example.net'],
  ),
  built_in_documents: onFlag(
    'While the host of a well-known client cannot be reached, the copy of its document that comes with this version is used.',
  ),
  logos: onFlag('The consent page shows the logo of a client, fetched and served by this server.'),
  allow_loopback: flag(
    'Documents of this computer may be used, over http too. For development: the issuer must be on a loopback host.',
  ),
  ca_file: text(
    'PEM file with certificate authorities to trust beside the system’s, when documents and logos are fetched.',
    '/run/secrets/corporate-ca.pem',
  ),
  outbound_proxy: text(
    'Proxy for fetching documents and logos; it resolves their names, and has to refuse private addresses itself.',
    'http://proxy.example.com:3128',
  ),
  outbound_proxy_credentials_file: text('File with user:password for the proxy.', '/run/secrets/proxy'),
  outbound_proxy_credentials_env_var: text('Variable with user:password for the proxy.', 'PROXY_CREDENTIALS'),
});
